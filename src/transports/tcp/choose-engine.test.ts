import type { Socket } from "node:net";
import { expect, test } from "vitest";
import type { StreamFacts } from "../stream-transport.ts";
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
    "reading into a shared buffer passed its self-test here",
  ]);
  expect((await chooseEngine("public", "at accept")).engine.name).toBe("public");
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
