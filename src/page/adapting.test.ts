/** What the adaptive interval of a page makes of an end of which a browser tells little. */
import { expect, test } from "vitest";
import type { EndRecord } from "../connection/end-record.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import { ADAPTING } from "./adapting.ts";
import type { PagePlatform } from "./page-platform.ts";

test("a close without a close frame, just after a ping, is how a box resets what it forgot", () => {
  const clock = new ManualClock();
  const platform = { clock, random: { next: () => 0.5 } } as unknown as PagePlatform;
  const range = { intervalMsMin: 5_000, intervalMsMax: 600_000 };
  const pace = ADAPTING.paceOf(range, 1_200_000, platform, () => {});
  const target = { label: "ws://a.example:1" };
  pace.onDial(target);
  pace.begin(undefined, clock.now());
  // A path that was patient, until it was not.
  let seq = 0;
  const beat = (idleMs: number): void => {
    clock.advance(idleMs);
    pace.pinged((seq += 1), idleMs, clock.now());
    clock.advance(40);
  };
  while (pace.intervalMs < 200_000) {
    beat(pace.intervalMs);
    pace.answered(40, false, clock.now());
  }
  pace.takeChange();
  beat(100_000);
  const evidence = { heardMsAgo: 100_040, spokeMsAgo: 40, pingMsAgo: 40, ourLatenessMs: 0 };
  const record = { code: "PEER_VANISHED", by: "fault", dialect: "line", evidence };
  pace.onEnded(record as unknown as EndRecord);
  pace.onDial(target);
  clock.advance(10);
  pace.begin(undefined, clock.now());
  expect(pace.takeChange()?.taken).toBe("reset-on-send");
  expect(pace.intervalMs).toBeLessThan(100_000);
});
