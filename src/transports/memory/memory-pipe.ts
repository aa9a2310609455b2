/**
 * A pipe inside one process, with the manners of a kernel's: bounded buffers, a FIN for each
 * direction, resets, a cable that can be cut. For tests and simulations; it knows no clock, and
 * everything that happens later happens through the scheduler handed in.
 */
import { assert } from "../../base/assert.ts";
import { NO_KERNEL_OPTIONS } from "../no-kernel-options.ts";
import type {
  Attach,
  EffectiveKernelOptions,
  RemoteAddress,
  Transport,
  TransportHandlers,
  UnackedAnswer,
} from "../transport.ts";

export interface MemoryPipeConfig {
  /** What one direction holds before its writer must wait: send and receive buffer together. */
  readonly capacityBytes: number;
  /** The most that one `onBytes` is given. */
  readonly readBytesMax: number;
  /** Calls `run` later, never inside this call, and in the order of the calls. */
  readonly schedule: (run: () => void) => void;
  /** For tests: lent bytes are overwritten after each `onBytes`. */
  readonly overwriteAfterRead: boolean;
}

const MEMORY_ADDRESS: RemoteAddress = { text: "memory", ip: "" };

/** Two ends of one pipe, for `Attach` each. What is written before the other attaches waits. */
export function memoryPair(config: MemoryPipeConfig): [Attach, Attach] {
  const { left, right } = new MemoryPipe(config);
  return [(handlers) => left.attach(handlers), (handlers) => right.attach(handlers)];
}

export class MemoryPipe {
  readonly left: MemoryEnd;
  readonly right: MemoryEnd;

  constructor(config: MemoryPipeConfig) {
    const leftward = new OneWay();
    const rightward = new OneWay();
    this.left = new MemoryEnd(config, leftward, rightward);
    this.right = new MemoryEnd(config, rightward, leftward);
    this.left.peer = this.right;
    this.right.peer = this.left;
  }

  /** From now on nothing passes, and nobody is told. */
  cut(): void {
    this.left.setCut(true);
    this.right.setCut(true);
  }

  /** What was held up goes on its way. */
  heal(): void {
    this.left.setCut(false);
    this.right.setCut(false);
  }
}

/** One direction: what its writer wrote and its reader has not read. */
class OneWay {
  chunks: Uint8Array[] = [];
  bytes = 0;
  hasFin = false;
  isReset = false;
}

type Phase = "waiting" | "open" | "reset" | "closed";

export class MemoryEnd implements Transport {
  readonly kind = "memory" as const;
  readonly isPreparing = false as const;
  readonly remote: RemoteAddress = MEMORY_ADDRESS;
  peer: MemoryEnd | undefined;
  /** For whoever counts open ends. */
  onGone: (() => void) | undefined;
  readonly #config: MemoryPipeConfig;
  readonly #inward: OneWay;
  readonly #outward: OneWay;
  #handlers: TransportHandlers | undefined;
  #phase: Phase = "waiting";
  /** What `write` was given and does not fit yet. */
  #rest: Uint8Array | undefined;
  #owesDrained = false;
  #isFinishing = false;
  #hasToldFin = false;
  #isPaused = false;
  #isCut = false;
  #isScheduled = false;

  constructor(config: MemoryPipeConfig, inward: OneWay, outward: OneWay) {
    this.#config = config;
    this.#inward = inward;
    this.#outward = outward;
  }

