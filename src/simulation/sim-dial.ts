/**
 * Dialling: SYN, and again after 1, 3, 7 s and so on, until there is an answer or two minutes are
 * over (tcp_syn_retries of Linux).
 */
import { assert } from "../base/assert.ts";
import { HoldfastError } from "../base/errors.ts";
import type { KernelConfig, Open, OpenHandlers, Transport } from "../transports/transport.ts";
import { barePacket, type Packet } from "./packet.ts";
import type { Holding, Pollable, SimProcess } from "./sim-process.ts";
import { SimTransport } from "./sim-transport.ts";
import type { TcpEnd } from "./tcp-end.ts";

const FIRST_RETRY_MS = 1_000;
const RETRIES_MAX = 6;

export function dialFrom(
  process: SimProcess,
  place: string,
  kernel: KernelConfig,
  owner: string,
): Open {
  return (handlers) => {
    const dial = new SimDial(process, place, kernel, owner, handlers);
    return () => dial.cancel();
  };
}

class SimDial implements Pollable, Holding {
  readonly isDial = true;
  readonly owner: string;
  readonly #process: SimProcess;
  readonly #place: string;
  readonly #handlers: OpenHandlers;
  readonly #end: TcpEnd;
  #tries = 0;
  #failure: string | undefined;
  #isOver = false;

  constructor(
    process: SimProcess,
    place: string,
    kernel: KernelConfig,
    owner: string,
    handlers: OpenHandlers,
  ) {
    this.#process = process;
    this.#place = place;
    this.#handlers = handlers;
    this.owner = owner;
    this.#end = process.host.makeClientEnd(place, kernel);
    this.#end.onOpening = (packet) => this.#handleAnswer(packet);
    this.#end.onNews = () => process.makeReady(this);
    process.hold(this);
    this.#sendSyn();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#giveUp();
    if (this.#end.isOpen) this.#end.close();
    else this.#end.vanish();
  }

  get isReady(): boolean {
    if (this.#isOver) return false;
    return this.#failure !== undefined || this.#end.isOpen || this.#end.fault !== undefined;
  }

  poll(): void {
    if (!this.isReady) return;
    this.#giveUp();
    if (this.#failure === undefined) this.#offer();
    else this.#handlers.onFailed(this.#error(this.#failure));
  }

  #giveUp(): void {
    this.#isOver = true;
    this.#process.drop(this);
  }

  #offer(): void {
    let transport: Transport | undefined;
    let isReturned = false;
    this.#handlers.onOpened((to) => {
      assert(transport === undefined && !isReturned, "an opened pipe is attached once, at once");
      transport = new SimTransport(this.#end, this.#process, this.owner, to);
      return transport;
    });
    isReturned = true;
    if (transport === undefined) this.#end.reset();
  }

  #sendSyn(): void {
    if (this.#tries > RETRIES_MAX) return this.#fail("connect ETIMEDOUT");
    this.#process.host.send(this.#end.flow, "client", barePacket("syn"));
    const waitMs = FIRST_RETRY_MS * 2 ** this.#tries;
    this.#tries += 1;
    this.#end.setOpeningTimer(waitMs, () => this.#sendSyn());
  }

  #handleAnswer(packet: Packet): void {
    if (packet.what === "reset") return this.#fail("connect ECONNREFUSED");
    if (packet.what !== "syn-ack") return;
    this.#end.open();
    this.#end.acknowledge();
    this.#process.makeReady(this);
  }

  #fail(reason: string): void {
    this.#failure = reason;
    this.#end.vanish();
    this.#process.makeReady(this);
  }

  #error(reason: string): HoldfastError {
    const cause = Object.assign(new Error(reason), { code: reason.slice("connect ".length) });
    const text = `cannot reach tcp://${this.#place}: ${reason}`;
    return new HoldfastError("DIAL_FAILED", text, { cause });
  }
}
