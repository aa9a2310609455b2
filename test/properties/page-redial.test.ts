/**
 * Promise: reconnection neither stampedes nor latches, on a page, too. Its policy is held to the
 * one of redial/: the same story and the same chance lead to the same decisions, draw for draw.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ERRORS, type ErrorCode } from "../../src/base/errors.ts";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { type Instant, later } from "../../src/base/time.ts";
import { type PageDecision, PageRedial } from "../../src/page/page-redial.ts";
import {
  type RedialConfig,
  type RedialDecision,
  RedialPolicy,
  type RetryHint,
} from "../../src/redial/redial-policy.ts";

const T0 = 0 as Instant;

const configs: fc.Arbitrary<RedialConfig> = fc.record({
  baseMs: fc.integer({ min: 10, max: 5_000 }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  capMs: fc.integer({ min: 5_000, max: 3_600_000 }),
  attemptsMax: fc.oneof(fc.constant(false as const), fc.integer({ min: 1, max: 20 })),
  giveUpAfterMs: fc.oneof(fc.constant(false as const), fc.integer({ min: 1, max: 5_000_000 })),
  attemptTimeoutMs: fc.integer({ min: 10, max: 60_000 }),
  stableAfterMs: fc.integer({ min: 30_000, max: 200_000 }),
});

const ms = fc.oneof(fc.integer(), fc.nat(2_000_000), fc.constantFrom(NaN, Infinity, -1, 0));
const hints: fc.Arbitrary<RetryHint | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({ reconnectWindowMs: ms }),
  fc.record({
    retry: fc.constantFrom(...(["now", "after", "now", "after", "now", "after", "never"] as const)),
    afterMs: ms,
    spreadMs: ms,
  }),
);
const RETRYABLE = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => ERRORS[code].retry);
const codes = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...RETRYABLE) },
  { weight: 3, arbitrary: fc.constant("UNAUTHORIZED" as const) },
  { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(ERRORS) as ErrorCode[])) },
);
/** One dial, and what became of it. */
const dials = fc.record({
  /** How the wait before it went: shares of it, and whether each was followed by a cut. */
  waits: fc.array(fc.tuple(fc.double({ min: 0, max: 0.5, noNaN: true }), fc.boolean()), {
    maxLength: 3,
  }),
  lateMs: fc.oneof(fc.constant(0), fc.constant(0), fc.nat(100_000)),
  tookMs: fc.nat(20_000),
  livedMs: fc.option(fc.nat(300_000), { nil: undefined }),
  code: codes,
  hint: hints,
  isolated: fc.boolean(),
});

/** Counts the draws. */
class Counted implements Random {
  count = 0;
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  next(): number {
    this.count += 1;
    return this.#random.next();
  }
}

/** What the page decides, in the words of the policy. */
function told(decision: PageDecision): RedialDecision {
  if (typeof decision === "string") return { do: "give-up", code: decision };
  const { delayMs, attempt, refresh } = decision;
  return { do: refresh ? "refresh-credentials" : "wait", delayMs, attempt };
}

test("the same story leads to the same decisions, draw for draw", () => {
  const stories = fc.array(dials, { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(configs, stories, fc.nat(), (config, story, seed) => {
      const draws = [new Counted(seed), new Counted(seed)] as const;
      const policy = new RedialPolicy(config, draws[0]);
      const page = new PageRedial(config, draws[1]);
      let now = T0;
      let waitMs = 0;
      for (const { waits, lateMs, tookMs, livedMs, code, hint, isolated } of story) {
        for (const [share, isCut] of waits) {
          now = later(now, Math.floor(share * waitMs));
          waitMs -= Math.floor(share * waitMs);
          if (!isCut) continue;
          const leftMs = policy.cutShort(now);
          expect(page.cutShort(now)).toBe(leftMs);
          waitMs = leftMs ?? waitMs;
        }
        now = later(now, waitMs + lateMs);
        const dial = policy.onAttempt(now);
        const decision = page.onDial(now);
        if (dial.do === "give-up") {
          expect(decision).toBe(dial.code);
          return;
        }
        expect(decision).toEqual({ attempt: dial.attempt, timeoutMs: dial.timeoutMs });
        now = later(now, tookMs);
        if (livedMs !== undefined) {
          policy.onOnline(now);
          page.onOnline();
          now = later(now, livedMs);
        }
        const next =
          livedMs === undefined
            ? policy.onFailed(code, now, hint)
            : policy.onEnded({ code, livedMs, hint, isolated }, now);
        const { retry } = ERRORS[code];
        expect(told(page.onOver({ code, livedMs, hint, isolated, retry }, now))).toEqual(next);
        expect(draws[1].count).toBe(draws[0].count);
        if (next.do === "give-up") return;
        waitMs = next.delayMs;
      }
    }),
    { numRuns: 2_000 },
  );
});

const CONFIG: RedialConfig = {
  attemptsMax: 10,
  giveUpAfterMs: false,
  baseMs: 1_000,
  factor: 2,
  capMs: 60_000,
  attemptTimeoutMs: 10_000,
  stableAfterMs: 30_000,
};
const FAILED = { code: "DIAL_FAILED", livedMs: undefined, hint: undefined } as const;

test("a wait without a network is prolonged, never shortened, and may be cut again", () => {
  const page = new PageRedial(CONFIG, { next: () => 0.5 });
  expect(page.prolong(5_000, T0)).toBeUndefined();
  page.onDial(T0);
  expect(page.prolong(5_000, T0)).toBeUndefined();
  page.onOver({ ...FAILED, isolated: false, retry: true }, T0);
  expect(page.prolong(300_000, T0)).toBe(300_000);
  expect(page.prolong(1_000, later(T0, 1_000))).toBe(299_000);
  expect(page.cutShort(later(T0, 2_000))).toBe(1_000);
  expect(page.cutShort(later(T0, 2_000))).toBeUndefined();
  expect(page.prolong(300_000, later(T0, 2_500))).toBe(300_000);
  expect(page.cutShort(later(T0, 3_000))).toBe(1_000);
});

test("what the server ordered stands, however the wait was prolonged and cut", () => {
  const page = new PageRedial(CONFIG, { next: () => 0 });
  page.onDial(T0);
  const hint = { retry: "after", afterMs: 40_000, spreadMs: 0 } as const;
  page.onOver({ ...FAILED, hint, isolated: false, retry: true }, T0);
  expect(page.prolong(300_000, T0)).toBe(300_000);
  expect(page.cutShort(later(T0, 10_000))).toBe(30_000);
});

test("who gives up at the end of a wait does so after a prolonged one, too", () => {
  const page = new PageRedial({ ...CONFIG, giveUpAfterMs: 400 }, { next: () => 0.9 });
  page.onDial(T0);
  page.onOver({ ...FAILED, isolated: false, retry: true }, T0);
  page.prolong(300_000, T0);
  expect(page.onDial(later(T0, 300_000))).toBe("GAVE_UP");
});
