/**
 * Promise: options mean the same on a page as elsewhere. Both readers get the same options, right
 * and wrong: both refuse them or neither, and the same values come out.
 *
 * Known differences: the words of refusals; a list for `redirectTo`, a token or an agent that a
 * page can tell to be of no use; and what an adaptive interval is made of is kept as it was given.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isHoldfastError } from "../../src/base/errors.ts";
import type { LinkConfig } from "../../src/client/config.ts";
import type { ConnectOptions } from "../../src/client/options.ts";
import { resolveConnect } from "../../src/client/socket-terms.ts";
import { ADAPTING } from "../../src/page/adapting.ts";
import { LINES } from "../../src/page/lines.ts";
import {
  type BrowserConnectOptions,
  type PageConfig,
  readPageOptions,
} from "../../src/page/page-options.ts";

const EXTRAS = { lines: LINES, adapting: ADAPTING };

/** What both must agree on, in one form. */
interface Agreed {
  readonly [name: string]: unknown;
}

function ofPage(config: PageConfig): Agreed {
  const { heartbeat, line, redial, redirectTo, stallToleranceMs, inboxBytesMax } = config;
  const { messageBytesMax, outboxBytesMax, outboxHighWaterBytes, closeTimeoutMs, agent } = config;
  const { timeoutMs, drainTimeoutMs, pauseMsMax, token, signal } = config;
  return {
    intervalMs: heartbeat.intervalMs,
    answerWithinMs: heartbeat.answerWithinMs,
    answersExpected: heartbeat.pong === "expected",
    isAdaptive: heartbeat.adaptive !== false && heartbeat.adaptive !== undefined,
    words: [line.ping, line.pong, line.lineBytesMax],
    redial,
    redirectTo,
    bytes: [messageBytesMax, outboxBytesMax, outboxHighWaterBytes, inboxBytesMax],
    ms: [timeoutMs, drainTimeoutMs, pauseMsMax, stallToleranceMs, closeTimeoutMs],
    given: [agent, token, signal],
  };
}

function ofClient(config: LinkConfig): Agreed {
  const { connection, redial, redirectTo, adaptive, token, signal } = config;
  const { stallToleranceMs, inboxBytesMax, closeTimeoutMs } = config;
  const { liveness, words, lineBytesMax, agent } = connection;
  const { messageBytesMax, outboxBytesMax, outboxHighWaterBytes } = connection;
  const { timeoutMs, drainTimeoutMs, pauseMsMax } = liveness;
  return {
    intervalMs: liveness.intervalMs,
    answerWithinMs: liveness.answerWithinMs,
    answersExpected: liveness.answersExpected,
    isAdaptive: adaptive !== false,
    words: [words.ping, words.pong, lineBytesMax],
    redial,
    redirectTo,
    bytes: [messageBytesMax, outboxBytesMax, outboxHighWaterBytes, inboxBytesMax],
    ms: [timeoutMs, drainTimeoutMs, pauseMsMax, stallToleranceMs, closeTimeoutMs],
    given: [agent, token, signal],
  };
}

/** The values, or the refusal. Nothing else may be thrown. */
function outcome(read: () => Agreed): Agreed | string {
  try {
    return read();
  } catch (error) {
    if (isHoldfastError(error) && error.code === "OPTION_INVALID") return error.message;
    throw error;
  }
}

const page = (options: unknown): Agreed | string =>
  outcome(() => ofPage(readPageOptions(options as BrowserConnectOptions, EXTRAS)));

const client = (options: unknown): Agreed | string =>
  outcome(() => ofClient(resolveConnect(options as ConnectOptions)));

