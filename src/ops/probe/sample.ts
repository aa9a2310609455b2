/**
 * What one connection of a probe taught: how long it was left alone, and what came of the ping
 * after that. Pure.
 *
 * Easy to break: `idleMs` is what was measured, not what was planned. A process that was late asks
 * late, and the silence that the path has seen is then the longer one.
 */

export type Outcome =
  /** The ping was answered. */
  | "survived"
  /** No answer, no reset, nothing: the middle forgot the flow and tells nobody. */
  | "silent"
  /** The ping was answered by a reset. */
  | "reset"
  /** The ping was answered by FIN. */
  | "finished"
  /** A reset came by itself, in the middle of the silence. */
  | "reset-idle"
  /** FIN came by itself, in the middle of the silence. */
  | "finished-idle"
  /** Our own kernel gave the connection up while nobody spoke. */
  | "lost-idle"
  /** Watched to the end of its time without a reset or a FIN; nothing more can be seen. */
  | "open"
  /** Says nothing about the path: `why` has the reason. */
  | "discarded";

export interface Sample {
  /** The same for each verdict on one connection. */
  readonly id: number;
  readonly group: "plain" | "keepalive";
  readonly plannedMs: number;
  /** The age of the silence at the ping, or at a death that came by itself. */
  readonly idleMs: number;
  readonly outcome: Outcome;
  /** From the ping to the answer, the reset or the FIN; how long was waited for a silent one. */
  readonly afterMs: number | undefined;
  /** When it was judged, since the probe began. */
  readonly atMs: number;
  readonly why: string | undefined;
}

export function isDeath({ outcome }: Sample): boolean {
  switch (outcome) {
    case "silent":
    case "reset":
    case "finished":
    case "reset-idle":
    case "finished-idle":
    case "lost-idle":
      return true;
    case "survived":
    case "open":
    case "discarded":
      return false;
    default:
      return outcome satisfies never;
  }
}

/** A death that was seen when it happened, so that its time is known exactly. */
export function isSeen({ outcome }: Sample): boolean {
  return outcome === "reset-idle" || outcome === "finished-idle" || outcome === "lost-idle";
}

/** Whether it shows that the path was still open after `idleMs`. */
export function isAlive({ outcome }: Sample): boolean {
  return outcome === "survived" || outcome === "open";
}
