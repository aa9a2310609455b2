/**
 * What went over one guarded socket, as far as looks at its counters tell, and what that means to
 * the monitor: bytes heard, bytes that the kernel took, output that moved.
 */
import type { Socket } from "node:net";
import type { Instant } from "../base/time.ts";
import type { LivenessMonitor } from "../liveness/monitor.ts";
import type { StallLog } from "../liveness/stall-log.ts";
import { OutputWatch } from "./output-watch.ts";
import {
  bytesInOf,
  bytesRefusedOf,
  bytesTakenOf,
  bytesWaitingOf,
  isExact,
} from "./socket-meter.ts";

export interface UnackedReading {
  readonly bytes: number | undefined;
  readonly windowIsShut: boolean;
  /** Whether an acknowledgement alone is a sign of life. */
  readonly isEvidence: boolean;
}

export class Traffic {
  bytesIn = 0;
  /** What the kernel has taken. */
  bytesTaken = 0;
  /** What waits in this process. */
  bytesWaiting = 0;
  /** The part of it that the kernel had no room for. */
  #bytesRefused = 0;
  hasSpoken = false;
  unackedBytes: number | undefined = undefined;
  /** Exists while something waits. */
  output: OutputWatch | undefined = undefined;
  /** What the peer's kernel had acknowledged at the last reading, and when that was. */
  #ackedBytes = 0;
  #readAt: Instant | undefined = undefined;
  /** How much had been written before the last question, and how much of that was read for sure. */
  #askedAfterBytes = 0;
  #readBytes = 0;
  readonly #monitor: LivenessMonitor;
  readonly #drainTimeoutMs: number | false;

  constructor(monitor: LivenessMonitor, drainTimeoutMs: number | false) {
    this.#monitor = monitor;
    this.#drainTimeoutMs = drainTimeoutMs;
  }

  /** What went over it before is nobody's sign of life. */
  begin(socket: Socket): void {
    this.bytesIn = bytesInOf(socket);
    this.bytesTaken = bytesTakenOf(socket);
    this.#readBytes = this.bytesTaken;
  }

  look(socket: Socket, stalls: StallLog, now: Instant): void {
    const bytesIn = bytesInOf(socket);
    if (bytesIn > this.bytesIn) {
      this.bytesIn = bytesIn;
      this.#monitor.heard(now);
    }
    // Of what a destroyed socket had queued nobody knows how much was sent.
    if (!socket.destroyed) this.#lookAtOutput(socket, stalls, now);
  }

  /** A question is about to be written; returns what stands before it and may be unread. */
  asked(): number {
    this.#askedAfterBytes = this.bytesTaken + this.bytesWaiting;
    return Math.max(0, this.#askedAfterBytes - this.#readBytes);
  }

  /** It was answered, so whatever stood before it was read. */
  answered(): void {
    this.#readBytes = this.#askedAfterBytes;
  }

  /** Whether there may be output on its way of which a reading would tell something new. */
  get mayMove(): boolean {
    if (this.#readAt === undefined) return this.hasSpoken;
    return this.unackedBytes !== undefined && this.#ackedBytes < this.bytesTaken;
  }

  /**
   * The kernel's count was read, just after a look. What was acknowledged is a sign of life just
   * now if the reading before is no older than `sinceMs`.
   */
  counted(unacked: UnackedReading, sinceMs: number, now: Instant): void {
    const { bytes, windowIsShut } = unacked;
    this.unackedBytes = bytes;
    const isFresh = this.#readAt !== undefined && now - this.#readAt <= sinceMs;
    this.#readAt = now;
    if (bytes !== undefined) {
      const gained = this.bytesTaken - bytes - this.#ackedBytes;
      this.#ackedBytes += gained;
      if (gained > 0) this.output?.gained(gained, now);
      // Who can be asked is judged by the answer, since a kernel takes pings for the frozen, too.
      if (gained > 0 && isFresh && unacked.isEvidence) this.#monitor.moved(now);
    }
    this.#monitor.unacked(bytes, now, windowIsShut);
  }

  #lookAtOutput(socket: Socket, stalls: StallLog, now: Instant): void {
    const taken = bytesTakenOf(socket);
    const gained = taken - this.bytesTaken;
    if (gained > 0) {
      this.bytesTaken = taken;
      this.hasSpoken = true;
      this.#monitor.spoke(now, isExact(socket) ? gained : undefined);
      // What the kernel had refused before and took now is output that moved.
      if (this.#bytesRefused > 0) this.#monitor.moved(now);
      this.output?.gained(gained, now);
    }
    this.bytesWaiting = bytesWaitingOf(socket);
    this.#bytesRefused = bytesRefusedOf(socket);
    if (this.bytesWaiting === 0) this.output = undefined;
    else if (this.#drainTimeoutMs !== false) {
      this.output ??= new OutputWatch(this.#drainTimeoutMs, stalls, now);
    }
  }
}