const strange = fc.constantFrom<unknown>(
  null,
  true,
  false,
  NaN,
  Infinity,
  -1,
  0,
  0.5,
  "",
  "5",
  "1 2,agent 1",
  [],
  [7],
  {},
  () => 5,
);
const number = fc.oneof(
  fc.constantFrom(1, 9, 10, 11, 99, 100, 101, 200, 1_000, 60_000, 60_001, 600_001, 86_400_001),
  fc.integer({ min: 1, max: 2 ** 31 }),
  fc.constantFrom(16, 2 ** 20, 2 ** 24, 2 ** 30, 2 ** 30 + 1, 2 ** 32, 2 ** 32 + 1),
);
const usual = fc.integer({ min: 1_000, max: 60_000 });
const value = fc.oneof(
  { weight: 12, arbitrary: usual },
  { weight: 4, arbitrary: number },
  { weight: 1, arbitrary: strange },
  { weight: 2, arbitrary: fc.constant(undefined) },
);
const flag = fc.oneof(value, fc.constant(false));
const word = fc.oneof(
  fc.constantFrom<unknown>("ping", "pong", "a", "two words", "x".repeat(64), "x".repeat(65)),
  fc.constantFrom<unknown>("a\nb", "", false, 5, undefined),
);
const rarely = fc.constantFrom("constructor", "__proto__", "toString", "retries", "interval");

/** An object of some of these, rarely with a key that nobody knows, rarely something else. */
function group(model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  const known = fc.record(model, { requiredKeys: [] });
  return fc.oneof(
    { weight: 30, arbitrary: known },
    {
      weight: 2,
      arbitrary: fc.tuple(known, rarely).map(([some, key]) => {
        return Object.defineProperty({ ...some }, key, { value: 1, enumerable: true });
      }),
    },
    { weight: 1, arbitrary: strange },
  );
}

const heartbeat = group({
  intervalMs: value,
  answerWithinMs: flag,
  pong: fc.constantFrom("expected", "none", undefined, "maybe"),
  adaptive: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom<unknown>(undefined, false) },
    { weight: 2, arbitrary: group({ intervalMsMin: value, intervalMsMax: value }) },
  ),
});
const redial = group({
  attemptsMax: flag,
  giveUpAfterMs: flag,
  baseMs: value,
  factor: fc.oneof(fc.double({ min: 0.5, max: 11 }), value),
  capMs: value,
  attemptTimeoutMs: value,
});
const signal = new AbortController().signal;
const token = (): string => "t";
const observe = (): void => {};

/** Few at a time: of many one is wrong nearly always. */
const options = fc
  .tuple(
    group({
      heartbeat,
      redial,
      line: group({ ping: word, pong: word, lineBytesMax: value }),
      timeoutMs: value,
      drainTimeoutMs: value,
      pauseMsMax: value,
      stallToleranceMs: value,
      messageBytesMax: value,
      outboxBytesMax: number,
      outboxHighWaterBytes: value,
      inboxBytesMax: value,
      closeTimeoutMs: value,
      deadWithinMs: flag,
      agent: fc.constantFrom<unknown>("a", "x".repeat(200), "x".repeat(201), 5, undefined),
      token: fc.constantFrom<unknown>("t", "", "\n".repeat(4_097), 5, token, undefined),
      redirectTo: fc.constantFrom<unknown>(["B.example", "[::1]"], [], ["a", 5], "a", undefined),
      signal: fc.constantFrom<unknown>(signal, {}, { aborted: true }, 5, null, undefined),
      observe: fc.constantFrom<unknown>(observe, 5, undefined),
      websocket: group({}),
    }),
    fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
  )
  .map(([given, dice]) => {
    if (typeof given !== "object" || given === null || Array.isArray(given)) return given;
    return Object.fromEntries(Object.entries(given).filter(() => dice.next().value === 0));
  });

test("whatever the options, both take them or neither, and they mean the same", () => {
  let taken = 0;
  fc.assert(
    fc.property(options, (given) => {
      expectSame(given);
      if (typeof client(given) !== "string") taken += 1;
    }),
    { numRuns: 2_000 },
  );
  expect(taken).toBeGreaterThan(200);
});

function expectSame(given: unknown): void {
  const expected = client(given);
  const got = page(given);
  if (typeof expected === "string") expect(typeof got, expected).toBe("string");
  else expect(got).toStrictEqual(expected);
}

