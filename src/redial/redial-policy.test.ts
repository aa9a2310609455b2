import { expect, test } from "vitest";
import { type Random, seededRandom } from "../base/random.ts";
import { type Instant, later } from "../base/time.ts";
import {
  REDIAL_NEXT,
  type RedialConfig,
  type RedialDecision,
  RedialPolicy,
  type RetryHint,
} from "./redial-policy.ts";

const T0 = 1_000 as Instant;
const CONFIG: RedialConfig = {
  attemptsMax: 10,
  giveUpAfterMs: false,
  baseMs: 1_000,
  factor: 2,
  capMs: 60_000,
  attemptTimeoutMs: 10_000,
  stableAfterMs: 60_000,
};
const HIGHEST: Random = { next: () => 1 - 2 ** -32 };
const LOWEST: Random = { next: () => 0 };

function policyWith(changes: Partial<RedialConfig>, random: Random = HIGHEST): RedialPolicy {
  return new RedialPolicy({ ...CONFIG, ...changes }, random);
}

/** A policy whose connection has just ended after `livedMs`, and what it decided. */
function afterLife(
  livedMs: number,
  hint?: RetryHint,
  random: Random = HIGHEST,
  isolated?: boolean,
): RedialDecision {
  const policy = policyWith({}, random);
  policy.onAttempt(T0);
  policy.onOnline(T0);
  return policy.onEnded({ code: "PEER_VANISHED", livedMs, hint, isolated }, later(T0, livedMs));
}

function delayOf(decision: RedialDecision): number {
  return decision.do === "give-up" ? Number.NaN : decision.delayMs;
}

test("the first connect follows the same policy: it waits, grows, and ends after ten dials", () => {
  const policy = policyWith({});
  const delays: number[] = [];
  let now = T0;
  for (let dial = 1; dial <= 9; dial++) {
    expect(policy.onAttempt(now)).toEqual({ do: "dial", attempt: dial, timeoutMs: 10_000 });
    const decision = policy.onFailed("DIAL_FAILED", now);
    expect(decision).toMatchObject({ do: "wait", attempt: dial + 1 });
    delays.push(delayOf(decision));
    now = later(now, delayOf(decision));
  }
  expect(delays).toEqual([999, 1_999, 3_999, 7_999, 15_999, 31_999, 59_999, 59_999, 59_999]);
  policy.onAttempt(now);
  expect(policy.onFailed("DIAL_FAILED", now)).toEqual({ do: "give-up", code: "REDIAL_EXHAUSTED" });
});

test("attemptsMax false dials for ever", () => {
  const policy = policyWith({ attemptsMax: false }, seededRandom(1));
  for (let dial = 1; dial <= 5_000; dial++) {
    policy.onAttempt(T0);
    expect(policy.onFailed("DIAL_TIMEOUT", T0).do).toBe("wait");
  }
});

test("a stable connection that died without a word is redialled over the announced window", () => {
  expect(delayOf(afterLife(60_000))).toBe(4_999);
  expect(delayOf(afterLife(60_000, { reconnectWindowMs: 20_000 }))).toBe(19_999);
  expect(delayOf(afterLife(60_000, { reconnectWindowMs: 86_400_000 }))).toBe(599_999);
  expect(delayOf(afterLife(60_000, { reconnectWindowMs: Number.NaN }))).toBe(0);
});

test("an isolated end is redialled within the base, or the window where that is smaller", () => {
  expect(delayOf(afterLife(60_000, undefined, HIGHEST, true))).toBe(999);
  expect(delayOf(afterLife(60_000, { reconnectWindowMs: 300 }, HIGHEST, true))).toBe(299);
});

test("an end that was our own doing is isolated unless somebody knows better", () => {
  const policy = policyWith({});
  policy.onAttempt(T0);
  policy.onOnline(T0);
  expect(delayOf(policy.onEnded({ code: "READER_TOO_SLOW", livedMs: 60_000 }, T0))).toBe(999);
});

test("a server that dies again at once has its window kept by those who had returned", () => {
  expect(delayOf(afterLife(59_999, { reconnectWindowMs: 20_000 }))).toBe(19_999);
  expect(delayOf(afterLife(59_999, { reconnectWindowMs: 20_000 }, HIGHEST, true))).toBe(999);
});

test("the default window is ours, and so stays inside a cap that is smaller", () => {
  const policy = policyWith({ capMs: 2_000 });
  policy.onAttempt(T0);
  policy.onOnline(T0);
  expect(delayOf(policy.onEnded({ code: "PEER_RESET", livedMs: 60_000 }, T0))).toBe(1_999);
});

