/**
 * Promise: reconnection never latches. Any history of dials, successes, failures and hints, checked
 * against books that are kept apart from those of the policy.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ERRORS, type ErrorCode } from "../../src/base/errors.ts";
import { seededRandom } from "../../src/base/random.ts";
import { type Instant, later } from "../../src/base/time.ts";
import {
  type AttemptDecision,
  type RedialConfig,
  type RedialDecision,
  RedialPolicy,
  type RetryHint,
} from "../../src/redial/redial-policy.ts";

const T0 = 0 as Instant;
const RETRYABLE = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => ERRORS[code].retry);
const FATAL = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => !ERRORS[code].retry);

const configs: fc.Arbitrary<RedialConfig> = fc.record({
  baseMs: fc.integer({ min: 10, max: 5_000 }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  capMs: fc.integer({ min: 5_000, max: 3_600_000 }),
  attemptsMax: fc.oneof(fc.constant(false as const), fc.integer({ min: 1, max: 20 })),
  giveUpAfterMs: fc.oneof(
    { weight: 3, arbitrary: fc.constant(false as const) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 5_000_000 }) },
  ),
  attemptTimeoutMs: fc.integer({ min: 10, max: 60_000 }),
  stableAfterMs: fc.integer({ min: 30_000, max: 200_000 }),
});

const hints: fc.Arbitrary<RetryHint | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.record({ reconnectWindowMs: fc.nat(2 ** 40) }),
  fc.record({
    retry: fc.constantFrom("now" as const, "after" as const),
    afterMs: fc.nat(2 ** 40),
    spreadMs: fc.nat(2 ** 40),
  }),
);

/** What must be true between two inputs, kept apart from the policy's own books. */
interface Model {
  doing: "nothing" | "dialling" | "online" | "waiting" | "ended";
  fruitless: number;
  refreshed: boolean;
}

interface Real {
  readonly policy: RedialPolicy;
  readonly config: RedialConfig;
  now: Instant;
  /** Exactly one of these two while waiting; neither otherwise. */
  waitUntil: Instant | undefined;
  ends: Set<object>;
}

function noteDecision(model: Model, real: Real, decision: RedialDecision | AttemptDecision): void {
  switch (decision.do) {
    case "give-up":
      model.doing = "ended";
      real.waitUntil = undefined;
      real.ends.add(decision);
      break;
    case "dial":
      model.doing = "dialling";
      model.fruitless += 1;
      real.waitUntil = undefined;
      expect(decision.attempt).toBe(model.fruitless);
      expect(decision.timeoutMs).toBeGreaterThan(0);
      expect(decision.timeoutMs).toBeLessThanOrEqual(real.config.attemptTimeoutMs);
      break;
    case "wait":
    case "refresh-credentials":
      model.doing = "waiting";
      real.waitUntil = later(real.now, decision.delayMs);
      expect(decision.delayMs).toBeGreaterThanOrEqual(0);
      expect(decision.delayMs).toBeLessThanOrEqual(Math.max(real.config.capMs, 1_200_000));
      expect(decision.attempt).toBe(model.fruitless + 1);
      break;
    default:
      decision satisfies never;
  }
  checkNeverLatched(model, real);
}

function checkNeverLatched(model: Model, real: Real): void {
  const phase = { nothing: "ready" } as Record<string, string>;
  expect(real.policy.phase).toBe(phase[model.doing] ?? model.doing);
  expect(real.waitUntil !== undefined).toBe(model.doing === "waiting");
  expect(real.policy.end !== undefined).toBe(model.doing === "ended");
  expect(real.ends.size).toBe(model.doing === "ended" ? 1 : 0);
}

