/** A server over real sockets: what any plain program sees of it, on each engine. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isHoldfastError } from "../../src/base/errors.ts";
import type { EndRecord } from "../../src/connection/end-record.ts";
import { listen } from "../../src/server/listen.ts";
import type { ListenOptions } from "../../src/server/options.ts";
import type { Server } from "../../src/server/server.ts";
import { tempFolder } from "../support/temp-folder.ts";

const ENGINES = ["public", "shared", "lean"] as const;

const LOCAL = { host: "127.0.0.1", port: 0 };

/** A plain program, and what it reads. */
class Program {
  text = "";
  readonly socket: Socket;
  readonly closed: Promise<unknown>;

  constructor(url: string) {
    const path = /^unix:(.*)$/.exec(url)?.[1];
    const port = Number(/:(\d+)$/.exec(url)?.[1]);
    this.socket = connect(path === undefined ? { host: "127.0.0.1", port } : { path });
    this.socket.setEncoding("utf8").on("data", (text: string) => {
      this.text += text;
    });
    this.socket.on("error", () => {}); // A reset is what some of these tests wait for.
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
  }

  async reads(text: string): Promise<void> {
    while (!this.text.includes(text)) await once(this.socket, "data");
  }
}

function programAt(server: Server): Program {
  return new Program(server.urls[0] ?? "");
}

function ended(server: Server): Promise<EndRecord> {
  return new Promise((resolve) => server.on("end", (_, record) => resolve(record)));
}

async function failure(options: ListenOptions): Promise<string> {
  try {
    await (await listen(options)).destroy();
  } catch (error) {
    if (isHoldfastError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "it listens";
}

/** Waits until this process holds no TCP socket and no listener. */
async function noSockets(): Promise<void> {
  while (process.getActiveResourcesInfo().some((name) => name.startsWith("TCP"))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test.each(ENGINES)("%s: a plain ping is answered and a line is a message", async (engine) => {
  const server = await listen({ ...LOCAL, engine });
  server.on("message", (connection, data) => connection.send(`you said ${String(data)}`));
  const program = programAt(server);
  program.socket.write("ping\nhel");
  await program.reads("pong\n");
  program.socket.write("lo\n");
  await program.reads("you said hello\n");
  const [info] = server.connections();
  expect(info).toMatchObject({ dialect: "line", transport: "tcp", messagesIn: 1, bytesIn: 11 });
  expect(info?.address).toMatch(/^127\.0\.0\.1:\d+$/);
  await Promise.all([server.close(), program.closed]);
  expect(server.records()).toMatchObject([{ code: "DRAINED", wasOpen: true }]);
});

test.each(ENGINES)("%s: who falls silent is closed by a reset, in time", async (engine) => {
  const server = await listen({ ...LOCAL, engine, timeoutMs: 300 });
  const end = ended(server);
  const program = programAt(server);
  program.socket.write("ping\n");
  const record = await end;
  await program.closed;
  expect(record).toMatchObject({ code: "PEER_SILENT", reset: true, dialect: "line" });
  const { heardMsAgo, ourLatenessMs } = record.evidence;
  expect(heardMsAgo).toBeGreaterThanOrEqual(300);
  // Within a second, but for what this process itself was late.
  expect(heardMsAgo).toBeLessThan(1_300 + ourLatenessMs);
  await server.close();
});

test.each(ENGINES)("%s: who says it all and closes gets its answer first", async (engine) => {
  const server = await listen({ ...LOCAL, engine });
  const end = ended(server);
  const program = programAt(server);
  program.socket.end("ping\n");
  await program.closed;
  expect(program.text).toBe("pong\n");
  expect((await end).code).toBe("CLOSED_BY_PEER");
  await server.close();
});

test.each(ENGINES)("%s: after a close nothing is left, and the port is free", async (engine) => {
  await noSockets(); // Of the test before.
  const server = await listen({ ...LOCAL, engine });
  const url = server.urls[0] ?? "";
  const programs = Array.from({ length: 20 }, () => programAt(server));
  await Promise.all(
    programs.map(async (program) => {
      program.socket.write("ping\n");
      await program.reads("pong\n");
    }),
  );
  expect(server.stats()).toMatchObject({ open: 20, accepted: 20 });
  await server.close();
  await Promise.all(programs.map(({ closed }) => closed));
  expect(server.stats()).toMatchObject({ open: 0, bufferedBytes: 0, ended: { DRAINED: 20 } });
  await noSockets();
  const again = await listen({ listen: url });
  expect(again.urls).toEqual([url]);
  await again.destroy();
});

test("one address may hold only so many, and a place that is left is given again", async () => {
  const server = await listen({ ...LOCAL, maxPerAddress: 1 });
  const first = programAt(server);
  first.socket.write("ping\n");
  await first.reads("pong\n");
  const second = programAt(server);
  second.socket.write("ping\n");
  await second.closed;
  expect(second.text).toBe("");
  expect(server.stats().rejected).toEqual({ ADDRESS_MAX: 1 });
  const end = ended(server);
  first.socket.end();
  await end;
  const third = programAt(server);
  third.socket.write("ping\n");
  await third.reads("pong\n");
  await server.close();
});

test("a Unix socket serves like any other, for its owner only", async () => {
  const path = join(tempFolder(), "server.sock");
  const server = await listen({ listen: [`unix:${path}`, "tcp://127.0.0.1:0"] });
  expect(server.urls[0]).toBe(`unix:${path}`);
  const program = programAt(server);
  program.socket.write("ping\n");
  await program.reads("pong\n");
  expect(server.connections()).toMatchObject([{ address: "unix", transport: "unix" }]);
  await Promise.all([server.close(), program.closed]);
});

test("an address in use is one sentence, and the other addresses are given up, too", async () => {
  const taken = await listen(LOCAL);
  const takenUrl = taken.urls[0] ?? "";
  const free = await listen(LOCAL);
  const freeUrl = free.urls[0] ?? "";
  await free.close();
  const said = await failure({ listen: [freeUrl, takenUrl] });
  expect(said).toContain("LISTEN_FAILED");
  expect(said).toContain(takenUrl);
  expect(await failure({ listen: freeUrl })).toBe("it listens");
  await taken.close();
});

test("what the kernel does is told for each listener, with its source", async () => {
  const server = await listen({ ...LOCAL, keepalive: false });
  expect(server.kernelOptions()).toMatchObject([
    { url: server.urls[0], keepaliveIdleMs: { value: false } },
  ]);
  await server.close();
});