test("'after' is the floor of a wait that would be shorter, and no more than that", () => {
  const after = (afterMs: number, spreadMs: number, random: Random): number => {
    const policy = policyWith({}, random);
    policy.onAttempt(T0);
    return delayOf(policy.onFailed("CONNECTIONS_MAX", T0, { retry: "after", afterMs, spreadMs }));
  };
  expect(after(30_000, 10_000, LOWEST)).toBe(30_000);
  expect(after(30_000, 10_000, HIGHEST)).toBe(39_999);
  expect(after(500, 0, HIGHEST)).toBe(999);
  expect(after(86_400_000, 86_400_000, HIGHEST)).toBe(1_199_999);
  expect(after(-1, Number.NaN, LOWEST)).toBe(100);
});

test("after a stable connection the server alone says when to return", () => {
  expect(delayOf(afterLife(60_000, { retry: "now", afterMs: 9_999, spreadMs: 0 }))).toBe(0);
  expect(delayOf(afterLife(60_000, { retry: "after", afterMs: 40, spreadMs: 10 }))).toBe(49);
});

test("an order takes the place of the window, so an explained end is not spread as well", () => {
  expect(delayOf(afterLife(5_000, { retry: "after", afterMs: 10, spreadMs: 0 }))).toBe(999);
});

test("a server that keeps saying 'now' makes no hot loop", () => {
  const policy = policyWith({ attemptsMax: false }, LOWEST);
  const delays: number[] = [];
  for (let dial = 1; dial <= 4; dial++) {
    policy.onAttempt(T0);
    policy.onOnline(T0);
    const hint = { retry: "now", afterMs: 0, spreadMs: 0 } as const;
    delays.push(delayOf(policy.onEnded({ code: "DRAINED", livedMs: 5, hint }, T0)));
  }
  expect(delays).toEqual([0, 100, 100, 100]);
});

test("'never' ends the link with TURNED_AWAY", () => {
  const hint = { retry: "never", afterMs: 0, spreadMs: 0 } as const;
  expect(afterLife(60_000, hint)).toEqual({ do: "give-up", code: "TURNED_AWAY" });
});

test("a code that no retry helps ends the link at once, with that code", () => {
  for (const code of ["VERSION_UNSUPPORTED", "WRONG_DIALECT", "REPLACED", "ABORTED"] as const) {
    const policy = policyWith({});
    policy.onAttempt(T0);
    expect(policy.onFailed(code, T0)).toEqual({ do: "give-up", code });
  }
});

test("refused credentials are refreshed once, even if the server said never", () => {
  const policy = policyWith({});
  policy.onAttempt(T0);
  const hint = { retry: "never", afterMs: 0, spreadMs: 0 } as const;
  const first = policy.onFailed("UNAUTHORIZED", T0, hint);
  expect(first).toEqual({ do: "refresh-credentials", delayMs: 999, attempt: 2 });
  policy.onAttempt(T0);
  expect(policy.onFailed("UNAUTHORIZED", T0)).toEqual({ do: "give-up", code: "UNAUTHORIZED" });
});

// A server that welcomes everyone and checks the token later would otherwise be dialled for ever.
test("only a connection that lasted buys another refresh; coming online does not", () => {
  const live = (livedMs: number): string => {
    const policy = policyWith({ attemptsMax: false });
    policy.onAttempt(T0);
    policy.onFailed("UNAUTHORIZED", T0);
    policy.onAttempt(T0);
    policy.onOnline(T0);
    return policy.onEnded({ code: "UNAUTHORIZED", livedMs }, T0).do;
  };
  expect(live(59_999)).toBe("give-up");
  expect(live(60_000)).toBe("refresh-credentials");
});

test("a refresh is not one dial more than attemptsMax", () => {
  const policy = policyWith({ attemptsMax: 1 });
  policy.onAttempt(T0);
  expect(policy.onFailed("UNAUTHORIZED", T0)).toEqual({ do: "give-up", code: "UNAUTHORIZED" });
});

test("giving up is punctual: the last dial is cut off, and none begins at the limit", () => {
  const policy = policyWith({ giveUpAfterMs: 4_000 });
  policy.onAttempt(T0);
  let now = later(T0, 10);
  expect(policy.onFailed("DIAL_FAILED", now)).toMatchObject({ delayMs: 999 });
  now = later(now, 999);
  expect(policy.onAttempt(now)).toMatchObject({ do: "dial", timeoutMs: 2_991 });
  now = later(now, 1_991);
  const last = policy.onFailed("DIAL_TIMEOUT", now);
  expect(last).toMatchObject({ do: "wait", delayMs: 1_000 });
  expect(policy.onAttempt(later(now, 1_000))).toEqual({ do: "give-up", code: "GAVE_UP" });
});

