/**
 * A simulated TCP connection as a Transport: the part of it that lives in the process.
 *
 * Handlers run when the process polls, one at a time, and never inside a call of ours. As with a
 * real socket, whoever does not read does not learn that the peer has reset: only a write shows it.
 */
import { assert } from "../base/assert.ts";
import type { Phase } from "../connection/phases.ts";
import { Driven } from "../driver/driven.ts";
import type {
  EffectiveKernelOptions,
  KernelConfig,
  KernelValue,
  RemoteAddress,
  Transport,
  TransportHandlers,
  UnackedAnswer,
} from "../transports/transport.ts";
import { watchEachMachine } from "./each-machine.ts";
import { otherSide } from "./packet.ts";
import type { Holding, Pollable, SimProcess } from "./sim-process.ts";
import type { TcpEnd } from "./tcp-end.ts";

const SPOILT = 0xdd;

export class SimTransport implements Transport, Pollable, Holding {
  readonly kind = "tcp" as const;
  readonly isPreparing = false as const;
  readonly isDial = false;
  readonly owner: string;
  readonly remote: RemoteAddress;
  /** Called once when the descriptor is free again. */
  onGone: () => void = () => {};
  readonly #end: TcpEnd;
  readonly #process: SimProcess;
  readonly #handlers: TransportHandlers;
  #state: "open" | "leaving" | "closed" = "open";
  #rest: Uint8Array | undefined;
  #owesDrained = false;
  #isFinishing = false;
  #hasFinished = false;
  #hasToldFin = false;
  #isPaused = false;
  /** Something was written after the connection broke, which brings the break to light. */
  #hasTouchedBroken = false;

  constructor(end: TcpEnd, process: SimProcess, owner: string, handlers: TransportHandlers) {
    this.#end = end;
    this.#process = process;
    this.#handlers = handlers;
    this.owner = owner;
    this.remote = remoteOf(end);
    end.onNews = () => process.makeReady(this);
    end.waitingAbove = () => this.unsentBytes;
    process.hold(this);
    process.makeReady(this);
    if (handlers instanceof Driven) this.#watchPhases(handlers);
  }

  /** The number of its TCP connection. */
  get flow(): number {
    return this.#end.identity.flow;
  }

