/**
 * The sending half of a simulated TCP end: its send buffer, and the timer that never trusts.
 *
 * Modelled after Linux as far as liveness can see it: go-back-N, a retransmission timeout from
 * RFC 6298 that doubles up to two minutes, probes into a shut window, and the moments at which the
 * kernel gives up. Congestion is only hinted at: after a timeout one segment goes, then twice as
 * much with every acknowledgement. Easy to break: what the kernel took is not what the peer has,
 * so `write` succeeds for as long as there is room, whatever became of the peer.
 */
import type { KernelTimer } from "./kernel-timer.ts";
import type { Packet } from "./packet.ts";

const SEND_BUFFER_BYTES = 256 * 1024;
const FLIGHT_BYTES_MAX = 64 * 1024;
const SEGMENT_BYTES_MAX = 16 * 1024;
const RTO_MS_MIN = 200;
const RTO_MS_MAX = 120_000;
/** What 15 retries add up to (tcp_retries2, from a timeout of 200 ms). */
const GIVE_UP_MS = 924_600;
/** What 8 retries add up to, about: nobody waits for an orphan's output. */
const ORPHAN_GIVE_UP_MS = 102_200;

interface Chunk {
  readonly from: number;
  readonly bytes: Uint8Array;
  readonly queuedAtMs: number;
}

export interface SenderSurroundings {
  /** The kernel's time, which stands still while the machine sleeps. */
  readonly kernelNowMs: () => number;
  readonly trueNowMs: () => number;
  /** Completed by the end with what the receiving half knows. */
  readonly transmit: (part: Pick<Packet, "seq" | "bytes" | "fin" | "asks" | "triedAtMs">) => void;
  readonly setTimer: (inMs: number, run: () => void) => KernelTimer;
  /** Nothing was acknowledged for too long. */
  readonly onGiveUp: () => void;
}

export class TcpSender {
  userTimeoutMs: number | undefined;
  isOrphan = false;
  readonly #around: SenderSurroundings;
  #chunks: Chunk[] = [];
  /** The first position that is not acknowledged. */
  #unacked = 0;
  /** The next position to send; falls back to `#unacked` after a timeout. */
  #next = 0;
  /** Behind the last byte written. */
  #end = 0;
  #finAsked = false;
  #windowBytes = FLIGHT_BYTES_MAX;
  #flightBytes = FLIGHT_BYTES_MAX;
  #smoothedMs: number | undefined;
  #variationMs = 0;
  #backoff = 0;
  /** Kernel time of the first probe that was not answered yet. */
  #probingSinceMs: number | undefined;
  /** Kernel time since which nothing was acknowledged, or the window is shut. */
  #stuckSinceMs: number | undefined;
  /** True time at which the window last stopped being the obstacle. */
  #openedAtMs = 0;
  #dueAtMs: number | undefined;
  #ringsAtMs: number | undefined;
  #timer: KernelTimer | undefined;

  constructor(around: SenderSurroundings) {
    this.#around = around;
  }

  /** Bytes that the kernel has and the peer's kernel has not acknowledged. */
  get unackedBytes(): number {
    return Math.max(0, this.#end - this.#unacked);
  }

  get roomBytes(): number {
    return Math.max(0, SEND_BUFFER_BYTES - this.unackedBytes);
  }

  /** The peer has acknowledged what it had room for, and has none. */
  get windowIsShut(): boolean {
    return this.#end > this.#unacked && this.#next === this.#unacked && this.#windowBytes === 0;
  }

  get isIdle(): boolean {
    return this.#unacked === this.#lastPosition;
  }

  get finIsAcked(): boolean {
    return this.#finAsked && this.isIdle;
  }

  get unackedPosition(): number {
    return this.#unacked;
  }

  get nextPosition(): number {
    return this.#next;
  }

  /** Takes as much as there is room for, and says how much. The bytes are not changed later. */
  write(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.roomBytes);
    if (taken === 0) return 0;
    const part = taken === bytes.length ? bytes : bytes.subarray(0, taken);
    this.#chunks.push({ from: this.#end, bytes: part, queuedAtMs: this.#around.trueNowMs() });
    this.#end += taken;
    this.pump();
    return taken;
  }

