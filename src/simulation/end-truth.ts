/**
 * What really happened at one end of one flow, and to the flow as a whole.
 *
 * Kept by the ground truth from the events of kernels and processes. What is easy to break: a byte
 * that was read is evidence and one that arrived is not; a page is told of whole messages only; and
 * a kernel that acknowledges a ping has said nothing about its process.
 */
import type { EndRecord } from "../connection/end-record.ts";
import type { Phase } from "../connection/phases.ts";
import type { EndOfFlow, Side } from "./sim-event.ts";
import { type Said, Spoken } from "./spoken.ts";

/** Less than this ahead of a ping hides nothing, as promised, less a margin of one frame. */
const AHEAD_BYTES_MAX = 60 * 1024;
/** What a receiving kernel is sure to hold for a process that reads nothing. */
const KERNEL_HOLDS_BYTES = 64 * 1024;
/** What is acknowledged so late had not just passed through: somebody there began to take it. */
const WAITED_MS = 1_000;

export class EndTruth {
  readonly flow: number;
  readonly side: Side;
  readonly host: string;
  readonly openedAtMs: number;
  readonly spoken: Spoken;
  /** What the bytes of the latest "wrote" said. */
  saidNow: readonly Said[] = [];
  closedAtMs: number | undefined;
  closedHow: string | undefined;
  /** Whether one of our machines keeps this end: it told a phase, a verdict or an end. */
  isMachine = false;
  /** The last one before the end. */
  phase: Phase | undefined;
  phaseAtMs: number;
  /** When the last byte before that was read. */
  heardBeforePhaseMs: number | undefined;
  record: EndRecord | undefined;
  endedAtMs: number | undefined;
  readBytes = 0;
  lastReadAtMs: number | undefined;
  /** The last message that a page was handed; its opening until then. */
  #handedAtMs: number | undefined;
  readonly #unread: { readonly atMs: number; bytes: number }[] = [];
  /** Where the first of `#unread` that counts is; the array is cut when it has grown long. */
  #unreadFrom = 0;
  wroteBytes = 0;
  lastWroteAtMs: number | undefined;
  /** The kernel did not take all of the latest write, and nothing was written since. */
  isRefused = false;
  unackedBytes = 0;
  /** Since when what is unacknowledged waits without any of it having been acknowledged. */
  unackedSinceMs: number;
  /** Since when there has always been something unacknowledged. */
  #waitingSinceMs: number;
  /** Output moved: some was acknowledged, and more waited behind it or it had waited for long. */
  movedAtMs: number | undefined;
  /** When the other kernel last acknowledged anything. */
  ackedAtMs: number | undefined;
  /** The first ping written since a byte was read. */
  askedAtMs: number | undefined;
  /** What stood before it that the peer's application is not known to have read. */
  askedBehindBytes = 0;
  /** Since then the other kernel had everything once, so that later falls prove nothing. */
  wasEmptySinceAsked = false;
  /** How many bytes had been written when the question was, with it. */
  #questionEndBytes = 0;
  pings = 0;
  pongs = 0;
  announcedMs = 0;
  announcedMsMax = 0;
  /** An upper limit of what the peer's application is not known to have read. */
  behindBytes = 0;
  /** That was above what one acknowledgement covers at some time since a byte was read. */
  wasFarBehind = false;
  #sincePingBytes = 0;
  #pongsSeen = 0;

  constructor({ flow, side, host }: EndOfFlow, atMs: number) {
    this.flow = flow;
    this.side = side;
    this.host = host;
    this.openedAtMs = atMs;
    this.phaseAtMs = atMs;
    this.unackedSinceMs = atMs;
    this.#waitingSinceMs = atMs;
    this.spoken = new Spoken(side);
  }

  get isOpen(): boolean {
    return this.closedAtMs === undefined;
  }

  /** A machine of ours is there and has not ended. */
  get isWatched(): boolean {
    return this.isMachine && this.record === undefined && this.isOpen;
  }

  /** When the bytes arrived that have waited longest to be read. */
  get unreadSinceMs(): number | undefined {
    return this.#unread[this.#unreadFrom]?.atMs;
  }

  /** The last byte read; for a page, of a whole message. The opening, if none ever was. */
  get heardAtMs(): number {
    return this.#handedAtMs ?? this.lastReadAtMs ?? this.openedAtMs;
  }

