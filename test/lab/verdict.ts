/** Times an end, and says whether Holdfast did what the case expects. Others are only timed. */
import { type Dialect, type Side, SLACK_MS } from "./bounds.ts";
import type { Expectation, FaultTimes, LabCase, Since } from "./cases/lab-case.ts";
import type { ContestantId } from "./contestants/contestant.ts";
import type { EndedLine } from "./programs/orders.ts";
import type { Outcome } from "./results.ts";

export type End = Pick<EndedLine, "atMs" | "how" | "heardAtMs" | "ourLatenessMs">;

/** `end` is undefined when there was none for `watchedMs`. */
export function outcomeOf(
  labCase: LabCase,
  contestant: ContestantId,
  side: Side,
  end: End | undefined,
  times: FaultTimes,
  watchedMs: number,
): Outcome {
  const dialect = dialectOf(contestant);
  // What the others are compared with is the frame dialect.
  const expected = labCase.expects(side, dialect ?? "frame");
  const isEarly = end !== undefined && end.atMs < times.beganAtMs;
  const afterMs = end && end.atMs - sinceMs(end, times, expected.is === "found" && expected.since);
  const fault =
    dialect && faultOf(expected, end, isEarly, afterMs, `no end in ${watchedMs / 1_000} s`);
  const who = `${labCase.id}: ${contestant} ${side}`;
  return {
    contestant,
    side,
    afterMs,
    how: end?.how,
    isEarly,
    fault: fault === undefined ? undefined : `${who}: ${fault}`,
  };
}

/** Undefined for who is not Holdfast. */
export function dialectOf(contestant: ContestantId): Dialect | undefined {
  if (contestant === "holdfast-frame") return "frame";
  return contestant === "holdfast-line" ? "line" : undefined;
}

function sinceMs(end: End, times: FaultTimes, since: Since | false): number {
  if (since === "last byte heard") return end.heardAtMs ?? times.faultAtMs;
  return since === "wake" ? (times.wokeAtMs ?? times.faultAtMs) : times.faultAtMs;
}

function faultOf(
  expected: Expectation,
  end: End | undefined,
  isEarly: boolean,
  afterMs: number | undefined,
  none: string,
): string | undefined {
  const ended = `ended after ${Math.round(afterMs ?? 0)} ms with ${end?.how ?? "nothing"}`;
  if (isEarly) return `${ended}, before anything happened`;
  switch (expected.is) {
    case "frozen":
      return undefined;
    case "kept":
      return end && `${ended}, and nothing was wrong`;
    case "found": {
      const { bound, since, codes } = expected;
      if (end === undefined || afterMs === undefined) return `${none}, bound ${bound.ms} ms`;
      // A sleep before the wake from which we count is no lateness after it.
      const lateMs = since === "wake" ? 0 : end.ourLatenessMs;
      if (!codes.some((code) => code === end.how)) return `${ended}, not ${codes.join(" or ")}`;
      if (afterMs <= bound.ms + SLACK_MS + lateMs) return undefined;
      return `${ended}, bound ${bound.ms} ms, our lateness ${Math.round(end.ourLatenessMs)} ms`;
    }
    default:
      return expected satisfies never;
  }
}
