import { expect, test } from "vitest";
import { isHoldfastError } from "../base/errors.ts";
import {
  type ListenOptions,
  resolveCloseOptions,
  resolveListen,
  resolveServer,
} from "./options.ts";

function refusalOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isHoldfastError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "nothing was refused";
}

test("a Unix socket that would refuse everybody is a slip, and trusting everybody is told", () => {
  const listen = ["tcp://[::]:1", "unix:/run/x"];
  const proxyProtocol = { trustedFrom: ["10.0.0.0/8"] };
  expect(refusalOf(() => resolveListen({ listen, proxyProtocol }, 20_000))).toBe(
    'OPTION_INVALID listen: `proxyProtocol` does not trust "unix", so everybody at unix:/run/x ' +
      "would be refused; add the word unix to the addresses that it trusts",
  );
  const served = { ...proxyProtocol, others: "serve" } as const;
  expect(resolveListen({ listen, proxyProtocol: served }, 20_000).server.warnings).toEqual([]);
  const all = { trustedFrom: ["0.0.0.0/0"] };
  const { warnings } = resolveListen({ port: 1, proxyProtocol: all }, 20_000).server;
  expect(warnings).toEqual([expect.stringContaining("names all addresses")]);
});

test("the defaults are those that the documents tell", () => {
  const { server, addresses, kernel, engine } = resolveListen({ port: 8080 }, 20_000);
  expect(addresses).toEqual([
    { kind: "tcp", host: "::", port: 8080, tls: "no", webSocketPath: undefined },
  ]);
  expect(engine).toBe("auto");
  expect(kernel).toEqual({
    keepalive: { idleMs: 60_000, intervalMs: 10_000, count: 5 },
    userTimeoutMs: false,
    userTimeoutAsked: false,
    keepaliveAsked: false,
  });
  expect(server).toMatchObject({
    maxConnections: 19_800,
    maxPerAddress: false,
    acceptPerSecondMax: false,
    handshakesMax: 2_000,
    bufferBytesTotalMax: 256 * 1024 * 1024,
    reconnectWindowMs: 5_000,
    recordsMax: 10_000,
    warnings: [],
  });
  expect(server.connection).toMatchObject({
    accepts: { line: true, frame: true },
    lineBytesMax: 65_536,
    messageBytesMax: 1_048_576,
    outboxBytesMax: 16 * 1024 * 1024,
    handshakeTimeoutMs: 10_000,
    liveness: { timeoutMs: 60_000, leaseMsMax: 60_000, intervalMs: false },
  });
});

test("where the descriptor limit is unknown, ten thousand connections are let in", () => {
  expect(resolveServer({}, undefined).maxConnections).toBe(10_000);
  expect(resolveServer({}, 100).maxConnections).toBe(1);
  expect(resolveServer({ maxConnections: false }, 100).maxConnections).toBe(false);
});

test("a default that depends on another option follows it", () => {
  const large = resolveServer({ messageBytesMax: 512 * 1024 * 1024 }, 1_000);
  expect(large.connection.outboxBytesMax).toBe(1024 ** 3);
  expect(large.bufferBytesTotalMax).toBe(1024 ** 3);
  const small = resolveServer({ messageBytesMax: 10, outboxBytesMax: 100 }, 1_000);
  expect(small.connection.outboxHighWaterBytes).toBe(100);
});

test("the kernel's user timeout, which ends whoever reads nothing, spares plain clients", () => {
  const userTimeout = (options: Partial<ListenOptions>): number | false =>
    resolveListen({ port: 0, drainTimeoutMs: 5_000, ...options } as ListenOptions, 1_000).kernel
      .userTimeoutMs;
  expect(userTimeout({})).toBe(false);
  expect(userTimeout({ accept: ["line"] })).toBe(false);
  expect(userTimeout({ accept: ["frame"] })).toBe(15_000);
  expect(userTimeout({ userTimeoutMs: 6_000 })).toBe(6_000);
});

test("urls to listen on exclude a port, and one of the two is needed", () => {
  const urls = { listen: ["tcp://127.0.0.1:0", "unix:/tmp/x"] };
  expect(resolveListen(urls, 1_000).addresses).toHaveLength(2);
  const both = { port: 1, listen: "tcp://[::]:1" } as unknown as ListenOptions;
  expect(refusalOf(() => resolveListen(both, 1_000))).toContain("exclude each other");
  expect(refusalOf(() => resolveListen({} as ListenOptions, 1_000))).toContain("`port`");
});

test.each<[string, object, string]>([
  ["an unknown option", { prot: 1 }, "`prot` is not an option"],
  ["an unknown word", { line: { pnog: "x" } }, "`pnog` is not an option"],
  ["a port out of range", { port: 65_536 }, "0 to 65535"],
  ["off said by 0", { maxConnections: 0 }, "or false"],
  ["an unknown dialect", { accept: ["lines"] }, '"line", "frame"'],
  ["no dialect", { accept: [] }, '"line", "frame"'],
  ["words that are the same", { line: { ping: "x", pong: "x" } }, "must differ"],
  ["a word of two lines", { line: { ping: "a\nb" } }, "line break"],
  ["an empty word", { line: { ping: "" } }, "1 to 64 characters"],
  ["an outbox below a message", { outboxBytesMax: 5 }, "`messageBytesMax`"],
  ["a budget below an outbox", { bufferBytesTotalMax: 5 }, "`outboxBytesMax`"],
  ["a mark above the outbox", { outboxHighWaterBytes: 1024 ** 3 }, "`outboxBytesMax`"],
  ["a user timeout below the drain", { userTimeoutMs: 60_000 }, "must exceed `drainTimeoutMs`"],
  ["half a second of keepalive", { keepalive: { idleMs: 1_500 } }, "whole seconds"],
  ["keepalive said on by true", { keepalive: true }, "listen.keepalive"],
  ["words as text", { line: "ping" }, "listen.line"],
  ["an authenticate that is none", { authenticate: true }, "a function"],
  ["no url", { listen: [], port: undefined }, "1 to 64"],
])("%s is refused by name", (_, options, words) => {
  const refusal = refusalOf(() => resolveListen({ port: 0, ...options }, 1_000));
  expect(refusal).toContain("OPTION_INVALID");
  expect(refusal).toContain(words);
});

test("what is unwise is said, and what was asked for is known", () => {
  const { server, kernel } = resolveListen(
    { port: 0, leaseMsMin: 50_000, userTimeoutMs: 90_000, keepalive: false },
    1_000,
  );
  expect(server.warnings).toHaveLength(1);
  expect(kernel).toMatchObject({ keepalive: false, userTimeoutAsked: true, keepaliveAsked: true });
});

test("the grace period of a close has a range", () => {
  expect(resolveCloseOptions(undefined).graceMs).toBe(5_000);
  expect(refusalOf(() => resolveCloseOptions({ graceMs: -1 }))).toContain("0 to 600000");
});
