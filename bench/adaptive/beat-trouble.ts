/**
 * Why a beat may fail although the path had kept the flow: mostly an outage, sometimes a server
 * that died, sometimes we ourselves.
 *
 * An outage of three seconds is enough. What TCP sent meanwhile it sends again after longer and
 * longer waits, and the try that would get through comes later than an answer is waited for.
 */
import { type Random, uniform } from "../../src/base/random.ts";

export type Trouble =
  | {
      readonly kind: "outage";
      /** How long before the ping it began; 0 for one that swallowed the answer only. */
      readonly sinceMs: number;
      readonly lengthMs: number;
      readonly didPingArrive: boolean;
    }
  | { readonly kind: "crash"; readonly how: "reset" | "finished"; readonly afterMs: number }
  | { readonly kind: "stall"; readonly latenessMs: number };

const OUTAGE_SHARE = 0.85;
const CRASH_SHARE = 0.1;
const OUTAGE_MS_MIN = 3_000;
const OUTAGE_MS_MORE_MEAN = 12_000;
const OUTAGE_MS_MAX = 300_000;

export function drawTrouble(gapMs: number, random: Random): Trouble {
  const draw = random.next();
  if (draw < OUTAGE_SHARE) return drawOutage(random);
  if (draw < OUTAGE_SHARE + CRASH_SHARE) {
    const how = random.next() < 0.5 ? "reset" : "finished";
    return { kind: "crash", how, afterMs: uniform(random, 0, gapMs) };
  }
  return { kind: "stall", latenessMs: uniform(random, 5_000, 120_000) };
}

function drawOutage(random: Random): Trouble {
  const moreMs = -OUTAGE_MS_MORE_MEAN * Math.log(1 - random.next());
  const lengthMs = Math.min(OUTAGE_MS_MAX, OUTAGE_MS_MIN + moreMs);
  const didPingArrive = random.next() < 0.5;
  // To swallow the ping and all that TCP repeats it must go on for the least time after it.
  const sinceMs = didPingArrive ? 0 : uniform(random, 0, lengthMs - OUTAGE_MS_MIN);
  return { kind: "outage", sinceMs, lengthMs, didPingArrive };
}
