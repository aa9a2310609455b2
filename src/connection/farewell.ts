/**
 * The last moments of a connection: what is queued is written, then the last word, then FIN, then
 * the peer's FIN is awaited, all of it bounded.
 *
 * A refusal reads and discards for a while: closing with unread input would send a reset, which may
 * overtake the words that explain it (RFC 1122 section 4.2.2.13; RFC 9112 section 9.6).
 */
import { type Instant, later } from "../base/time.ts";
import { assert } from "../base/assert.ts";
import type { Connection } from "./connection.ts";
import type { Effect, LastWord } from "./effects.ts";
import { type Ending, wireCode } from "./ending.ts";
import { NEXT, type Trigger } from "./phases.ts";

const LINGER_MS = 1_000;
const LINGER_BYTES = 64 * 1024;
const REASON_CHARACTERS_MAX = 400;

export class Farewell {
  static readonly LINGER_MS: number = LINGER_MS;
  readonly ending: Ending;
  /** True: whatever the peer still sends is read and thrown away. */
  readonly discards: boolean;
  /** What the peer said in END, or in the last words of the transport. */
  peerSaid: { readonly code: string; readonly reason: string } | undefined;
  lastWordSaid = false;
  dueAt: Instant;
  readonly #timeoutMs: number;
  #allWritten = false;
  #discardedBytes = 0;

  constructor(ending: Ending, discards: boolean, timeoutMs: number, now: Instant) {
    this.ending = ending;
    this.discards = discards;
    this.#timeoutMs = timeoutMs;
    this.dueAt = later(now, timeoutMs);
  }

  /** Output moved: a slow reader may take its time, as long as it takes something. */
  moved(now: Instant): void {
    if (!this.#allWritten || !this.discards) this.dueAt = later(now, this.#timeoutMs);
  }

  /** FIN is sent, so the kernel may be left to deliver the rest; before, a reset is honest. */
  get isOrderly(): boolean {
    return this.#allWritten && !this.discards;
  }

  allWritten(now: Instant): void {
    this.#allWritten = true;
    this.dueAt = later(now, this.discards ? LINGER_MS : this.#timeoutMs);
  }

  /** Counts discarded input. True: that was enough of it. */
  isSpent(bytes: number): boolean {
    this.#discardedBytes += bytes;
    return this.#discardedBytes > LINGER_BYTES;
  }
}

/** From here on nothing new is taken; a phase without an answer to the trigger ignores it. */
export function beginFarewell(
  connection: Connection,
  trigger: Trigger,
  ending: Ending,
  discards: boolean,
  now: Instant,
): void {
  if (NEXT[connection.phase][trigger] === undefined || connection.farewell !== undefined) return;
  connection.move(trigger);
  connection.handshake.end();
  const timeoutMs = connection.config.closeTimeoutMs;
  connection.farewell = new Farewell(ending, discards, timeoutMs, now);
  if (connection.reading.resume()) connection.effects.push({ do: "resume" });
  const { output } = connection;
  if (discards || ending.by === "peer") output.dropPings();
  // A frame peer that said END reads nothing more; a line peer that sent FIN may.
  if (discards || (ending.by === "peer" && connection.dialect === "frame")) {
    output.messagesFlow = false;
  }
  connection.acknowledge(now, true);
}

/** All is written: END where the dialect has one and the peer has not said it, then FIN. */
export function sayLastWord(
  connection: Connection,
  farewell: Farewell | undefined,
  now: Instant,
): Effect | undefined {
  assert(farewell !== undefined, "who is closing has a farewell");
  const { ending } = farewell;
  const owesEnd = connection.dialect === "frame" && ending.by !== "peer";
  if (owesEnd && !farewell.lastWordSaid) {
    farewell.lastWordSaid = true;
    connection.acknowledge(now, true);
    connection.handshake.sayPreface();
    const end = { kind: "end", ...lastWord(ending) } as const;
    connection.output.sayLast(connection.input.speech?.control(end));
    return connection.poll(now);
  }
  connection.output.finishing(now);
  connection.move("all-written");
  farewell.allWritten(now);
  return { do: "finish", word: lastWord(ending) };
}

function lastWord(ending: Ending): LastWord {
  return { code: wireCode(ending), reason: ending.detail.slice(0, REASON_CHARACTERS_MAX) };
}

/** The peer sent FIN, and `said` where the transport has words. */
export function leavePeer(connection: Connection, said: LastWord | undefined, now: Instant): void {
  // Where the transport has words a peer may have left by those alone: a page that was closed.
  if (connection.dialect === "frame" && said === undefined) {
    const detail = "the stream ended without END";
    connection.end({ code: "PEER_VANISHED", by: "fault", detail }, undefined, now);
    return;
  }
  const code = connection.wrongDialectTold ? "WRONG_DIALECT" : "CLOSED_BY_PEER";
  // Half a line must not pass for a whole one, and must not be lost in silence, either.
  const lost = connection.input.heldBytes;
  const detail = lost === 0 ? "" : `the last line was not ended; its ${lost} bytes are dropped`;
  beginFarewell(connection, "peer-finished", { code, by: "peer", detail }, false, now);
  const { farewell } = connection;
  if (farewell !== undefined && said !== undefined) farewell.peerSaid ??= said;
}