  onArrived(bytes: number, atMs: number): void {
    this.#unread.push({ atMs, bytes });
  }

  onRead(bytes: number, atMs: number, peer: EndTruth | undefined): void {
    this.lastReadAtMs = atMs;
    this.readBytes += bytes;
    let left = bytes;
    while (left > 0 && this.#unreadFrom < this.#unread.length) {
      const first = this.#unread[this.#unreadFrom];
      if (first === undefined) break;
      const taken = Math.min(left, first.bytes);
      first.bytes -= taken;
      left -= taken;
      if (first.bytes === 0) this.#unreadFrom += 1;
    }
    if (this.#unreadFrom > 32 && this.#unreadFrom * 2 > this.#unread.length) {
      this.#unread.splice(0, this.#unreadFrom);
      this.#unreadFrom = 0;
    }
    if (this.#handedAtMs === undefined) this.#hear(peer);
  }

  onHanded(atMs: number, peer: EndTruth | undefined): void {
    this.#handedAtMs = atMs;
    this.#hear(peer);
  }

  #hear(peer: EndTruth | undefined): void {
    this.askedAtMs = undefined;
    this.wasEmptySinceAsked = false;
    if (peer !== undefined && peer.pongs > this.#pongsSeen) {
      this.#pongsSeen = peer.pongs;
      this.behindBytes = this.#sincePingBytes;
    }
    this.wasFarBehind = this.behindBytes > AHEAD_BYTES_MAX;
  }

  onWrote(bytes: Uint8Array, taken: boolean, atMs: number): void {
    this.saidNow = this.spoken.hear(bytes);
    this.lastWroteAtMs = atMs;
    this.wroteBytes += bytes.length;
    this.isRefused = !taken;
    if (this.unackedBytes === 0) {
      this.unackedSinceMs = atMs;
      this.#waitingSinceMs = atMs;
    }
    this.unackedBytes += bytes.length;
    this.behindBytes += bytes.length;
    this.#sincePingBytes += bytes.length;
    if (this.behindBytes > AHEAD_BYTES_MAX) this.wasFarBehind = true;
    for (const said of this.saidNow) {
      if (said.said === "pong") this.pongs += 1;
      if (said.said === "ping") {
        this.pings += 1;
        if (this.askedAtMs === undefined) {
          this.#questionEndBytes = this.wroteBytes;
          this.askedBehindBytes = this.behindBytes;
        }
        this.askedAtMs ??= atMs;
        this.#sincePingBytes = 0;
      }
      if (!("nextMs" in said)) continue;
      this.announcedMs = said.nextMs;
      this.announcedMsMax = Math.max(this.announcedMsMax, said.nextMs);
    }
  }

  onAcked(unackedBytes: number, atMs: number): void {
    const waitedMs = atMs - this.#waitingSinceMs;
    if (unackedBytes > 0 || waitedMs > WAITED_MS) this.movedAtMs = atMs;
    this.ackedAtMs = atMs;
    this.unackedBytes = unackedBytes;
    // The question itself was taken; what came after it was little, and says no more than it did.
    const takenBytes = this.wroteBytes - unackedBytes;
    const isTaken = takenBytes >= this.#questionEndBytes;
    const isLittle = this.wroteBytes - this.#questionEndBytes <= KERNEL_HOLDS_BYTES;
    if (this.askedAtMs !== undefined && isTaken && (isLittle || unackedBytes === 0)) {
      this.wasEmptySinceAsked = true;
    }
    this.unackedSinceMs = atMs;
  }
}

export class FlowTruth {
  readonly id: number;
  client: EndTruth | undefined;
  server: EndTruth | undefined;
  /** When a middlebox forgot it, or ended it. */
  lostAtMs: number | undefined;
  lateBytesAtMs: number | undefined;
  goAway: (Said & { said: "goaway" }) | undefined;
  reconnectWindowMs: number | undefined;

  constructor(id: number) {
    this.id = id;
  }

  end(side: Side): EndTruth | undefined {
    return side === "client" ? this.client : this.server;
  }

  peerOf(side: Side): EndTruth | undefined {
    return side === "client" ? this.server : this.client;
  }
}
