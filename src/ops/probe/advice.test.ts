import fc from "fast-check";
import { expect, test } from "vitest";
import { adviceFor } from "./advice.ts";
import { type Bracket, bracketOf } from "./bracket.ts";

function bracket(survivedMs: number | undefined, diedMs: number | undefined): Bracket {
  return { ...bracketOf([]), survivedMs, diedMs, deathCount: 3, confidence: "certain" };
}

const FREE = { answerWithinMs: 5_000, serverAllowsMs: undefined };

test.each([
  [20_000, 17_000, 39_000],
  [300_000, 285_000, 575_000],
  [5_000, 2_000, 9_000],
  [900, 450, 6_000],
])("after %i ms survived: every %i ms, given up after %i", (survivedMs, intervalMs, timeoutMs) => {
  const advice = adviceFor({ ...FREE, bracket: bracket(survivedMs, survivedMs + 1_000) });
  expect(advice).toMatchObject({ intervalMs, timeoutMs });
});

test("the server's own limit wins where it is the smaller one, and is named", () => {
  const facts = { bracket: bracket(300_000, 315_000), answerWithinMs: 5_000 };
  const advice = adviceFor({ ...facts, serverAllowsMs: 60_000 });
  expect(advice).toMatchObject({ intervalMs: 30_000, timeoutMs: 65_000 });
  expect(advice?.reason).toContain("half of what the server allows");
});

test("nothing survived, nothing advised", () => {
  expect(adviceFor({ ...FREE, bracket: bracket(undefined, 5_000) })).toBeUndefined();
});

test("an unsure bracket is not trusted beyond its first contradiction", () => {
  const early = { id: 1, group: "plain" as const, plannedMs: 8_000, idleMs: 8_000, atMs: 8_000 };
  const death = { ...early, outcome: "silent" as const, afterMs: 5_000, why: undefined };
  const unsure: Bracket = {
    ...bracket(20_000, 21_000),
    confidence: "unsure",
    contradictions: [death],
  };
  expect(adviceFor({ ...FREE, bracket: unsure })?.intervalMs).toBe(5_000);
});

test("never longer than what was survived, nor than half of what the server allows", () => {
  const ms = fc.integer({ min: 200, max: 10 ** 8 });
  fc.assert(
    fc.property(ms, ms, fc.integer({ min: 50, max: 60_000 }), (survivedMs, allowsMs, answerMs) => {
      const advice = adviceFor({
        bracket: bracket(survivedMs, survivedMs * 2),
        answerWithinMs: answerMs,
        serverAllowsMs: allowsMs,
      });
      expect(advice?.intervalMs).toBeLessThan(survivedMs);
      expect(advice?.intervalMs).toBeLessThanOrEqual(allowsMs / 2);
      expect(advice?.intervalMs).toBeGreaterThan(0);
      const leastMs = 2 * (advice?.intervalMs ?? 0) + answerMs;
      expect(advice?.timeoutMs).toBeGreaterThanOrEqual(leastMs);
    }),
  );
});
