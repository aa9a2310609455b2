/** What the driver relies on: `deadline` tells exactly when `poll` matters, whatever happens. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { LivenessMonitor } from "../../src/liveness/monitor.ts";
import { StallLog } from "../../src/liveness/stall-log.ts";
import { at, CONFIG } from "./liveness-bench.ts";

const steps = fc.array(
  fc.record({
    op: fc.constantFrom(
      ...["heard", "spoke", "moved", "unacked", "pause", "resume", "wake", "hold", "late"],
      ...["beat", "allowance", "verify", "answers", "answered", "ping", "nothing"],
    ),
    n: fc.integer({ min: 0, max: 100_000 }),
    waitMs: fc.integer({ min: 0, max: 20_000 }),
    sendsPing: fc.boolean(),
  }),
  { maxLength: 60 },
);

type Step = { readonly op: string; readonly n: number };

function apply(monitor: LivenessMonitor, stalls: StallLog, { op, n }: Step, now: number): void {
  const instant = at(now);
  if (op === "heard") monitor.heard(instant);
  if (op === "spoke") monitor.spoke(instant, n % 3 === 0 ? undefined : n);
  if (op === "moved") monitor.moved(instant);
  if (op === "unacked") monitor.unacked(n % 5 === 0 ? undefined : n % 200, instant);
  if (op === "pause") monitor.pause(instant);
  if (op === "resume") monitor.resume(instant);
  if (op === "wake") monitor.verifySoon(instant, 1_000);
  if (op === "hold") monitor.hold(n % 5_000, instant);
  if (op === "late") stalls.recordTick(at(now - (n % 15_000)), instant, now);
  if (op === "beat") monitor.setBeat(n % 4 === 0 ? undefined : n + 10, "when-quiet", instant);
  if (op === "allowance") monitor.setAllowance(n % 4 === 0 ? undefined : n + 10);
  if (op === "verify") monitor.setVerify(n % 2 === 0);
  if (op === "answers") monitor.setAnswers(n % 3 !== 0);
  if (op === "answered") monitor.answered(n % 10, instant);
  if (op === "ping") monitor.pinged(n % 10, n * 2, instant);
}

test("a poll before the deadline does nothing, one at it never spins, death stays", () => {
  const hits = new Map<string, number>();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), steps, (seed, all) => {
      const stalls = new StallLog({ stallToleranceMs: 250 });
      const monitor = new LivenessMonitor(CONFIG, stalls, seededRandom(seed), at(0));
      let now = 0;
      let seq = 10;
      for (const step of all) {
        const early = monitor.deadline();
        if (early === undefined || early > now) expect(monitor.poll(at(now))).toBeUndefined();
        apply(monitor, stalls, step, now);
        let polls = 0;
        for (let due = monitor.deadline(); due !== undefined && due <= now; polls += 1) {
          expect(polls).toBeLessThan(20);
          const action = monitor.poll(at(now));
          if (action !== undefined) hits.set(action, (hits.get(action) ?? 0) + 1);
          if ((action === "beat" || action === "verify") && step.sendsPing) {
            seq += 1;
            monitor.pinged(seq, 0, at(now));
          }
          if (action === "expired") {
            expect(monitor.deadline()).toBeUndefined();
            expect(monitor.poll(at(now + 1e6))).toBeUndefined();
            if (!monitor.hold(step.n % 5_000, at(now))) monitor.dead(at(now));
          }
          due = monitor.deadline();
        }
        expect(monitor.poll(at(now))).toBeUndefined();
        const nextAt = monitor.deadline() ?? Infinity;
        now += Math.max(1, Math.min(step.waitMs, nextAt - now));
        if (monitor.verdict !== "dead") continue;
        apply(monitor, stalls, step, now);
        expect([monitor.verdict, monitor.deadline()]).toEqual(["dead", undefined]);
        expect(monitor.poll(at(now + 1e6))).toBeUndefined();
      }
    }),
    { numRuns: 2_000 },
  );
  // Every action was reached, so that none of the above held for want of trying.
  for (const action of ["beat", "verify", "measure", "suspect", "alive", "slow", "expired"]) {
    expect(hits.get(action), action).toBeGreaterThan(20);
  }
});
