/** Where a link stands: at any time one of these, which names the one thing that is pending. */
import { assert } from "../base/assert.ts";
import type { RedialPhase } from "../redial/redial-policy.ts";
import type { Attempt } from "./attempt.ts";

export type Stage =
  /** `entry` of the timetable; undefined before the first dial, which comes by itself. */
  | { readonly is: "waiting"; readonly entry: number | undefined }
  | { readonly is: "dialling" | "online"; readonly attempt: Attempt }
  | { readonly is: "ended" };

/** What the policy must believe in each stage that is not the end. */
const PHASES: Readonly<Record<Exclude<Stage["is"], "ended">, readonly RedialPhase[]>> = {
  waiting: ["waiting", "ready"],
  dialling: ["dialling"],
  online: ["online"],
};

export function assertTrue(stage: Stage, phase: RedialPhase): void {
  if (stage.is === "ended") return;
  const isTrue = PHASES[stage.is].includes(phase);
  assert(isTrue, `a link in stage "${stage.is}" is not in phase "${phase}"`);
}
