/**
 * What a returning client may learn about the connection it had before.
 *
 * The report tells whether the last ping arrived and how the connection ended; it is given only to
 * whoever knows the secret of that connection. A wrong secret and an unknown id look alike, and the
 * comparison does not tell by its duration how much of a secret was right. Memory is bounded: the
 * oldest ends are forgotten first.
 */
import { equalInConstantTime } from "../base/bytes.ts";
import { EndRing } from "../base/end-ring.ts";
import type { PreviousReport } from "../wire/frame.ts";

export interface EndedConnection {
  readonly secret: string;
  /** The last ping heard; 0 for none. */
  readonly lastPingSeq: number;
  /** When its last byte was heard, in milliseconds since 1970; undefined when none was. */
  readonly heardAtWallMs: number | undefined;
  /** One of our codes. */
  readonly code: string;
}

export const UNKNOWN_PREVIOUS: PreviousReport = { state: "unknown", lastPingSeq: 0 };

export class PreviousConnections {
  readonly #ended = new Map<string, EndedConnection>();
  readonly #order: EndRing<string>;

  constructor(connectionsMax: number) {
    this.#order = new EndRing(connectionsMax);
  }

  get size(): number {
    return this.#ended.size;
  }

  remember(id: string, ended: EndedConnection): void {
    this.#ended.set(id, ended);
    const forgotten = this.#order.push(id);
    if (forgotten !== undefined) this.#ended.delete(forgotten);
  }

  /** The report on an ended connection, or "unknown". */
  report(
    previous: { readonly id: string; readonly secret: string },
    nowWallMs: number,
  ): PreviousReport {
    const ended = this.#ended.get(previous.id);
    if (ended === undefined) return UNKNOWN_PREVIOUS;
    if (!equalInConstantTime(ended.secret, previous.secret)) return UNKNOWN_PREVIOUS;
    const { lastPingSeq, heardAtWallMs, code } = ended;
    const report: PreviousReport = { state: "ended", lastPingSeq, code };
    if (heardAtWallMs === undefined) return report;
    // The wall clock may have been set back since; an age is never negative on the wire.
    return { ...report, lastHeardMsAgo: Math.max(0, Math.round(nowWallMs - heardAtWallMs)) };
  }

  clear(): void {
    this.#ended.clear();
  }
}
