import type { Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import type { StreamFacts } from "../stream-facts.ts";
import type { RemoteAddress, Transport, TransportHandlers } from "../transport.ts";
import { chooseEngine, selfTest } from "./choose-engine.ts";
import { PublicEngine } from "./public-engine.ts";
import { SharedBufferEngine } from "./shared-buffer-engine.ts";
import { PROC_UNACKED, UnackedReader } from "./unacked-reader.ts";

const base = {
  native: undefined,
  unacked: new UnackedReader(PROC_UNACKED),
  overwriteAfterRead: false,
};

type Adopt = (
  socket: Socket,
  facts: StreamFacts,
  remote: RemoteAddress,
  handlers: TransportHandlers,
) => Transport;

/** The public engine, with a fault of the kind that a change of internals could cause. */
function faulty(adopt: (inherited: Adopt) => Adopt): PublicEngine {
  const engine = new PublicEngine(base);
  const inherited = engine.adoptAccepted.bind(engine);
  return Object.assign(engine, { adoptAccepted: adopt(inherited) });
}

test("both engines pass the self-test on this runtime", async () => {
  for (const rule of ["at accept", "after the first bytes"] as const) {
    expect(await selfTest(new PublicEngine(base), rule)).toBeUndefined();
    expect(await selfTest(new SharedBufferEngine(base), rule)).toBeUndefined();
  }
});

test("auto takes what passed, and public takes no test", async () => {
  const auto = await chooseEngine("auto", "at accept");
  expect([auto.engine.name, auto.why]).toEqual([
    "shared",
    "a shared buffer, with bytes that pass no stream of node:net, passed its self-test here",
  ]);
  expect((await chooseEngine("public", "at accept")).engine.name).toBe("public");
});

const WITH_STREAMS = "reading into a shared buffer passed its self-test here; past streams: ";
const WARNED = `${WITH_STREAMS}Node is to warn of it`;

test("bytes pass the streams where Node would warn, or denies what it takes", async () => {
  const { execArgv, binding } = process as NodeJS.Process & { binding: unknown };
  onTestFinished(() => void Object.assign(process, { execArgv, binding }));
  onTestFinished(() => void vi.unstubAllEnvs());
  process.execArgv = [...execArgv, "--pending-deprecation"];
  expect((await chooseEngine("auto", "at accept")).why).toBe(WARNED);
  process.execArgv = execArgv;
  vi.stubEnv("NODE_PENDING_DEPRECATION", "1");
  expect((await chooseEngine("auto", "at accept")).why).toBe(WARNED);
  vi.stubEnv("NODE_PENDING_DEPRECATION", "");
  vi.stubEnv("NODE_OPTIONS", "--enable-source-maps  --pending-deprecation");
  expect((await chooseEngine("auto", "at accept")).why).toBe(WARNED);
  vi.unstubAllEnvs();
  const denied = (): never => {
    throw Object.assign(new Error("process.binding"), { code: "ERR_ACCESS_DENIED" });
  };
  Object.assign(process, { binding: denied });
  expect((await chooseEngine("auto", "at accept")).why).toBe(
    `${WITH_STREAMS}process.binding: ERR_ACCESS_DENIED`,
  );
});

test("writes past a stream that do not end as they say do not pass", async () => {
  const { engine } = await chooseEngine("auto", "at accept");
  const { past } = engine;
  if (past === undefined) throw new Error("nothing passes the streams here");
  const write = past.write.bind(past);
  const spy = vi.spyOn(past, "write");
  spy.mockReturnValue(0); // Bytes that are lost.
  expect(await selfTest(engine, "at accept")).toContain("reading twice took longer than");
  const nobody = { handleWritten: () => {} };
  spy.mockImplementation((handle, bytes) => write(handle, bytes, nobody));
  expect(await selfTest(engine, "at accept")).toContain("a write that the kernel refuses took");
});

test("an engine that throws on adopting does not pass", async () => {
  const engine = faulty(() => () => {
    throw new Error("no handle here");
  });
  expect(await selfTest(engine, "at accept")).toContain("no handle here");
});

test("an engine that reads only once does not pass", async () => {
  const engine = faulty((inherited) => (socket, facts, remote, handlers) => {
    socket.once("data", () => socket.pause());
    return inherited(socket, facts, remote, handlers);
  });
  expect(await selfTest(engine, "at accept")).toContain("reading twice took longer than");
});

test("an engine whose listener counts on for ever does not pass", async () => {
  const engine = faulty((inherited) => (socket, facts, remote, handlers) => {
    // What happens to a socket that is wrapped again without carrying the count.
    (socket as unknown as { _server: unknown })._server = null;
    return inherited(socket, facts, remote, handlers);
  });
  expect(await selfTest(engine, "at accept")).toContain("closing the listener took longer than");
});