test("the parts of a heartbeat, and what contradicts among them, are the same", () => {
  const bound = fc.constantFrom(undefined, undefined, false, 999, 1_000, 15_001, 90_000);
  fc.assert(
    fc.property(heartbeat, bound, value, (beat, deadWithinMs, timeoutMs) => {
      expectSame({ heartbeat: beat, deadWithinMs, timeoutMs });
    }),
    { numRuns: 1_500 },
  );
  for (const adaptive of [{}, { intervalMsMin: 40_000 }]) {
    for (const deadWithinMs of [undefined, 9_000])
      expectSame({ heartbeat: { adaptive }, deadWithinMs });
  }
});

test("what is wrong is named, with what was expected and what came", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [{ timeoutMs: 99 }, "connect: `timeoutMs` must be whole, from 100 to 86400000, got 99"],
    [{ drainTimeoutMs: "5" }, "connect: `drainTimeoutMs` must be whole, from 100 to"],
    [{ reconnect: true }, "connect: `reconnect` is not an option; known are heartbeat, redial,"],
    [{ constructor: 1 }, "connect: `constructor` is not an option"],
    [{ heartbeat: { interval: 1 } }, "heartbeat: `interval` is not an option"],
    [{ heartbeat: { intervalMs: 9.5 } }, "heartbeat: `intervalMs` must be whole, from 10 to"],
    [{ heartbeat: 30 }, "heartbeat: expected an object"],
    [{ heartbeat: { answerWithinMs: true } }, "or false, got true"],
    [{ redial: { factor: 11 } }, "redial: `factor` must be from 1 to 10, got 11"],
    [{ redial: { baseMs: 1_000, capMs: 999 } }, "redial: `capMs` must be whole, from 1000 to"],
    [{ line: { ping: "a\nb" } }, "line: `ping` must be 1 to 64 characters without a line break"],
    [{ line: { ping: "x", pong: "x" } }, "line: `ping` and `pong` must differ"],
    [{ outboxBytesMax: 10 }, "connect: `outboxBytesMax` must be whole, from 1048576 to"],
    [{ deadWithinMs: 9_000, heartbeat: { intervalMs: 10 } }, "give one of the two"],
    [{ websocket: { protocols: ["a", "a"] } }, "a list of different subprotocols"],
    [{ websocket: { origin: "x" } }, "websocket: `origin` is not an option"],
    [{ keepalive: false }, "connect: `keepalive` is not an option"],
    [
      { hiddenLeaseMs: 1n },
      "`hiddenLeaseMs` must be whole, from 1000 to 86400000, or false, got 1",
    ],
    [{ signal: {} }, "connect: `signal` must be an AbortSignal, got"],
    [{ observe: 1 }, "connect: `observe` must be a function, got 1"],
    [{ agent: "\ud800" }, "connect: `agent` must be at most 200 characters"],
  ];
  for (const [given, words] of cases) expect(page(given)).toContain(words);
});

test("a wrong token is not shown", () => {
  for (const wrong of ["HUNTER2".repeat(2_000), ["HUNTER2"], "\ud800HUNTER2"]) {
    const refusal = page({ token: wrong });
    expect(refusal).toContain("`token` must be 1 to 8192 characters, or a function");
    expect(refusal).not.toContain("HUNTER2");
  }
});

test("a door without lines and adaptive intervals knows no options for them", () => {
  const plain = (given: unknown): Agreed | string =>
    outcome(() => {
      readPageOptions(given as BrowserConnectOptions, {});
      return {};
    });
  expect(plain({ heartbeat: { intervalMs: 1_000 } })).toEqual({});
  expect(plain({ line: {} })).toContain("`line` is not an option");
  expect(plain({ heartbeat: { pong: "expected" } })).toContain("`pong` is not an option");
  expect(plain({ heartbeat: { adaptive: false } })).toContain("`adaptive` is not an option");
});
