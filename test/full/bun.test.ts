/**
 * Holdfast on Bun: every promise of every transport, the built command against plain programs, and
 * frames between Bun and Node both ways.
 *
 * vitest does not run on Bun, so a plain program holds the promises there, and each of its lines is
 * a test here.
 */
import { spawnSync } from "node:child_process";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, type TestContext, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import { LISTENER_CHECKS } from "../conformance/listener-checks.ts";
import { findBun } from "../support/bun.ts";
import { freshEnv } from "../support/commands.ts";
import { DIST_URL, type Program, Processes } from "../support/processes.ts";
import { ENDS, v1, v2 } from "../support/proxy-writer.ts";
import { skipUnless } from "../support/requires.ts";

const LISTENERS = ["bun engine", "bun engine, native calls"];
const RUNS = [
  ...LISTENERS,
  "public engine",
  "public engine, port for several",
  "unix",
  "memory",
  "tls 1.3",
  "tls 1.3, resumed",
  "tls 1.2",
  "public engine, TLS on its port",
  "tls 1.3, plain peers on its port",
  "websocket",
  "websocket, one port for all",
  "websocket over tls",
];

const PROMISES_LIMIT_MS = 150_000;
const COMMAND = fileURLToPath(new URL("cli/main.js", DIST_URL));
const FRAME_END = join(ROOT, "test/full/programs/frame-end.mjs");

const { file: bun = "", why = "" } = findBun();
const onBun = skipUnless(bun !== "", why);

/** One line of promises-program.ts. */
interface Line {
  readonly run: string;
  readonly promise: string;
  readonly fault?: string;
}

const held = bun === "" ? undefined : holdPromises();

onBun("the promises of all transports were held on Bun", () => {
  const expected = RUNS.flatMap((run) => {
    const checks = LISTENERS.includes(run) ? LISTENER_CHECKS : [];
    return [...TRANSPORT_PROMISES, ...checks].map(({ promise }) => `${run}: ${promise}`);
  });
  expected.unshift("choice: auto takes the sockets of the runtime");
  expect(held?.lines.map(nameOf), held?.said).toEqual(expected);
});

for (const line of held?.lines ?? []) {
  test(`on Bun, ${nameOf(line)}`, () => {
    expect(line.fault).toBeUndefined();
  });
}

function holdPromises(): { readonly lines: readonly Line[]; readonly said: string } {
  const program = join(ROOT, "test/conformance/promises-program.ts");
  const options = { env: freshEnv(), timeout: PROMISES_LIMIT_MS, maxBuffer: 2 ** 24 };
  const { stdout, stderr } = spawnSync(bun, [program], { ...options, encoding: "utf8" });
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  return { lines: lines.map((line) => JSON.parse(line) as Line), said: stderr.slice(-2_000) };
}

function nameOf({ run, promise }: Line): string {
  return `${run}: ${promise}`;
}

describe.concurrent("holdfast serve on Bun", () => {
  for (const accept of ["line,frame", "line,frame,websocket"]) {
    onBun(
      `answers, ends the silent by RST at the bound, and Ctrl-C ends it: ${accept}`,
      (context) => servesPlainPrograms(accept, context),
    );
  }
});

async function servesPlainPrograms(accept: string, context: TestContext): Promise<void> {
  const processes = new Processes(context);
  const args = ["--listen", "tcp://127.0.0.1:0", "--accept", accept, "--timeout", "2s"];
  const server = processes.start(bun, [COMMAND, "serve", ...args]);
  const [, port = ""] = await server.says(/^listening on tcp:\/\/127\.0\.0\.1:(\d+)$/m);
  const peer = connect(Number(port), "127.0.0.1");
  context.onTestFinished(() => void peer.destroy());
  const ended = endOf(peer);
  peer.write("ping\n");
  await hears(peer, "pong\n");
  const heardAt = performance.now();
  expect(await ended).toBe("ECONNRESET");
  const silentMs = performance.now() - heardAt;
  // The bound, two ticks of watching, and what a busy machine adds.
  expect(silentMs).toBeGreaterThan(1_900);
  expect(silentMs).toBeLessThan(4_500);
  await server.says(/ end +closed after 2\.\d s of silence/);
  server.signal("SIGINT");
  expect(await server.exit).toEqual({ code: 0, signal: null });
  expect(server.stdout).toMatch(/ended: +PEER_SILENT 1\b/);
}

