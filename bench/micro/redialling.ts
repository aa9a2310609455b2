/** What the redial policy decides after a dial that failed, and after a connection that ended. */
import { seededRandom } from "../../src/base/random.ts";
import type { Instant } from "../../src/base/time.ts";
import { resolveRedial } from "../../src/redial/options.ts";
import { RedialPolicy } from "../../src/redial/redial-policy.ts";
import { STARTED_AT, STEP_MS } from "./subjects.ts";
import { expectThat, type MicroGroup, type MicroTask } from "./task.ts";

export const redialling: MicroGroup = {
  title: "redial policy",
  tasks: () => [failing(), ending()],
};

function policy(): RedialPolicy {
  return new RedialPolicy(resolveRedial({ attemptsMax: false }, 30_000), seededRandom(1));
}

function failing(): MicroTask {
  const subject = policy();
  let now: number = STARTED_AT;
  const once = (): number => {
    now += STEP_MS;
    subject.onAttempt(now as Instant);
    const decision = subject.onFailed("DIAL_FAILED", now as Instant);
    return decision.do === "wait" ? decision.delayMs : 0;
  };
  return {
    name: "redial: a dial and its failure, the next wait",
    check: () => expectThat(once() >= 100, "a failure leads to a wait"),
    run(times) {
      let sum = 0;
      for (let count = 0; count < times; count++) sum += once();
      return sum;
    },
  };
}

function ending(): MicroTask {
  const subject = policy();
  const end = {
    code: "PEER_VANISHED",
    livedMs: 60_000,
    hint: { reconnectWindowMs: 5_000 },
  } as const;
  let now: number = STARTED_AT;
  const once = (): number => {
    now += STEP_MS;
    subject.onAttempt(now as Instant);
    subject.onOnline(now as Instant);
    const decision = subject.onEnded(end, now as Instant);
    return decision.do === "wait" ? decision.delayMs : 0;
  };
  return {
    name: "redial: a dial, a connection and its end, the next wait",
    check: () => expectThat(once() >= 100, "an end leads to a wait"),
    run(times) {
      let sum = 0;
      for (let count = 0; count < times; count++) sum += once();
      return sum;
    },
  };
}