  get unsentBytes(): number {
    return this.#rest?.length ?? 0;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#state !== "open") return false;
    assert(!this.#isFinishing, "nothing is written after finish");
    assert(
      this.#rest === undefined && !this.#owesDrained,
      "nothing is written between a refused write and onDrained",
    );
    if (bytes.length === 0) return true;
    const copy = bytes.slice();
    const taken = this.#end.write(copy);
    const isTaken = taken === copy.length;
    this.#process.host.tellWrote(this.#end.identity, copy, isTaken);
    if (isTaken) return true;
    this.#rest = copy.subarray(taken);
    this.#owesDrained = true;
    if (this.#end.fault !== undefined) {
      this.#hasTouchedBroken = true;
      this.#process.makeReady(this);
    }
    return false;
  }

  finish(): void {
    if (this.#state !== "open" || this.#isFinishing) return;
    this.#isFinishing = true;
    if (this.#rest === undefined) this.#sendFin();
  }

  reset(): boolean {
    if (this.#state === "open") {
      this.#end.reset();
      this.#leave();
    }
    return true;
  }

  close(): void {
    if (this.#state !== "open") return;
    this.#end.close();
    this.#leave();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#process.makeReady(this);
  }

  readUnacked(answer: UnackedAnswer): void {
    this.#process.afterReading(() => {
      const { sender, isOpen } = this.#end;
      if (this.#state === "open" && isOpen) answer(sender.unackedBytes, sender.windowIsShut);
      else answer(undefined, false);
    });
  }

  kernelOptions(): EffectiveKernelOptions {
    return optionsOf(this.#end.kernelConfig);
  }

  get isReady(): boolean {
    if (this.#state !== "open") return this.#state === "leaving";
    if (this.#owesDrained && this.#end.isOpen && this.#end.sender.roomBytes > 0) return true;
    return this.#hasInput || this.#hasBroken || (this.#hasToldFin && this.#hasFinished);
  }

  get #hasInput(): boolean {
    if (this.#isPaused) return false;
    const { waitingBytes, hasFin } = this.#end.receiver;
    return waitingBytes > 0 || (hasFin && !this.#hasToldFin);
  }

  get #hasBroken(): boolean {
    return this.#end.fault !== undefined && (!this.#isPaused || this.#hasTouchedBroken);
  }

  poll(): void {
    if (this.#state === "closed") return;
    if (this.#state === "leaving") return this.#close(undefined);
    if (this.#pushRest()) return;
    if (this.#hasInput) return this.#read();
    if (this.#hasBroken) {
      this.#end.letGoAsTold();
      this.#close(this.#end.fault);
    } else if (this.#hasToldFin && this.#hasFinished) {
      this.#end.close();
      this.#close(undefined);
    }
  }

  /** From inside the machine, since one input may change its phase more than once. */
  #watchPhases(driven: Driven): void {
    const { host } = this.#process;
    const { identity } = this.#end;
    let known: Phase = "silent";
    const tell = (phase: Phase): void => {
      if (phase !== known) host.tellPhase(identity, known, phase);
      known = phase;
    };
    watchEachMachine(driven, (machine) => {
      // How a client begins is decided before there is a pipe; who rests opens without a machine.
      tell(machine.phase);
      const move = machine.move.bind(machine);
      machine.move = (trigger) => {
        move(trigger);
        tell(machine.phase);
      };
    });
  }

  #sendFin(): void {
    this.#hasFinished = true;
    this.#end.finish();
    this.#process.makeReady(this);
  }

  #leave(): void {
    this.#state = "leaving";
    this.#rest = undefined;
    this.#process.drop(this);
    this.#process.makeReady(this);
    this.onGone();
  }

  /** True when the handler ran. */
  #pushRest(): boolean {
    if (this.#rest !== undefined) {
      const taken = this.#end.write(this.#rest);
      this.#rest = taken === this.#rest.length ? undefined : this.#rest.subarray(taken);
    }
    if (!this.#owesDrained || this.#rest !== undefined) return false;
    this.#owesDrained = false;
    if (this.#isFinishing) this.#sendFin();
    this.#handlers.onDrained(true);
    return true;
  }

  #read(): void {
    const { scratch } = this.#process;
    const length = this.#end.read(scratch);
    if (length > 0) {
      this.#handlers.onBytes(scratch.subarray(0, length));
      scratch.fill(SPOILT, 0, length);
      return;
    }
    this.#hasToldFin = true;
    this.#handlers.onFinished();
  }

  #close(fault: Error | undefined): void {
    const wasLeaving = this.#state === "leaving";
    this.#state = "closed";
    this.#rest = undefined;
    if (!wasLeaving) {
      this.#process.drop(this);
      this.onGone();
    }
    this.#handlers.onClosed(fault);
  }
}

export function remoteOf(end: TcpEnd): RemoteAddress {
  const { ip } = end.flow.place(otherSide(end.side));
  const port = end.side === "client" ? LISTEN_PORT : 1_024 + (end.flow.number % 64_000);
  return { text: `${ip}:${port}`, ip };
}

/** The port of every simulated listener. */
export const LISTEN_PORT = 7_000;

export function optionsOf(config: KernelConfig): EffectiveKernelOptions {
  const set = (value: number | false): KernelValue => ({ value, source: "read" });
  const { keepalive, userTimeoutMs } = config;
  return {
    keepaliveIdleMs: set(keepalive && keepalive.idleMs),
    keepaliveIntervalMs: set(keepalive && keepalive.intervalMs),
    keepaliveCount: set(keepalive && keepalive.count),
    userTimeoutMs: set(userTimeoutMs),
  };
}
