/** What a link tells about itself: its status, its events, and the record of its end. */
import type { ErrorCode } from "../base/errors.ts";
import type { Beat, Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { TlsFacts } from "../transports/transport.ts";
import type { GoAway } from "../wire/frame.ts";
import type { IntervalChange } from "./link-pace.ts";

/**
 * Where a link stands. `connecting`, `waiting`, `online` and `suspect` follow each other for as
 * long as there is hope; `ended` is the last.
 */
export type LinkStatus =
  /** A dial is under way, the `attempt`-th since a connection last proved stable. */
  | { readonly name: "connecting"; readonly attempt: number; readonly url: string }
  /** Messages flow. `since` is in milliseconds since 1970. */
  | {
      readonly name: "online" | "suspect";
      readonly since: number;
      readonly url: string;
      readonly connectionId: string;
      /** What TLS has agreed on, and the server's certificate; undefined without TLS. */
      readonly tls?: TlsFacts | undefined;
    }
  /** The next dial is `attempt`, at `retryAt` (milliseconds since 1970). */
  | {
      readonly name: "waiting";
      readonly retryAt: number;
      readonly delayMs: number;
      readonly attempt: number;
      readonly cause: LinkCause;
    }
  | { readonly name: "ended"; readonly record: LinkEndRecord };

/** Why a dial led to nothing, or a connection ended. */
export interface LinkCause {
  readonly code: ErrorCode;
  /** In plain words, safe to print. */
  readonly sentence: string;
  readonly url: string;
  /** What to try, where the pattern is a known one; else undefined. */
  readonly hint: string | undefined;
  /** Undefined when the dial did not even lead to a pipe. */
  readonly record: EndRecord | undefined;
  readonly error: Error | undefined;
}

/** The last that is heard of a link. */
export interface LinkEndRecord {
  readonly code: ErrorCode;
  /** Why, in one plain sentence that is safe to print; it ends with the hint, if there is one. */
  readonly sentence: string;
  /** All dials of this link. */
  readonly attempts: number;
  /** How many of them came online. */
  readonly connections: number;
  readonly lastCause: LinkCause | undefined;
  /** What was still waiting to be sent, oldest first: no byte of it was written. */
  readonly undelivered: readonly Message[];
  /** Milliseconds since 1970. */
  readonly startedAtWallMs: number;
  readonly endedAtWallMs: number;
}

/** What was sent and is not known to have arrived. It is not sent again by itself. */
export interface Undelivered {
  readonly messages: readonly Message[];
  readonly code: ErrorCode;
  /** Why, safe to print. */
  readonly sentence: string;
}

export interface LinkEvents {
  status: [status: LinkStatus];
  /** Text as string, binary as bytes of the listener's own. */
  message: [data: Message];
  /** A heartbeat was answered, or one of the server was heard. */
  beat: [beat: Beat];
  /** The adaptive interval is another one now. Never told where the interval is fixed. */
  interval: [change: IntervalChange];
  /** `send` had returned false, and there is room again. */
  drain: [];
  goaway: [goaway: GoAway];
  /** Each lost message is in exactly one of these. */
  undelivered: [undelivered: Undelivered];
  /** One connection of this link ended; more may follow. */
  connectionEnd: [record: EndRecord];
  /** Once, and last. */
  end: [record: LinkEndRecord];
}