onBun("behind a balancer it knows the client, and what came behind the header", async (context) => {
  const processes = new Processes(context);
  const args = ["--listen", "tcp://127.0.0.1:0", "--proxy-protocol", "127.0.0.1"];
  const server = processes.start(bun, [COMMAND, "serve", ...args]);
  const [, port = ""] = await server.says(/^listening on tcp:\/\/127\.0\.0\.1:(\d+)$/m);
  for (const header of [v1(ENDS), v2(ENDS)]) {
    const peer = connect(Number(port), "127.0.0.1");
    context.onTestFinished(() => void peer.destroy());
    peer.on("error", () => {});
    peer.write(Buffer.concat([header, Buffer.from("ping\n")]));
    await hears(peer, "pong\n");
    peer.destroy();
  }
  await server.says(/(?:accepted from 192\.0\.2\.7:4711 via 127\.0\.0\.1:\d+\n[^]*){2}/);
  const stranger = connect(Number(port), "127.0.0.1");
  context.onTestFinished(() => void stranger.destroy());
  const ended = endOf(stranger);
  stranger.write("ping\n");
  expect(await ended).toBe("ECONNRESET");
  await server.says(/rejected 127\.0\.0\.1:\d+ \(PROXY_HEADER_INVALID\): .*"ping/);
});

/** Resolves when exactly this was said; its end, or the limit of the test, is the limit. */
function hears(peer: Socket, wanted: string): Promise<void> {
  let heard = "";
  return new Promise((resolve, reject) => {
    peer.on("data", (bytes) => {
      heard += bytes.toString();
      if (heard === wanted) resolve();
    });
    peer.once("close", () => reject(new Error(`heard ${JSON.stringify(heard)}, then the end`)));
  });
}

/** The code of the error that ends it, or "FIN". */
function endOf(peer: Socket): Promise<string> {
  return new Promise((resolve) => {
    peer.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    peer.once("end", () => resolve("FIN"));
  });
}

describe.concurrent("frames between runtimes", () => {
  const node = process.execPath;
  for (const [title, listening, dialling] of [
    ["a server on Bun, a link on Node", bun, node],
    ["a server on Node, a link on Bun", node, bun],
    ["both on Bun", bun, bun],
  ] as const) {
    onBun(title, (context) => talk(listening, dialling, context));
  }
});

async function talk(listening: string, dialling: string, context: TestContext): Promise<void> {
  const processes = new Processes(context);
  const start = (runtime: string, settings: object): Program =>
    processes.start(runtime, [FRAME_END, JSON.stringify({ dist: DIST_URL, ...settings })]);
  const server = start(listening, {});
  const { url } = await server.until("the url", () => server.told("listening")[0]);
  const texts = ["hello", "", "long ".repeat(20_000), "good-bye"];
  const client = start(dialling, { url, texts });
  const { heard } = await client.until("the echoes", () => client.told("echoed")[0]);
  expect(heard).toEqual(texts);
  await client.until("three answered pings", () => client.told("beaten")[0]);
  client.endInput();
  const end = await client.until("its end", () => client.told("ended")[0]);
  expect(end).toMatchObject({ code: "CLOSED_HERE", by: "here" });
  expect(await client.exit).toEqual({ code: 0, signal: null });
  const seen = await server.until("the end there", () => server.told("ended")[0]);
  expect(seen).toMatchObject({ code: "CLOSED_BY_PEER", by: "peer" });
  server.endInput();
  expect(await server.exit).toEqual({ code: 0, signal: null });
}
