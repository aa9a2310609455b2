/** What a server counts. Everything else about it can be derived from its end records. */
import type { ErrorCode } from "../base/errors.ts";

/** Counts by code; a code that never came is absent. */
export type CountsByCode = Readonly<Partial<Record<ErrorCode, number>>>;

export interface ServerStats {
  /** Connections now, in any phase. */
  readonly open: number;
  /** Of these, how many have never said a byte, nor sent a ping of WebSocket. */
  readonly silent: number;
  /** Of these, how many have begun a handshake and not completed it. */
  readonly greeting: number;
  /** Turned away and not gone yet; not counted in `open`. */
  readonly refusing: number;
  /** Let in since the start. */
  readonly accepted: number;
  /** Ended since the start, by the code of the end record. */
  readonly ended: CountsByCode;
  /** Turned away since the start, by the limit that they met. */
  readonly rejected: CountsByCode;
  /** Times when the operating system would not accept a connection. */
  readonly acceptFailures: number;
  /** What all connections buffer now: partial input and queued output. */
  readonly bufferedBytes: number;
  readonly bufferedBytesPeak: number;
  readonly messagesIn: number;
  /** Messages that `broadcast` did not give to a connection because it could not take them. */
  readonly broadcastSkips: number;
  /** Times when our own process was late. */
  readonly stalls: number;
  /** Batches of expired connections that were held for a second look. */
  readonly massExpiries: number;
  /** Leases announced outside `leaseMsMin` to `leaseMsMax`. */
  readonly clampedLeases: number;
  /** Lines that were not UTF-8, of connections that have ended. */
  readonly invalidLines: number;
  /** Answers to pings that nobody read and that were dropped, of connections that have ended. */
  readonly droppedAnswers: number;
}

/** The same while it is counted. */
export class ServerCounters {
  accepted = 0;
  acceptFailures = 0;
  messagesIn = 0;
  broadcastSkips = 0;
  stalls = 0;
  massExpiries = 0;
  clampedLeases = 0;
  invalidLines = 0;
  droppedAnswers = 0;
  readonly #ended = new Map<ErrorCode, number>();
  readonly #rejected = new Map<ErrorCode, number>();

  get ended(): CountsByCode {
    return Object.fromEntries(this.#ended);
  }

  get rejected(): CountsByCode {
    return Object.fromEntries(this.#rejected);
  }

  countEnd(code: ErrorCode): void {
    this.#ended.set(code, (this.#ended.get(code) ?? 0) + 1);
  }

  countRejection(code: ErrorCode): void {
    this.#rejected.set(code, (this.#rejected.get(code) ?? 0) + 1);
  }
}
