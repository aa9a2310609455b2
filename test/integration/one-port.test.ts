/**
 * One port for everything, at the same time: plain programs, browsers' WebSockets, links over
 * either; and with TLS before all of them. What befalls one of them befalls no other.
 */
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { connect, type ListenOptions } from "../../src/index.ts";
import { within } from "../../src/testing/transport-recorder.ts";
import { AUTHORITY, identityOf } from "../certificates/certificates.ts";
import { Processes } from "../support/processes.ts";
import { hasTool, skipUnless } from "../support/requires.ts";
import { eventually } from "../support/websocket-peer.ts";
import {
  aBrowser,
  aLink,
  aPlainProgram,
  aProgram,
  everybodySays,
  type Speaker,
} from "./speakers.ts";
import { serveWebSockets, type World } from "./websocket-world.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function serve(...given: Parameters<typeof serveWebSockets>): Promise<World> {
  const world = await serveWebSockets(...given);
  cleanups.push(() => world.server.destroy());
  return world;
}

const LIVE: Omit<ListenOptions, "port" | "listen" | "host"> = { timeoutMs: 60_000 };

describe.each(["public", "shared", "lean"] as const)("engine %s", (engine) => {
  test("in the plain: nc, a browser's WebSocket, and links over both", async (context) => {
    const processes = new Processes(context);
    const { server, port, ends } = await serve({ ...LIVE, engine });
    const program = aPlainProgram(processes, port);
    const speakers: Speaker[] = [
      program,
      await aBrowser(`ws://127.0.0.1:${port}/anywhere`),
      await aLink(`tcp://127.0.0.1:${port}`),
      await aLink(`line://127.0.0.1:${port}`),
      await aLink(`ws://127.0.0.1:${port}`),
      await aLink(`line+ws://127.0.0.1:${port}`),
    ];
    await everybodySays(speakers, "good-morning");
    const kinds = server.connections().map(({ transport, dialect }) => `${transport} ${dialect}`);
    expect(kinds.sort()).toEqual([
      "tcp frame",
      "tcp line",
      "tcp line",
      "websocket frame",
      "websocket line",
      "websocket line",
    ]);
    program.program.signal("SIGSTOP");
    await everybodySays(speakers.slice(1), "one-is-frozen");
    program.program.signal("SIGKILL");
    await eventually("one has ended", () => ends.length === 1);
    await everybodySays(speakers.slice(1), "one-is-gone");
    expect(server.stats()).toMatchObject({ open: 5, accepted: 6 });
  });
});

const withOpenssl = skipUnless(hasTool("openssl"), "there is no openssl");
withOpenssl("behind TLS: openssl, a browser's WebSocket, and links over both", async (context) => {
  const processes = new Processes(context);
  const tls = identityOf("localhost");
  const { server, port, ends } = await serve({ ...LIVE, tls }, "tls://127.0.0.1:0");
  const place = `localhost:${port}`;
  const flags = ["s_client", "-quiet", "-verify_quiet", "-connect", `127.0.0.1:${port}`];
  const program = aProgram(processes, "openssl", flags);
  const speakers: Speaker[] = [
    program,
    await aBrowser(`wss://${place}/anywhere`),
    await aLink(`tls://${place}`),
    await aLink(`line+tls://${place}`),
    await aLink(`wss://${place}`),
    await aLink(`line+wss://${place}`),
  ];
  await everybodySays(speakers, "good-morning");
  const rows = server.connections();
  expect(rows.map(({ transport, dialect }) => `${transport} ${dialect}`).sort()).toEqual([
    "tls frame",
    "tls line",
    "tls line",
    "websocket frame",
    "websocket line",
    "websocket line",
  ]);
  for (const { id } of rows) expect(server.connection(id)?.tls?.protocol).toBe("TLSv1.3");
  program.program.signal("SIGKILL");
  await eventually("one has ended", () => ends.length === 1);
  await everybodySays(speakers.slice(1), "one-is-gone");
});

test("a wss:// url lets nothing but WebSockets in", async () => {
  const tls = identityOf("localhost");
  const { port, server } = await serve({ tls }, "wss://127.0.0.1:0/live");
  expect(server.urls[0]).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/live$/);
  const over = await aLink(`wss://localhost:${port}/live`);
  await over.say("hello");
  expect(server.connections()).toMatchObject([{ transport: "websocket", dialect: "frame" }]);
  const lost = connect(`wss://localhost:${port}/else`, { tls: { ca: AUTHORITY } });
  const record = await within(lost.ended, "the link ends");
  expect(record).toMatchObject({ code: "UPGRADE_REFUSED" });
});

test("a Unix socket takes WebSockets, too", async () => {
  const path = `/tmp/holdfast-one-port-${process.pid}.sock`;
  const { server } = await serve({}, `unix:${path}`);
  const socket = new WebSocket(`ws+unix:${path}:/`);
  cleanups.push(() => socket.terminate());
  await within(once(socket, "open"), "the WebSocket opens");
  const answer = once(socket, "message");
  socket.send("ping");
  const [data] = (await within(answer, "the answer")) as [Buffer];
  expect(String(data)).toBe("pong");
  expect(server.connections()).toMatchObject([{ transport: "websocket", address: "unix" }]);
  const line = await aLink(`line+unix:${path}`);
  await line.say("Good morning");
});
