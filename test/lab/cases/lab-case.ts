/**
 * One kind of fault: how it is made, and what each end of a Holdfast connection must then show.
 *
 * What the others show is measured and shown beside it; nobody promised anything for them.
 */
import type { ErrorCode } from "../../../src/index.ts";
import { boundOf, type Bound, type Dialect, type LabOptions, type Side } from "../bounds.ts";
import { monotonicMs } from "../contestants/contestant.ts";
import type { LossyPath, Stage } from "../stage.ts";

/** From when on a detection is timed. */
export type Since = "fault" | "wake" | "last byte heard";

export type Expectation =
  | {
      readonly is: "found";
      readonly bound: Bound;
      readonly since: Since;
      /** What the end record may say. */
      readonly codes: readonly ErrorCode[];
    }
  /** It has no right to end: the peer lives, and a way leads to it. */
  | { readonly is: "kept" }
  /** It is frozen, and cannot find anything. */
  | { readonly is: "frozen" };

export interface FaultTimes {
  /** Nothing had happened yet. */
  readonly beganAtMs: number;
  /** From here on the fault was in force. */
  readonly faultAtMs: number;
  /** When a suspended side went on. */
  readonly wokeAtMs?: number;
}

export interface LabCase {
  readonly id: string;
  /** What happens, in a few words. */
  readonly title: string;
  readonly options: LabOptions;
  /** Programs that it needs beyond `ip`. */
  readonly needs: readonly string[];
  readonly path?: LossyPath;
  /** Before the programs start. */
  readonly prepare?: (stage: Stage) => void;
  readonly fault: (stage: Stage, pause: Pause) => Promise<FaultTimes>;
  readonly expects: (side: Side, dialect: Dialect) => Expectation;
  /** Asked at the end, where nobody ends whose end would show it. */
  readonly wasInForce?: (stage: Stage) => boolean;
  /** The matter is to live on for as long as was asked for, and not who finds what. */
  readonly isStretch?: true;
}

/** Waits; fails when the run is given up meanwhile. */
export type Pause = (ms: number) => Promise<void>;

/** Short enough for a run of a minute, and otherwise what a data centre might use. */
export const STANDARD: LabOptions = {
  intervalMs: 3_000,
  clientAnswerMs: 3_000,
  serverAnswerMs: 3_000,
  timeoutMs: 8_000,
};

/** A fault that is one deed. */
export function deed(apply: (stage: Stage) => void): LabCase["fault"] {
  return (stage) => {
    const beganAtMs = monotonicMs();
    apply(stage);
    return Promise.resolve({ beganAtMs, faultAtMs: monotonicMs() });
  };
}

/** By silence, as the table of bounds says for this side and dialect. */
export function within(
  side: Side,
  dialect: Dialect,
  options: LabOptions,
  since: Since = "fault",
): Expectation {
  return { is: "found", bound: boundOf(side, dialect, options), since, codes: ["PEER_SILENT"] };
}

export const KEPT: Expectation = { is: "kept" };
export const FROZEN: Expectation = { is: "frozen" };
