/**
 * Why and how one connection ended: one record each, with the evidence beside the verdict.
 *
 * The machine gives the facts that it knows (`EndFacts`); the driver, which alone knows the
 * transport and the wall clock, makes the record of them.
 */
import type { TransportKind } from "../base/transport-kind.ts";
import type { ErrorCode } from "../base/errors.ts";
import type { Verdict } from "../liveness/monitor.ts";
import type { Dialect, Message } from "./effects.ts";

/** Who brought the end about. */
export type EndedBy = "here" | "peer" | "fault";

/** What was known at the moment of the end. Times are ages in milliseconds. */
export interface EndEvidence {
  /** Age of the last byte heard; undefined when none ever was. */
  readonly heardMsAgo: number | undefined;
  /** Age of the last byte that the kernel took; undefined when none ever was. */
  readonly spokeMsAgo: number | undefined;
  /** Age of the last evidence that output moved towards the peer. */
  readonly movedMsAgo: number | undefined;
  /** Output that the kernel had not taken. */
  readonly queuedBytes: number;
  /** Output that the peer's kernel had not acknowledged, where that was measured. */
  readonly unackedBytes: number | undefined;
  /** 0 or 1: never is more than one ping outstanding. */
  readonly pingsOutstanding: number;
  readonly pingMsAgo: number | undefined;
  readonly rttMs: number | undefined;
  readonly srttMs: number | undefined;
  /** Within how many milliseconds the peer had promised to speak, or had to. */
  readonly leaseMs: number | undefined;
  /** By how much deadlines were shifted because this process was late. */
  readonly ourLatenessMs: number;
  /**
   * For how much of the time since the last byte nothing was read here, since the application did
   * not want it or the machine slept: that silence is ours, and the peer's counts only from then.
   */
  readonly unreadMs: number;
  /** The verdict was held back once because too many connections expired together. */
  readonly heldForMassExpiry: boolean;
  readonly verdict: Verdict;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  readonly pingsIn: number;
  readonly lastPingSeqIn: number;
  /** Answers to pings that were dropped because nobody read them. */
  readonly droppedAnswers: number;
}

/** What the machine knows about its end. */
export interface EndFacts {
  readonly code: ErrorCode;
  readonly by: EndedBy;
  /** More about the cause in our own words, or empty. */
  readonly detail: string;
  /** What the peer said in END, if it did. Its words: print them through `printable` only. */
  readonly peerSaid: { readonly code: string; readonly reason: string } | undefined;
  /** The system's error, where there was one. */
  readonly cause: Error | undefined;
  readonly dialect: Dialect | undefined;
  readonly livedMs: number;
  /** True once messages could flow. */
  readonly wasOpen: boolean;
  readonly evidence: EndEvidence;
  /** FIN is on its way behind all that was written: close, and let the kernel deliver the rest. */
  readonly orderly: boolean;
  /** Messages of which a byte was written, and which are not known to have arrived. */
  readonly undelivered: readonly Message[];
  /** Messages of which no byte was written. */
  readonly unwritten: readonly Message[];
}

export interface EndRecord {
  readonly id: string;
  readonly code: ErrorCode;
  readonly by: EndedBy;
  /** Why, in one plain sentence that is safe to print. */
  readonly sentence: string;
  /** Where the peer was; behind a balancer that says so, the client's own address. */
  readonly remote: string;
  /** The address of that balancer; undefined where the peer came by itself. */
  readonly via: string | undefined;
  /** What carried it: on a port for several kinds, what the peer turned out to want. */
  readonly transport: TransportKind;
  /** The version of TLS, such as `TLSv1.3`; undefined without, or before it was agreed on. */
  readonly tls: string | undefined;
  readonly dialect: Dialect | undefined;
  /** Milliseconds since 1970. */
  readonly openedAtWallMs: number;
  readonly endedAtWallMs: number;
  readonly livedMs: number;
  readonly wasOpen: boolean;
  /** Whether the peer was sent a TCP reset; not where the transport knows none. */
  readonly reset: boolean;
  readonly peerSaid: { readonly code: string; readonly reason: string } | undefined;
  readonly cause: Error | undefined;
  readonly evidence: EndEvidence;
  /** What was sent and is not known to have arrived, oldest first. Rings keep no messages. */
  readonly undelivered: readonly Message[];
  /** How many messages `undelivered` held at the end. */
  readonly undeliveredCount: number;
}