  finish(): void {
    if (this.#finAsked) return;
    this.#finAsked = true;
    this.pump();
  }

  /** Returns how many bytes were acknowledged by this. */
  handleAck(packet: Packet): number {
    if (packet.ack < this.#unacked || packet.ack > this.#lastPosition) return 0;
    const isSmall = this.#windowBytes < FLIGHT_BYTES_MAX;
    if (isSmall && this.#unacked + this.#windowBytes < this.#end)
      this.#openedAtMs = this.#around.trueNowMs();
    const moved = packet.ack > this.#unacked;
    const ackedBytes = Math.min(packet.ack, this.#end) - Math.min(this.#unacked, this.#end);
    if (packet.echoMs >= 0 && moved) this.#sample(this.#around.kernelNowMs() - packet.echoMs);
    if (moved) this.#advance(packet.ack);
    this.#probingSinceMs = undefined;
    if (packet.windowBytes > 0 && this.#windowBytes === 0) this.#handleReopened();
    this.#windowBytes = packet.windowBytes;
    this.pump();
    return ackedBytes;
  }

  /** Sends what may be sent. */
  pump(): void {
    while (this.#next < this.#end && this.#next < this.#limit) {
      const size = Math.min(this.#end, this.#limit, this.#next + SEGMENT_BYTES_MAX) - this.#next;
      this.#sendBytes(size);
    }
    if (this.#finAsked && this.#next === this.#end) {
      this.#next += 1;
      const triedAtMs = this.#around.trueNowMs();
      this.#send({ seq: this.#end, bytes: NOTHING, fin: true, asks: false, triedAtMs });
    }
    if (this.#dueAtMs === undefined && !this.isIdle) this.#ringIn(this.#timeoutMs());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueAtMs = undefined;
    this.#chunks = [];
  }

  get #lastPosition(): number {
    return this.#finAsked ? this.#end + 1 : this.#end;
  }

  get #limit(): number {
    return this.#unacked + Math.min(this.#flightBytes, this.#windowBytes);
  }

  #advance(position: number): void {
    this.#unacked = position;
    this.#next = Math.max(this.#next, position);
    let done = 0;
    for (const { from, bytes } of this.#chunks) {
      if (from + bytes.length > position) break;
      done += 1;
    }
    if (done > 0) this.#chunks.splice(0, done);
    this.#backoff = 0;
    this.#flightBytes = Math.min(2 * this.#flightBytes, FLIGHT_BYTES_MAX);
    this.#stuckSinceMs = this.#next > position ? this.#around.kernelNowMs() : undefined;
    this.#dueAtMs = undefined;
  }

  #handleReopened(): void {
    this.#backoff = 0;
    this.#stuckSinceMs = undefined;
    this.#dueAtMs = undefined;
  }

  #sendBytes(size: number): void {
    const seq = this.#next;
    const [first] = this.#chunks;
    if (first?.from === seq && first.bytes.length === size) {
      this.#sendPart(first.bytes, first.queuedAtMs);
      return;
    }
    const parts: Uint8Array[] = [];
    let queuedAtMs = Number.POSITIVE_INFINITY;
    let length = 0;
    for (const chunk of this.#chunks) {
      const chunkEnd = chunk.from + chunk.bytes.length;
      if (chunkEnd <= seq) continue;
      if (length === size) break;
      const from = Math.max(seq, chunk.from) - chunk.from;
      const part = chunk.bytes.subarray(from, Math.min(chunk.bytes.length, from + size - length));
      parts.push(part);
      length += part.length;
      queuedAtMs = Math.min(queuedAtMs, chunk.queuedAtMs);
    }
    const whole = parts.length === 1 ? (parts[0] as Uint8Array) : joined(parts, length);
    this.#sendPart(whole, queuedAtMs);
  }

  #sendPart(bytes: Uint8Array, queuedAtMs: number): void {
    const seq = this.#next;
    this.#next += bytes.length;
    const fin = this.#finAsked && this.#next === this.#end;
    if (fin) this.#next += 1;
    // Nobody tries to send into a window that the reader keeps shut.
    const triedAtMs = Math.max(queuedAtMs, this.#openedAtMs);
    this.#send({ seq, bytes, fin, asks: false, triedAtMs });
  }

  #send(part: Pick<Packet, "seq" | "bytes" | "fin" | "asks" | "triedAtMs">): void {
    this.#stuckSinceMs ??= this.#around.kernelNowMs();
    this.#around.transmit(part);
  }

  #sample(tookMs: number): void {
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = tookMs;
      this.#variationMs = tookMs / 2;
      return;
    }
    const differenceMs = Math.abs(this.#smoothedMs - tookMs);
    this.#variationMs = Math.round(0.75 * this.#variationMs + 0.25 * differenceMs);
    this.#smoothedMs = Math.round(0.875 * this.#smoothedMs + 0.125 * tookMs);
  }

