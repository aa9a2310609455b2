/** Promise: reconnection neither stampedes nor latches. One property for each of its sentences. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ERRORS, type ErrorCode } from "../../src/base/errors.ts";
import { seededRandom } from "../../src/base/random.ts";
import { type Instant, later } from "../../src/base/time.ts";
import { backoffMs, delayCapMs } from "../../src/redial/backoff.ts";
import {
  type RedialConfig,
  type RedialDecision,
  RedialPolicy,
} from "../../src/redial/redial-policy.ts";

const T0 = 0 as Instant;
const RETRYABLE = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => ERRORS[code].retry);

const backoffs = fc
  .record({
    baseMs: fc.integer({ min: 10, max: 600_000 }),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    above: fc.integer({ min: 0, max: 3_000_000 }),
  })
  .map(({ baseMs, factor, above }) => ({ baseMs, factor, capMs: baseMs + above }));

const configs: fc.Arbitrary<RedialConfig> = fc
  .record({
    backoff: backoffs,
    attemptsMax: fc.oneof(fc.constant(false as const), fc.integer({ min: 1, max: 20 })),
    giveUpAfterMs: fc.oneof(
      { weight: 3, arbitrary: fc.constant(false as const) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 5_000_000 }) },
    ),
    attemptTimeoutMs: fc.integer({ min: 10, max: 60_000 }),
    stableAfterMs: fc.integer({ min: 30_000, max: 200_000 }),
  })
  .map(({ backoff, ...rest }) => ({ ...backoff, ...rest }));

const seeds = fc.nat(2 ** 32);

test("jitter stays inside the cap: without a word from the server no wait exceeds it", () => {
  const histories = fc.array(
    fc.tuple(fc.constantFrom(...RETRYABLE), fc.nat(400_000), fc.boolean()),
  );
  fc.assert(
    fc.property(configs, histories, seeds, (config, lives, seed) => {
      const policy = new RedialPolicy({ ...config, attemptsMax: false }, seededRandom(seed));
      for (const [code, livedMs, cameOnline] of lives) {
        if (policy.onAttempt(T0).do === "give-up") return;
        if (cameOnline) policy.onOnline(T0);
        const decision = cameOnline
          ? policy.onEnded({ code, livedMs }, T0)
          : policy.onFailed(code, T0);
        if (decision.do === "give-up") return;
        expect(decision.delayMs).toBeLessThanOrEqual(config.capMs);
      }
    }),
  );
});

test("jitter stays inside the cap, and is not clamped away there: the draws fill the range", () => {
  fc.assert(
    fc.property(backoffs, fc.nat(2 ** 53 - 1), seeds, (config, attempt, seed) => {
      const random = seededRandom(seed);
      const capMs = delayCapMs(config, attempt);
      const draws = Array.from({ length: 200 }, () => backoffMs(config, attempt, random));
      expect(Math.max(...draws)).toBeLessThan(capMs);
      expect(Math.max(...draws)).toBeGreaterThan(capMs * 0.9 - 1);
      expect(Math.min(...draws)).toBeLessThan(Math.max(capMs * 0.6, 100 + capMs * 0.1));
      expect(Math.min(...draws)).toBeGreaterThanOrEqual(Math.floor(Math.min(100, capMs / 2)));
    }),
    { numRuns: 200 },
  );
});

test("arithmetic cannot overflow: for every attempt the cap is finite and never falls", () => {
  const attempts = fc.oneof(fc.nat(2_000), fc.maxSafeNat());
  fc.assert(
    fc.property(backoffs, attempts, attempts, (config, one, other) => {
      const [early, late] = one < other ? [one, other] : [other, one];
      const earlyMs = delayCapMs(config, early);
      const lateMs = delayCapMs(config, late);
      expect(earlyMs).toBeGreaterThanOrEqual(config.baseMs);
      expect(lateMs).toBeGreaterThanOrEqual(earlyMs);
      expect(lateMs).toBeLessThanOrEqual(config.capMs);
    }),
  );
});

test("arithmetic cannot overflow: thousands of failures in a row end in the widest wait", () => {
  fc.assert(
    fc.property(backoffs, seeds, (backoff, seed) => {
      const config = {
        ...backoff,
        factor: Math.max(1.01, backoff.factor),
        attemptsMax: false,
        giveUpAfterMs: false,
        attemptTimeoutMs: 10,
        stableAfterMs: 30_000,
      } as const;
      const policy = new RedialPolicy(config, seededRandom(seed));
      let longest = 0;
      for (let dial = 1; dial <= 3_000; dial++) {
        policy.onAttempt(T0);
        const decision = policy.onFailed("DIAL_FAILED", T0);
        if (decision.do !== "wait") throw new Error("a link without a budget keeps dialling");
        if (dial > 2_800) longest = Math.max(longest, decision.delayMs);
      }
      expect(longest).toBeGreaterThan(config.capMs * 0.9 - 1);
    }),
    { numRuns: 10 },
  );
});

test("a flapping peer does not reset the backoff: neither its count nor its waits", () => {
  const histories = fc.array(fc.integer({ min: 0, max: 29_999 }), { minLength: 8, maxLength: 40 });
  fc.assert(
    fc.property(histories, seeds, (lives, seed) => {
      const config: RedialConfig = {
        attemptsMax: lives.length,
        giveUpAfterMs: false,
        baseMs: 1_000,
        factor: 2,
        capMs: 60_000,
        attemptTimeoutMs: 10_000,
        stableAfterMs: 30_000,
      };
      const flapping = new RedialPolicy(config, seededRandom(seed));
      const failing = new RedialPolicy(config, seededRandom(seed));
      for (const livedMs of lives) {
        flapping.onAttempt(T0);
        flapping.onOnline(T0);
        failing.onAttempt(T0);
        // The same seed: a connection that did not last costs what a failed dial costs.
        const end = { code: "PEER_RESET", livedMs, isolated: true } as const;
        expect(flapping.onEnded(end, T0)).toEqual(failing.onFailed("DIAL_FAILED", T0));
      }
      expect(flapping.end).toEqual({ do: "give-up", code: "REDIAL_EXHAUSTED" });
    }),
  );
});

test("a flapping peer does not reset the backoff, but a connection that lasted does", () => {
  fc.assert(
    fc.property(configs, fc.nat(30), seeds, (config, failures, seed) => {
      const endless = { ...config, attemptsMax: false, giveUpAfterMs: false } as const;
      const policy = new RedialPolicy(endless, seededRandom(seed));
      for (let dial = 0; dial < failures; dial++) {
        policy.onAttempt(T0);
        policy.onFailed("DIAL_FAILED", T0);
      }
      policy.onAttempt(T0);
      policy.onOnline(T0);
      const end = { code: "PEER_RESET", livedMs: config.stableAfterMs, isolated: true } as const;
      const decision = policy.onEnded(end, T0);
      expect(decision).toMatchObject({ do: "wait", attempt: 1 });
      if (decision.do === "wait") expect(decision.delayMs).toBeLessThanOrEqual(config.baseMs);
    }),
  );
});

test("the server can direct who returns when: its time is kept, and clamped to 10 minutes", () => {
  const orders = fc.record({
    retry: fc.constant("after" as const),
    afterMs: fc.nat(2_000_000),
    spreadMs: fc.nat(2_000_000),
  });
  fc.assert(
    fc.property(
      configs,
      orders,
      fc.nat(400_000),
      fc.boolean(),
      seeds,
      (config, hint, livedMs, cameOnline, seed) => {
        const endless = { ...config, attemptsMax: false, giveUpAfterMs: false } as const;
        const policy = new RedialPolicy(endless, seededRandom(seed));
        policy.onAttempt(T0);
        if (cameOnline) policy.onOnline(T0);
        const decision = cameOnline
          ? policy.onEnded({ code: "DRAINED", livedMs, hint }, T0)
          : policy.onFailed("CONNECTIONS_MAX", T0, hint);
        if (decision.do !== "wait") throw new Error("the server asked us to come back");
        const afterMs = Math.min(hint.afterMs, 600_000);
        const latestMs = afterMs + Math.min(hint.spreadMs, 600_000);
        expect(decision.delayMs).toBeGreaterThanOrEqual(afterMs);
        expect(decision.delayMs).toBeLessThanOrEqual(Math.max(latestMs, config.baseMs));
        const cutMs = policy.cutShort(T0);
        if (cutMs !== undefined) expect(cutMs).toBeGreaterThanOrEqual(afterMs);
      },
    ),
  );
});

test("the server can direct who returns when: 'never' ends the link whatever came before", () => {
  fc.assert(
    fc.property(
      configs,
      fc.constantFrom(...RETRYABLE),
      fc.nat(400_000),
      seeds,
      (config, code, livedMs, seed) => {
        const policy = new RedialPolicy(config, seededRandom(seed));
        policy.onAttempt(T0);
        policy.onOnline(T0);
        const hint = { retry: "never", afterMs: 0, spreadMs: 0 } as const;
        const decision = policy.onEnded({ code, livedMs, hint }, T0);
        expect(decision).toEqual({ do: "give-up", code: "TURNED_AWAY" });
      },
    ),
  );
});

test("one terminal event when the budget is spent: attemptsMax dials, and not one more", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), configs, seeds, (attemptsMax, config, seed) => {
      const bounded = { ...config, attemptsMax, giveUpAfterMs: false } as const;
      const policy = new RedialPolicy(bounded, seededRandom(seed));
      let dials = 0;
      const decisions = new Set<RedialDecision>();
      for (let round = 0; round < attemptsMax + 50; round++) {
        if (policy.onAttempt(T0).do === "dial") dials += 1;
        const decision = policy.onFailed("DIAL_FAILED", T0);
        if (decision.do === "give-up") decisions.add(decision);
      }
      expect(dials).toBe(attemptsMax);
      expect([...decisions]).toEqual([{ do: "give-up", code: "REDIAL_EXHAUSTED" }]);
    }),
  );
});

test("one terminal event when the budget is spent: at giveUpAfterMs, and not before", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200_000 }),
      configs,
      seeds,
      (giveUpAfterMs, config, seed) => {
        const bounded = { ...config, attemptsMax: false, giveUpAfterMs } as const;
        const policy = new RedialPolicy(bounded, seededRandom(seed));
        let now = T0;
        for (;;) {
          const start = policy.onAttempt(now);
          if (start.do === "give-up") break;
          now = later(now, start.timeoutMs);
          const decision = policy.onFailed("DIAL_TIMEOUT", now);
          if (decision.do === "give-up") break;
          now = later(now, decision.do === "wait" ? decision.delayMs : 0);
        }
        expect(policy.end).toEqual({ do: "give-up", code: "GAVE_UP" });
        expect(now).toBe(giveUpAfterMs);
      },
    ),
  );
});