function checkLost(model: Model, real: Real, code: ErrorCode, decision: RedialDecision): void {
  if (model.doing === "ended") return noteDecision(model, real, decision);
  const { attemptsMax, giveUpAfterMs } = real.config;
  const isExhausted = attemptsMax !== false && model.fruitless >= attemptsMax;
  const mayRefresh = code === "UNAUTHORIZED" && !model.refreshed && !isExhausted;
  if (!ERRORS[code].retry && !mayRefresh) {
    expect(decision).toEqual({ do: "give-up", code });
  } else if (isExhausted) {
    expect(decision).toEqual({ do: "give-up", code: "REDIAL_EXHAUSTED" });
  } else if (decision.do === "give-up") {
    expect(giveUpAfterMs).not.toBe(false);
    expect(decision.code).toBe("GAVE_UP");
  } else {
    expect(decision.do).toBe(mayRefresh ? "refresh-credentials" : "wait");
    if (mayRefresh) model.refreshed = true;
  }
  noteDecision(model, real, decision);
}

type Step = fc.Command<Model, Real>;

function step(
  name: string,
  check: (model: Readonly<Model>) => boolean,
  run: (model: Model, real: Real) => void,
): Step {
  return { check, run, toString: () => name };
}

const codes = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...RETRYABLE) },
  { weight: 2, arbitrary: fc.constant("UNAUTHORIZED" as const) },
  { weight: 1, arbitrary: fc.constantFrom(...FATAL) },
);

const dials = fc.constant(
  step(
    "dial",
    ({ doing }) => doing === "nothing" || doing === "waiting" || doing === "ended",
    (model, real) => {
      if (real.waitUntil !== undefined) real.now = real.waitUntil;
      noteDecision(model, real, real.policy.onAttempt(real.now));
    },
  ),
);
const successes = fc.constant(
  step(
    "online",
    ({ doing }) => doing === "dialling" || doing === "ended",
    (model, real) => {
      real.policy.onOnline(real.now);
      if (model.doing === "dialling") model.doing = "online";
      checkNeverLatched(model, real);
    },
  ),
);
const failures = fc.tuple(codes, hints, fc.nat(20_000)).map(([code, hint, tookMs]) =>
  step(
    `fail ${code} ${JSON.stringify(hint)}`,
    ({ doing }) => doing === "dialling" || doing === "ended",
    (model, real) => {
      real.now = later(real.now, tookMs);
      checkLost(model, real, code, real.policy.onFailed(code, real.now, hint));
    },
  ),
);
const ends = fc.tuple(codes, hints, fc.nat(300_000)).map(([code, hint, livedMs]) =>
  step(
    `end ${code} after ${livedMs} ${JSON.stringify(hint)}`,
    ({ doing }) => doing === "online" || doing === "ended",
    (model, real) => {
      real.now = later(real.now, livedMs);
      if (livedMs >= real.config.stableAfterMs && model.doing === "online") {
        model.fruitless = 0;
        model.refreshed = false;
      }
      checkLost(model, real, code, real.policy.onEnded({ code, livedMs, hint }, real.now));
    },
  ),
);
const cuts = fc.constant(
  step(
    "cut short",
    () => true,
    (model, real) => {
      const leftMs = real.policy.cutShort(real.now);
      if (leftMs !== undefined) {
        expect(model.doing).toBe("waiting");
        const until = later(real.now, leftMs);
        expect(until).toBeLessThan(real.waitUntil as Instant);
        real.waitUntil = until;
        expect(real.policy.cutShort(real.now)).toBeUndefined();
      }
      checkNeverLatched(model, real);
    },
  ),
);

test("reconnection never latches: there is always one dial, wait, connection or end", () => {
  const histories = fc.commands([dials, dials, successes, failures, ends, cuts], {
    maxCommands: 120,
  });
  fc.assert(
    fc.property(configs, fc.nat(2 ** 32), histories, (config, seed, steps) => {
      fc.modelRun(
        (): { model: Model; real: Real } => ({
          model: { doing: "nothing", fruitless: 0, refreshed: false },
          real: {
            policy: new RedialPolicy(config, seededRandom(seed)),
            config,
            now: T0,
            waitUntil: undefined,
            ends: new Set(),
          },
        }),
        steps,
      );
    }),
    { numRuns: 500 },
  );
});