test("the time without a connection counts from the end of the last one", () => {
  const policy = policyWith({ giveUpAfterMs: 4_000 });
  policy.onAttempt(T0);
  policy.onOnline(T0);
  const endedAt = later(T0, 100_000);
  expect(policy.onEnded({ code: "PEER_RESET", livedMs: 100_000, isolated: true }, endedAt).do).toBe(
    "wait",
  );
  policy.onAttempt(later(endedAt, 999));
  const failedAt = later(endedAt, 4_000);
  expect(policy.onFailed("DIAL_FAILED", failedAt)).toEqual({ do: "give-up", code: "GAVE_UP" });
});

// Whose fault: ours. A lid closed during a wait is no proof that an hour of dialling was in vain.
test("a wait that was overslept still leads to the dial it promised", () => {
  const policy = policyWith({ giveUpAfterMs: 60_000 });
  policy.onAttempt(T0);
  policy.onFailed("DIAL_FAILED", T0);
  const woken = later(T0, 3_600_000);
  expect(policy.onAttempt(woken)).toEqual({ do: "dial", attempt: 2, timeoutMs: 10_000 });
  expect(policy.onFailed("DIAL_FAILED", woken)).toEqual({ do: "give-up", code: "GAVE_UP" });
});

test("cutShort shortens a wait once, by chance within 2 s, and never lengthens it", () => {
  const policy = policyWith({}, seededRandom(3));
  expect(policy.cutShort(T0)).toBeUndefined();
  policy.onAttempt(T0);
  expect(policy.cutShort(T0)).toBeUndefined();
  policy.onFailed("DIAL_FAILED", T0, { retry: "after", afterMs: 0, spreadMs: 0 });
  for (let dial = 0; dial < 6; dial++) {
    policy.onAttempt(T0);
    policy.onFailed("DIAL_FAILED", T0);
  }
  const leftMs = policy.cutShort(T0);
  expect(leftMs).toBeGreaterThanOrEqual(0);
  expect(leftMs).toBeLessThan(2_000);
  expect(policy.cutShort(T0)).toBeUndefined();
});

test("cutShort does not go below what the server asked for", () => {
  const policy = policyWith({}, HIGHEST);
  for (let dial = 0; dial < 7; dial++) {
    policy.onAttempt(T0);
    policy.onFailed("CONNECTIONS_MAX", T0, { retry: "after", afterMs: 20_000, spreadMs: 0 });
  }
  expect(policy.cutShort(later(T0, 5_000))).toBe(15_000);

  const held = policyWith({}, HIGHEST);
  held.onAttempt(T0);
  held.onFailed("CONNECTIONS_MAX", T0, { retry: "after", afterMs: 20_000, spreadMs: 0 });
  expect(held.cutShort(later(T0, 5_000))).toBeUndefined();
});

test("a wait that was cut short before giving up leads to a dial", () => {
  const policy = policyWith({ giveUpAfterMs: 10_000, baseMs: 60_000 }, HIGHEST);
  policy.onAttempt(T0);
  expect(policy.onFailed("DIAL_FAILED", T0)).toMatchObject({ delayMs: 10_000 });
  expect(policy.cutShort(later(T0, 7_000))).toBe(1_999);
  expect(policy.onAttempt(later(T0, 10_500)).do).toBe("dial");
});

test("after the end every input is ignored and answered with the same decision", () => {
  const policy = policyWith({ attemptsMax: 1 });
  policy.onAttempt(T0);
  const end = policy.onFailed("DIAL_FAILED", T0);
  expect(policy.onAttempt(T0)).toBe(end);
  policy.onOnline(T0);
  expect(policy.onEnded({ code: "UNAUTHORIZED", livedMs: 1e9 }, T0)).toBe(end);
  expect(policy.onFailed("PEER_RESET", T0)).toBe(end);
  expect(policy.cutShort(T0)).toBeUndefined();
  expect([policy.phase, policy.end]).toEqual(["ended", end]);
});

test("every phase but the last has a way on, and the last has none", () => {
  for (const [phase, next] of Object.entries(REDIAL_NEXT)) {
    expect(Object.keys(next).length > 0).toBe(phase !== "ended");
  }
});

test("an order of calls that only a bug of ours can cause is a broken promise", () => {
  const policy = policyWith({});
  expect(() => policy.onOnline(T0)).toThrow("broken promise");
  expect(() => policy.onFailed("DIAL_FAILED", T0)).toThrow("broken promise");
  policy.onAttempt(T0);
  expect(() => policy.onAttempt(T0)).toThrow("broken promise");
  expect(() => policy.onEnded({ code: "PEER_RESET", livedMs: 0 }, T0)).toThrow("broken promise");
});
