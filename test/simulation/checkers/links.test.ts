import { expect, test } from "vitest";
import type { ErrorCode } from "../../../src/base/errors.ts";
import type { LinkEndRecord } from "../../../src/client/status.ts";
import { backoff } from "../../../src/simulation/checkers/backoff.ts";
import { healed } from "../../../src/simulation/checkers/healed.ts";
import { notLatched } from "../../../src/simulation/checkers/not-latched.ts";
import type { SimEvent } from "../../../src/simulation/sim-event.ts";
import { encodeFrame } from "../../../src/wire/frame-codec.ts";
import {
  CLIENT,
  connecting,
  fault,
  ONLINE,
  opened,
  Story,
  status,
  waiting,
  wrote,
} from "./story.ts";

/** A link that was online until 100 s, waits, and so on. */
function afterOnline(...rest: readonly SimEvent[]): string[] {
  const story = new Story(backoff).tell(status(0, connecting(1)), ...opened(1, 10));
  return story.tell(status(20, ONLINE), status(100_000, waiting(4_000, 1)), ...rest).said;
}

function linkEnd(atMs: number, code: ErrorCode, attempts: number): SimEvent {
  const record: LinkEndRecord = {
    code,
    sentence: "",
    attempts,
    connections: 0,
    lastCause: undefined,
    undelivered: [],
    startedAtWallMs: 0,
    endedAtWallMs: 0,
  };
  return { what: "link-end", atMs, link: "client-1.1", record };
}

test("backoff: waits lie inside their cap, which grows", () => {
  const fine = afterOnline(
    status(104_000, connecting(1)),
    status(105_000, waiting(900, 2)),
    status(105_900, connecting(2)),
    status(106_000, waiting(1_900, 3)),
  );
  expect(fine).toEqual([]);
  const above = afterOnline(status(104_000, connecting(1)), status(105_000, waiting(1_001, 2)));
  expect(above[0]).toContain("waits 1001 ms before attempt 2; at most 1000");
  const hasty = afterOnline(status(104_000, connecting(1)), status(105_000, waiting(20, 2)));
  expect(hasty[0]).toContain("waits only 20 ms");
});

test("backoff: a dial keeps to its wait, unless the machine or the network came back", () => {
  expect(afterOnline(status(103_000, connecting(1)))[0]).toContain("after 3000 of 4000 ms");
  const told = fault("network-switch", 102_000, "client-1");
  expect(afterOnline(told, status(103_000, connecting(1)))).toEqual([]);
});

test("backoff: the count starts anew after a connection that lasted, and only then", () => {
  const flapping = afterOnline(
    status(104_000, connecting(1)),
    status(104_100, ONLINE),
    status(110_000, waiting(900, 1)),
  );
  expect(flapping[0]).toContain("starts its count anew after a connection of 6000 ms");
  const skipped = afterOnline(status(104_000, connecting(1)), status(105_000, waiting(900, 4)));
  expect(skipped[0]).toContain("counts attempt 4 after attempt 1");
});

test("backoff: an order of the server may ask for more, and attempts have their limit", () => {
  const goaway = { reason: "", retry: "after", afterMs: 8_000, spreadMs: 4_000 } as const;
  const story = new Story(backoff).tell(status(0, connecting(1)), ...opened(1, 10));
  story.tell(wrote(1, "server", 50_000, encodeFrame({ kind: "goaway", goaway })));
  story.tell(status(20, ONLINE), status(60_000, waiting(11_000, 1)));
  expect(story.said).toEqual([]);
  const redial = { ...CLIENT.redial, attemptsMax: 3 };
  const limited = new Story(backoff, { ...CLIENT, redial }).tell(status(0, connecting(4)));
  expect(limited.said[0]).toContain("attempt 4 of 3");
  const sooner = new Story(backoff, { ...CLIENT, redial }).tell(status(0, connecting(1)));
  expect(sooner.tell(linkEnd(5_000, "REDIAL_EXHAUSTED", 2)).said[0]).toContain("gave up");
});

test("not-latched: in each status exactly one thing goes on, and not for too long", () => {
  const look = (changes: Partial<Story["link"]>, now: Parameters<typeof status>[1]): string[] => {
    const story = new Story(notLatched).tell(status(0, now));
    Object.assign(story.link, { status: now }, changes);
    return story.look(1_000).look(2_000).said;
  };
  const none = { alarmsArmed: 0, dialsUnderWay: 0, flowsOpen: 0 };
  expect(look({ ...none, alarmsArmed: 1 }, waiting(4_000, 1))).toEqual([]);
  expect(look(none, waiting(4_000, 1))).toHaveLength(1);
  expect(look({ ...none, alarmsArmed: 1, flowsOpen: 1 }, waiting(4_000, 1))).toHaveLength(1);
  expect(look({ ...none, alarmsArmed: 1, dialsUnderWay: 1 }, connecting(1))).toEqual([]);
  expect(look({ ...none, alarmsArmed: 1, dialsUnderWay: 2 }, connecting(1))).toHaveLength(1);
  expect(look({ ...none, flowsOpen: 1 }, ONLINE)).toEqual([]);
  expect(look({ ...none, flowsOpen: 2 }, ONLINE)).toHaveLength(1);
  expect(look({ ...none, alarmsArmed: 1, flowsOpen: 1 }, ONLINE)).toHaveLength(1);

  const story = new Story(notLatched).tell(status(0, waiting(4_000, 1)));
  Object.assign(story.link, { status: waiting(4_000, 1), ...none, alarmsArmed: 1 });
  expect(story.look(5_000).look(7_000).said).toEqual([]);
  expect(story.look(9_000).said[0]).toContain("longer than 4000 ms");
});

test("healed: back within the wait and the attempts, or ended for a good reason", () => {
  const story = (): Story => {
    const told = new Story(healed).tell(status(0, connecting(1)), { what: "healed", atMs: 1_000 });
    told.link.status = waiting(60_000, 5);
    return told;
  };
  // Half a minute to be found dead, or to fail, then the cap and one attempt.
  expect(story().look(100_000).said).toEqual([]);
  expect(story().look(200_000).said[0]).toContain("ms after all was well");
  expect(
    story()
      .tell(linkEnd(2_000, "CLOSED_HERE", 3))
      .look(200_000).said,
  ).toEqual([]);
  expect(story().tell(linkEnd(2_000, "FRAME_INVALID", 3)).said).toHaveLength(1);
});
