/**
 * What the library tells about itself. It never prints: it observes.
 *
 * An observer is one function, called synchronously and often, so it must be quick. What it throws
 * is reported as an uncaught error and changes nothing here. Sinks live in ops/.
 */
import type { ErrorCode } from "./errors.ts";

export type Observation =
  /** Somebody knocked and was not let in. Counted by cause; `address` is the peer's. */
  | {
      readonly what: "rejected";
      readonly code: ErrorCode;
      readonly address: string;
      /** What came instead, where the code alone does not say; safe to print. */
      readonly detail?: string | undefined;
    }
  /** The operating system would not accept a connection (EMFILE and the like). */
  | { readonly what: "accept-failed"; readonly error: Error }
  /** Our own process was late; no peer is judged for it. */
  | { readonly what: "stall"; readonly lateMs: number; readonly suspended: boolean }
  /** So many connections expired together that their verdicts wait for a second look. */
  | { readonly what: "mass-expiry"; readonly held: number; readonly live: number }
  /** Certificates were read again, and are shown to newcomers. Texts are those of the issuer. */
  | {
      readonly what: "tls-reloaded";
      readonly subject: string;
      readonly fingerprint256: string;
      /** Milliseconds since 1970. */
      readonly validToWallMs: number;
      /** Whether any of them is another than before. */
      readonly changed: boolean;
    }
  /** An option asks for something that will not work as the user expects. Said once. */
  | { readonly what: "warning"; readonly text: string };

export type Observe = (observation: Observation) => void;

export function observeNothing(): void {}

/** The same observer, which can no longer stop what it observes by throwing. */
export function reporting(observe: Observe, report: (error: unknown) => void): Observe {
  return (observation) => {
    try {
      observe(observation);
    } catch (error) {
      report(error);
    }
  };
}
