/** What a page knows of its output by `bufferedAmount` alone. */
import { expect, test } from "vitest";
import { PageRig } from "../../test/support/page-rig.ts";
import type { Instant } from "../base/time.ts";
import { Lateness } from "./lateness.ts";
import { LINES } from "./lines.ts";
import { Outbox } from "./outbox.ts";
import { PageOutput } from "./page-output.ts";

const URL = "line+ws://a.example:1";
const PLACE = "a.example:1";

test("lines: what leaves the browser is progress, also while more is handed over", () => {
  const ws = {
    bufferedAmount: 0,
    send: (line: string) => {
      ws.bufferedAmount += line.length;
    },
  };
  const speech = LINES.speechOf({ ping: "ping", pong: "pong", lineBytesMax: 1_048_576 });
  const outbox = new Outbox({ outboxBytesMax: 2 ** 24, outboxHighWaterBytes: 2 ** 24 });
  const line = "x".repeat(20_000);
  for (let count = 0; count < 100; count++) outbox.push(line, new TextEncoder().encode(line));
  const output = new PageOutput(ws as never, outbox, speech, new Lateness(250), 60_000);
  let now = 0 as Instant;
  // A server that reads 20 KB in ten seconds: the browser has always something to hand on.
  for (; now < 300_000; now = (now + 10_000) as Instant) {
    output.pump(now);
    output.look(now);
    ws.bufferedAmount -= 20_000;
  }
  expect(output.drain.until).toBeGreaterThan(now);
});

test("lines: nobody confirms them, so behind many of them an answer may take long", async () => {
  const rig = new PageRig();
  rig.listen(PLACE);
  const heartbeat = { intervalMs: 10_000, answerWithinMs: 5_000 };
  const link = rig.open(URL, { heartbeat, drainTimeoutMs: 40_000 });
  await rig.advance(11_000);
  rig.network.cut();
  for (let count = 0; count < 2; count++) link.send("é".repeat(17_000));
  await rig.advance(10_000 + 20_000);
  expect(rig.all("connectionEnd")).toEqual([]);
  await rig.advance(25_000);
  expect(rig.all("connectionEnd")[0]?.[0].code).toMatch(/^PEER_(?:SILENT|TAKES_NOTHING)$/);
});
