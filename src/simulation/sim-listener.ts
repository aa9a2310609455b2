/**
 * A listener of a simulated host, with the queue in its kernel.
 *
 * Easy to break: the kernel completes connections while the process stands still, so a frozen
 * server is dialled with success; they wait here until it looks, or until the queue is full.
 */
import { assert } from "../base/assert.ts";
import type {
  AcceptHandlers,
  Acceptor,
  EffectiveKernelOptions,
  KernelConfig,
  Listen,
  Transport,
} from "../transports/transport.ts";
import { listenFailure } from "../transports/listen-failure.ts";
import { barePacket, type Flow, type Packet } from "./packet.ts";
import type { Pollable, SimProcess } from "./sim-process.ts";
import { LISTEN_PORT, optionsOf, remoteOf, SimTransport } from "./sim-transport.ts";
import type { TcpEnd } from "./tcp-end.ts";

const BACKLOG = 511;
const FIRST_RETRY_MS = 1_000;
const RETRIES_MAX = 5;

export function listenOn(process: SimProcess, kernel: KernelConfig, owner: string): Listen {
  return async (handlers) => {
    const { host } = process;
    const url = `tcp://${host.name}:${LISTEN_PORT}`;
    if (host.listener !== undefined) {
      const cause = Object.assign(new Error("address in use"), { code: "EADDRINUSE" });
      throw listenFailure(url, cause);
    }
    const listener = new SimListener(url, process, kernel, owner, handlers);
    host.listener = listener;
    return listener;
  };
}

export class SimListener implements Acceptor, Pollable {
  readonly kind = "tcp" as const;
  readonly url: string;
  readonly #process: SimProcess;
  readonly #kernel: KernelConfig;
  readonly #owner: string;
  readonly #handlers: AcceptHandlers;
  /** Handshakes under way, and connections that nobody has accepted. */
  readonly #opening = new Set<TcpEnd>();
  readonly #queue = new Set<TcpEnd>();
  #openCount = 0;
  #closed: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(
    url: string,
    process: SimProcess,
    kernel: KernelConfig,
    owner: string,
    handlers: AcceptHandlers,
  ) {
    this.url = url;
    this.#process = process;
    this.#kernel = kernel;
    this.#owner = owner;
    this.#handlers = handlers;
  }

  kernelOptions(): EffectiveKernelOptions {
    return optionsOf(this.#kernel);
  }

  connectionCount(): Promise<number> {
    return Promise.resolve(this.#openCount);
  }

  close(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed.promise;
    const { host } = this.#process;
    if (host.listener === this) host.listener = undefined;
    let resolve: () => void = () => {};
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    this.#closed = { promise, resolve };
    for (const end of [...this.#opening, ...this.#queue]) end.reset();
    this.#opening.clear();
    this.#queue.clear();
    if (this.#openCount === 0) resolve();
    return promise;
  }

  /** A stranger knocks. With a full queue nothing is answered, and the stranger knocks again. */
  handleSyn(flow: Flow): void {
    if (this.#opening.size + this.#queue.size >= BACKLOG) return;
    const end = this.#process.host.makeServerEnd(flow, this.#kernel);
    this.#opening.add(end);
    let tries = 0;
    const answer = (): void => {
      if (tries > RETRIES_MAX) return this.#abandon(end);
      this.#process.host.send(flow, "server", barePacket("syn-ack"));
      end.setOpeningTimer(FIRST_RETRY_MS * 2 ** tries, answer);
      tries += 1;
    };
    end.onOpening = (packet) => this.#handleAnswer(end, packet);
    answer();
  }

  get isReady(): boolean {
    return this.#queue.size > 0;
  }

  poll(): void {
    const [end] = this.#queue;
    if (end === undefined) return;
    this.#queue.delete(end);
    this.#openCount += 1;
    let transport: Transport | undefined;
    let isOver = false;
    const onGone = (): void => {
      this.#openCount -= 1;
      if (this.#openCount === 0) this.#closed?.resolve();
    };
    this.#handlers.onIncoming({
      remote: remoteOf(end),
      attach: (to) => {
        assert(transport === undefined && !isOver, "an incoming pipe is attached once, at once");
        const made = new SimTransport(end, this.#process, this.#owner, to);
        made.onGone = onGone;
        transport = made;
        return made;
      },
    });
    isOver = true;
    if (transport === undefined) {
      end.reset();
      onGone();
    }
  }

  #handleAnswer(end: TcpEnd, packet: Packet): void {
    if (packet.what === "reset") return this.#abandon(end);
    if (packet.what !== "segment") return; // A SYN again: the answer is repeated anyway.
    this.#opening.delete(end);
    this.#queue.add(end);
    end.open();
    this.#process.makeReady(this);
    end.handlePacket(packet);
  }

  #abandon(end: TcpEnd): void {
    this.#opening.delete(end);
    end.vanish();
  }
}
