/**
 * One side sleeps for longer than its own bound and goes on. While it slept the other side may not
 * give up, or nothing could be learned; so where it has to wait, it was told to wait longer.
 *
 * If the peer lives, the sleeper must not take its own sleep for the peer's death. If the peer
 * vanished meanwhile, it must find that as soon after the wake as from any last sign of life.
 */
import type { LabOptions, Side } from "../bounds.ts";
import { monotonicMs } from "../contestants/contestant.ts";
import { KEPT, type LabCase, STANDARD, within } from "./lab-case.ts";

/** Longer than the bound of either side under the standard options. */
const SLEEP_MS = 10_000;
/** For who has to outwait the sleep. */
const PATIENT_ANSWER_MS = 20_000;
const PATIENT_TIMEOUT_MS = 25_000;

const PATIENT_OTHER: Readonly<Record<Side, LabOptions>> = {
  client: { ...STANDARD, serverAnswerMs: PATIENT_ANSWER_MS, timeoutMs: PATIENT_TIMEOUT_MS },
  server: { ...STANDARD, clientAnswerMs: PATIENT_ANSWER_MS },
};

export const OWN_SUSPEND: readonly LabCase[] = [
  suspended("client"),
  suspended("server"),
  suspendedWhilePeerDies("client"),
  suspendedWhilePeerDies("server"),
];

function suspended(sleeper: Side): LabCase {
  return {
    id: `suspended-${sleeper}`,
    title: `${sleeper} suspended for 10 s, the peer lives`,
    options: PATIENT_OTHER[sleeper],
    needs: [],
    fault: async (stage, pause) => {
      const beganAtMs = monotonicMs();
      stage.freeze(sleeper);
      const faultAtMs = monotonicMs();
      await pause(SLEEP_MS);
      const wokeAtMs = monotonicMs();
      stage.thaw(sleeper);
      return { beganAtMs, faultAtMs, wokeAtMs };
    },
    expects: () => KEPT,
  };
}

function suspendedWhilePeerDies(sleeper: Side): LabCase {
  return {
    id: `suspended-${sleeper}-peer-lost`,
    title: `${sleeper} suspended for 10 s, the peer vanishes meanwhile`,
    options: STANDARD,
    needs: [],
    fault: async (stage, pause) => {
      const beganAtMs = monotonicMs();
      stage.freeze(sleeper);
      stage.network.partition();
      const faultAtMs = monotonicMs();
      await pause(SLEEP_MS);
      const wokeAtMs = monotonicMs();
      stage.thaw(sleeper);
      return { beganAtMs, faultAtMs, wokeAtMs };
    },
    expects: (side, dialect) =>
      within(side, dialect, STANDARD, side === sleeper ? "wake" : "fault"),
  };
}
