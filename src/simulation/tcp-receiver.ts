/**
 * The receiving half of a simulated TCP end: what has arrived in order and waits to be read.
 *
 * Easy to break: it takes in what it has room for and not a byte more, and what came out of order
 * is dropped, so that it is acknowledged only once it is here for good.
 */
import type { Packet } from "./packet.ts";

const RECEIVE_BUFFER_BYTES = 128 * 1024;

/** A window that is smaller than this is told as shut, so that bytes do not trickle. */
const WINDOW_BYTES_MIN = 4 * 1024;

/** The window must have been about this small before its growth is worth a packet. */
const UPDATE_BYTES = 16 * 1024;

export class TcpReceiver {
  #chunks: Uint8Array[] = [];
  #waitingBytes = 0;
  #next = 0;
  #hasFin = false;
  #toldWindowBytes = RECEIVE_BUFFER_BYTES;

  /** The position up to which everything has arrived, a FIN included. */
  get nextPosition(): number {
    return this.#next;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get hasFin(): boolean {
    return this.#hasFin;
  }

  /** The window to tell the peer; asking counts as telling. */
  tellWindow(): number {
    const roomBytes = Math.max(0, RECEIVE_BUFFER_BYTES - this.#waitingBytes);
    this.#toldWindowBytes = roomBytes < WINDOW_BYTES_MIN ? 0 : roomBytes;
    return this.#toldWindowBytes;
  }

  /** Takes in what is new, in order, and has room; returns how many bytes that were. */
  take(packet: Packet): number {
    const skipped = this.#next - packet.seq;
    if (this.#hasFin || skipped < 0) return 0;
    const room = RECEIVE_BUFFER_BYTES - this.#waitingBytes;
    const fresh = packet.bytes.subarray(skipped, skipped + room);
    if (fresh.length > 0) {
      this.#chunks.push(fresh);
      this.#waitingBytes += fresh.length;
      this.#next += fresh.length;
    }
    if (packet.fin && this.#next === packet.seq + packet.bytes.length) this.takeFin();
    return fresh.length;
  }

  /** The peer, or somebody in its name, will send no more. */
  takeFin(): void {
    if (this.#hasFin) return;
    this.#hasFin = true;
    this.#next += 1;
  }

  /** Copies what waits into `target`, as much as fits; returns how much. */
  read(target: Uint8Array): number {
    let length = 0;
    let done = 0;
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(0, target.length - length);
      target.set(part, length);
      length += part.length;
      if (part.length < chunk.length) {
        this.#chunks[done] = chunk.subarray(part.length);
        break;
      }
      done += 1;
      if (length === target.length) break;
    }
    if (done > 0) this.#chunks.splice(0, done);
    this.#waitingBytes -= length;
    return length;
  }

  /** Whether reading made so much room that the peer, who was told of none, should know. */
  owesUpdate(): boolean {
    const roomBytes = RECEIVE_BUFFER_BYTES - this.#waitingBytes;
    return this.#toldWindowBytes < UPDATE_BYTES && roomBytes >= 2 * UPDATE_BYTES;
  }
}