  attach(handlers: TransportHandlers): Transport {
    assert(this.#phase === "waiting", "a pipe is attached once");
    this.#handlers = handlers;
    this.#phase = "open";
    this.#wake();
    return this;
  }

  get unsentBytes(): number {
    return this.#rest?.length ?? 0;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#phase !== "open" || this.#inward.isReset) return false;
    assert(!this.#isFinishing, "nothing is written after finish");
    assert(
      this.#rest === undefined && !this.#owesDrained,
      "nothing is written between a refused write and onDrained",
    );
    if (bytes.length === 0) return true;
    this.#rest = bytes;
    this.#pushRest();
    this.#owesDrained = this.#rest !== undefined;
    return !this.#owesDrained;
  }

  finish(): void {
    if (this.#phase !== "open" || this.#isFinishing) return;
    this.#isFinishing = true;
    this.#pushRest();
    this.#wake();
  }

  reset(): boolean {
    if (this.#phase === "reset" || this.#phase === "closed") return true;
    this.#phase = "reset";
    this.#rest = undefined;
    this.#outward.chunks = [];
    this.#outward.isReset = true;
    this.peer?.wake();
    this.#wake();
    return true;
  }

  close(): void {
    if (this.#phase !== "open") return;
    this.#phase = "reset";
    this.#rest = undefined;
    this.#outward.hasFin = true;
    this.peer?.wake();
    this.#wake();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#wake();
  }

  /** What the other end has not read counts as not acknowledged. */
  readUnacked(answer: UnackedAnswer): void {
    this.#config.schedule(() => {
      const isOpen = this.#phase === "open";
      answer(isOpen ? this.#outward.bytes + this.unsentBytes : undefined, false);
    });
  }

  kernelOptions(): EffectiveKernelOptions {
    return NO_KERNEL_OPTIONS;
  }

  /** Something may have become possible at this end. */
  wake(): void {
    this.#wake();
  }

  setCut(isCut: boolean): void {
    this.#isCut = isCut;
    if (!isCut) this.#wake();
  }

  /** Room was made in the outward direction. */
  handleRoom(): void {
    if (this.#phase !== "open" || this.#rest === undefined) return;
    this.#pushRest();
    if (this.#rest === undefined) this.#wake();
  }

  /** Moves what fits, then FIN, into the outward direction. */
  #pushRest(): void {
    const way = this.#outward;
    const room = this.#config.capacityBytes - way.bytes;
    if (this.#rest !== undefined && room > 0) {
      const taken = this.#rest.slice(0, room);
      way.chunks.push(taken);
      way.bytes += taken.length;
      this.#rest = taken.length === this.#rest.length ? undefined : this.#rest.subarray(room);
    }
    if (this.#isFinishing && this.#rest === undefined) way.hasFin = true;
    this.peer?.wake();
  }

  #wake(): void {
    if (this.#isScheduled || this.#phase === "waiting" || this.#phase === "closed") return;
    this.#isScheduled = true;
    this.#config.schedule(() => {
      this.#isScheduled = false;
      // One event a turn, as a kernel's readiness is looked at anew after each.
      if (this.#step()) this.#wake();
    });
  }

  /** Runs at most one handler. False when there was nothing to do. */
  #step(): boolean {
    if (this.#phase === "reset") return this.#close(undefined);
    if (this.#phase !== "open") return false;
    if (this.#inward.isReset && !this.#isCut) return this.#close(resetByPeer());
    if (this.#owesDrained && this.#rest === undefined) {
      this.#owesDrained = false;
      this.#handlers?.onDrained(true);
      return true;
    }
    if (!this.#isPaused && !this.#isCut && this.#read()) return true;
    if (this.#hasToldFin && this.#outward.hasFin) return this.#close(undefined);
    return false;
  }

  #read(): boolean {
    const way = this.#inward;
    const first = way.chunks[0];
    if (first !== undefined) {
      const bytes = first.subarray(0, this.#config.readBytesMax);
      if (bytes.length === first.length) way.chunks.shift();
      else way.chunks[0] = first.subarray(bytes.length);
      way.bytes -= bytes.length;
      this.#handlers?.onBytes(bytes);
      if (this.#config.overwriteAfterRead) bytes.fill(0xdd);
      this.peer?.handleRoom();
      return true;
    }
    if (!way.hasFin || this.#hasToldFin) return false;
    this.#hasToldFin = true;
    this.#handlers?.onFinished();
    return true;
  }

  #close(fault: Error | undefined): boolean {
    this.#phase = "closed";
    this.#rest = undefined;
    this.#handlers?.onClosed(fault);
    this.#handlers = undefined;
    this.onGone?.();
    return false;
  }
}

function resetByPeer(): Error {
  return Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
}
