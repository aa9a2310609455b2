/**
 * Hands bytes to a socket of node:net so that it can be told how far the kernel has come.
 *
 * Only of one write at a time it can be told what became of it, so a long one goes out slice by
 * slice. Easy to break: nothing is made for a write that the kernel takes at once, which are nearly
 * all.
 */
import type { OutputState } from "./stream-facts.ts";

/** The step in which `unsentBytes` falls: what liveness calls output that moved. */
const SLICE_BYTES = 64 * 1024;

/** A write that the kernel has not taken whole. */
export interface Waiting {
  /** What is not yet handed to the socket. */
  rest: Uint8Array | undefined;
  /** What was, and is not taken yet. */
  handedBytes: number;
  /** The kernel has refused a part of it. */
  wasRefused: boolean;
}

/** What takes slices. Exact only while nothing else waits there. */
export interface SliceTaker {
  /** What went before is not done yet, although the kernel may have all of it. */
  readonly isBusy: boolean;
  /** Writes, and tells what became of it. */
  hand(slice: Uint8Array): OutputState;
}

/** Undefined: the kernel took all of it. Else what is left, with which `writeOn` goes on. */
export function beginWrite(taker: SliceTaker, bytes: Uint8Array): Waiting | undefined {
  if (bytes.length > SLICE_BYTES || taker.isBusy) {
    return { rest: bytes, handedBytes: 0, wasRefused: false };
  }
  const state = taker.hand(bytes);
  if (state === "taken") return undefined;
  return { rest: undefined, handedBytes: bytes.length, wasRefused: state === "refused" };
}

/** True when the kernel has taken all of it; false: there is more to come once it has. */
export function writeOn(taker: SliceTaker, waiting: Waiting): boolean {
  if (waiting.handedBytes > 0) return false;
  while (waiting.rest !== undefined) {
    if (taker.isBusy) return false;
    const { rest } = waiting;
    const slice = rest.length > SLICE_BYTES ? rest.subarray(0, SLICE_BYTES) : rest;
    waiting.rest = slice === rest ? undefined : rest.subarray(SLICE_BYTES);
    const state = taker.hand(slice);
    if (state === "taken") continue;
    if (state === "refused") waiting.wasRefused = true;
    waiting.handedBytes = slice.length;
    return false;
  }
  return true;
}
