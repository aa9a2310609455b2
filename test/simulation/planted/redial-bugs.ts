/** Mistakes of links: waits, attempts, and messages that get lost. */
import { Outgoing } from "../../../src/client/outgoing.ts";
import { type RedialDecision, RedialPolicy } from "../../../src/redial/redial-policy.ts";
import { SimProcess } from "../../../src/simulation/sim-process.ts";
import { type Plant, replace } from "./planting.ts";

/** The jitter is added to the cap instead of drawn inside it. */
export const jitterAboveCap: Plant = replace(
  RedialPolicy,
  "onFailed",
  (original) =>
    function (...args: Parameters<RedialPolicy["onFailed"]>) {
      const decision: RedialDecision = original.apply(this, args);
      return decision.do === "give-up"
        ? decision
        : { ...decision, delayMs: decision.delayMs + 9e4 };
    },
);

/** A connection that came online counts as a success at once. */
export const flappingResets: Plant = replace(
  RedialPolicy,
  "onEnded",
  (original) =>
    function (end: Parameters<RedialPolicy["onEnded"]>[0], now) {
      return original.call(this, { ...end, livedMs: Number.MAX_SAFE_INTEGER }, now);
    },
);

/** Now and then an alarm of a link is forgotten, and with it the link. */
export const forgottenAlarm: Plant = replace(SimProcess, "clock", (original) => {
  let count = 0;
  return function (owner: string) {
    const clock = original.call(this, owner);
    if (owner !== "link") return clock;
    return {
      ...clock,
      wakeAt: (...args: Parameters<typeof clock.wakeAt>) => {
        count += 1;
        return count % 3 === 0 ? () => {} : clock.wakeAt(...args);
      },
    };
  };
});

/** An attempt may take for ever. */
export const attemptWithoutDeadline: Plant = replace(
  RedialPolicy,
  "onAttempt",
  (original) =>
    function (now) {
      const decision = original.call(this, now);
      return decision.do === "give-up" ? decision : { ...decision, timeoutMs: 86_400_000 };
    },
);

/** What an ended connection was not sure of is dropped without a word. */
export const lostInSilence: Plant = replace(
  Outgoing,
  "detach",
  (original) =>
    function (unwritten, lost: Parameters<Outgoing["detach"]>[1]) {
      original.call(this, unwritten, { ...lost, messages: [] });
    },
);
