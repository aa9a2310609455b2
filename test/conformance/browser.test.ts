/**
 * The promises of a transport, held by the one for browsers as far as a browser lets it. The
 * platform's WebSocket is that of `ws` here, which has the same face; real browsers are in
 * test/full/browser.test.ts.
 */
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { systemClock } from "../../src/driver/system.ts";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import type { TransportRig } from "../../src/testing/transport-rig.ts";
import { openBrowser } from "../../src/transports/browser/open-browser.ts";
import type { PlatformSocketClass } from "../../src/transports/browser/web-socket-like.ts";
import { PublicEngine } from "../../src/transports/tcp/public-engine.ts";
import { PROC_UNACKED, UnackedReader } from "../../src/transports/tcp/unacked-reader.ts";
import { webSocketRig } from "./websocket-rig.ts";

/** What a page cannot do, by the words of the promise. */
const IMPOSSIBLE: ReadonlyMap<string, string> = new Map([
  ["a refused write of many MiB shows how far it has come", "a message is 128 KiB at the most"],
  ["lent bytes are overwritten after the call", "each message is a buffer of its own"],
  ["onClosed runs once and last on both sides after a reset", "a page cannot reset"],
  ["nothing but onClosed runs after reset, with bytes under way", "a page is told of no reset"],
  ["reset works while a finish waits for the reader", "reading cannot be paused"],
]);

const unacked = new UnackedReader(PROC_UNACKED);
const engine = new PublicEngine({ native: undefined, unacked, overwriteAfterRead: true });
const base = await webSocketRig(engine, true, "binary");
const rig: TransportRig = {
  ...base,
  open: (url) => {
    const port = /:(\d+)$/.exec(url)?.[1] ?? "";
    return openBrowser({
      WebSocket: WebSocket as unknown as PlatformSocketClass,
      clock: systemClock,
      url: `ws://127.0.0.1:${port}/`,
      label: url,
      remote: `127.0.0.1:${port}`,
      protocols: [],
      speech: "binary",
      firstByte: undefined,
      textBytesMax: 65_536,
      onEvent: () => {},
    });
  },
};

const held = TRANSPORT_PROMISES.filter(({ promise }) => !IMPOSSIBLE.has(promise));

for (const { promise, check } of held) {
  test(`browser: ${promise}`, () => check(rig), 30_000);
}

test("what a page cannot promise is named as the promises are", () => {
  const names = new Set(TRANSPORT_PROMISES.map(({ promise }) => promise));
  expect([...IMPOSSIBLE.keys()].filter((name) => !names.has(name))).toEqual([]);
});