  #timeoutMs(): number {
    const variationMs = Math.max(RTO_MS_MIN, 4 * this.#variationMs);
    const baseMs = this.#smoothedMs === undefined ? RTO_MS_MIN : this.#smoothedMs + variationMs;
    return Math.min(baseMs * 2 ** Math.min(this.#backoff, 20), RTO_MS_MAX);
  }

  /** The timer is moved lazily: one that rings too early is set anew. */
  #ringIn(ms: number): void {
    const nowMs = this.#around.kernelNowMs();
    this.#dueAtMs = nowMs + ms;
    if (this.#timer !== undefined && (this.#ringsAtMs ?? 0) <= this.#dueAtMs) return;
    this.#timer?.cancel();
    this.#ringsAtMs = this.#dueAtMs;
    this.#timer = this.#around.setTimer(ms, () => this.#handleTimer());
  }

  #handleTimer(): void {
    this.#timer = undefined;
    if (this.#dueAtMs === undefined) return;
    const nowMs = this.#around.kernelNowMs();
    const leftMs = this.#dueAtMs - nowMs;
    if (leftMs > 0) return this.#ringIn(leftMs);
    this.#dueAtMs = undefined;
    if (this.isIdle) return;
    const isProbing = this.#next === this.#unacked;
    this.#stuckSinceMs ??= nowMs;
    if (isProbing) this.#probingSinceMs ??= nowMs;
    const leftOfPatienceMs = this.#giveUpAtMs(this.#stuckSinceMs, isProbing) - nowMs;
    if (leftOfPatienceMs <= 0) return this.#around.onGiveUp();
    this.#backoff += 1;
    this.#ringIn(Math.min(this.#timeoutMs(), leftOfPatienceMs));
    if (isProbing) this.#probe();
    else this.#sendAgain();
  }

  /**
   * Without a user timeout, a peer that answers the probes into its shut window is waited for, for
   * ever; with one, a shut window is no excuse (as Linux has it).
   */
  #giveUpAtMs(stuckSinceMs: number, isProbing: boolean): number {
    if (this.userTimeoutMs !== undefined) return stuckSinceMs + this.userTimeoutMs;
    const sinceMs = isProbing ? (this.#probingSinceMs ?? stuckSinceMs) : stuckSinceMs;
    return sinceMs + (this.isOrphan ? ORPHAN_GIVE_UP_MS : GIVE_UP_MS);
  }

  #probe(): void {
    const seq = this.#unacked;
    const triedAtMs = this.#around.trueNowMs();
    this.#around.transmit({ seq, bytes: NOTHING, fin: false, asks: true, triedAtMs });
  }

  #sendAgain(): void {
    this.#flightBytes = SEGMENT_BYTES_MAX;
    this.#next = this.#unacked;
    this.pump();
  }
}

const NOTHING = new Uint8Array(0);

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
