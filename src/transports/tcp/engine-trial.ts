/**
 * Tries an engine out on loopback: everything that a listener and its connections are used for, as
 * one list of steps. Whoever runs it sets a limit, and asks `step` where it ended.
 *
 * What is tried is what an engine leans on and nobody promises, so a new use of an internal is a
 * new step here. A trial may leave anything behind; `abandon` closes it.
 */
import { NO_KERNEL_CONFIG } from "../no-kernel-options.ts";
import type { Upgrade } from "../stream-facts.ts";
import { ignore, readByEvent, StreamTransport } from "../stream-transport.ts";
import type { Acceptor, Attach, Transport } from "../transport.ts";
import { listenTcp } from "./listen-tcp.ts";
import { openTcp } from "./open-tcp.ts";
import type { TcpEngine } from "./tcp-engine.ts";
import { TrialEnd } from "./trial-end.ts";

const LOOPBACK = "127.0.0.1";

/** What asks for something else than bytes on a port where that is possible, and what does not. */
const ASKS = 71;

/** More than a kernel holds for a connection on loopback. */
const FILL_BYTES_MAX = 64 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;

export class EngineTrial {
  /** What is being tried. */
  step = "listening";
  readonly #engine: TcpEngine;
  readonly #upgrade: Upgrade | undefined;
  readonly #limitMs: number;
  readonly #ends: TrialEnd[] = [];
  #acceptor: Acceptor | undefined;
  #next: TrialEnd | undefined;

  constructor(engine: TcpEngine, mayUpgrade: boolean, limitMs: number) {
    this.#engine = engine;
    this.#upgrade = mayUpgrade ? ASKED_FOR : undefined;
    this.#limitMs = limitMs;
  }

  async run(): Promise<void> {
    const acceptor = await this.#listen();
    await this.#talk(acceptor);
    await this.#finish(acceptor);
    await this.#reset(acceptor);
    if (this.#upgrade !== undefined) await this.#askForMore(acceptor);
    this.step = "closing the listener";
    await acceptor.close();
    const left = await acceptor.connectionCount();
    if (left !== 0) throw new Error(`the listener still counted ${left} connections`);
  }

  /** Closes whatever a failed trial left open. */
  abandon(): void {
    for (const end of this.#ends) end.abandon();
    // A listener that never says that it closed is one of the faults looked for.
    this.#acceptor?.close().catch(ignore);
  }

  async #listen(): Promise<Acceptor> {
    const listen = listenTcp({
      kind: "tcp",
      host: LOOPBACK,
      port: 0,
      backlog: 8,
      ipv6Only: false,
      kernel: NO_KERNEL_CONFIG,
      engine: this.#engine,
      upgrade: this.#upgrade,
      webSocketPath: undefined,
      warn: ignore,
    });
    this.#acceptor = await listen({
      onIncoming: ({ attach }) => this.#next?.attach(attach),
      onAcceptFailed: (error) => this.#next?.fail(error),
    });
    return this.#acceptor;
  }

  /** Returns the served end and the dialled one. */
  async #connect(acceptor: Acceptor): Promise<readonly [TrialEnd, TrialEnd]> {
    this.step = "connecting";
    const pair = [new TrialEnd(), new TrialEnd()] as const;
    const [served, dialled] = pair;
    this.#next = served;
    this.#ends.push(served, dialled);
    this.#dial(acceptor.url, dialled);
    await Promise.all([served.opened, dialled.opened]);
    return pair;
  }

  #dial(url: string, end: TrialEnd): void {
    const open = openTcp({
      host: LOOPBACK,
      port: Number(new URL(url).port),
      addressTimeoutMs: this.#limitMs,
      kernel: NO_KERNEL_CONFIG,
      engine: this.#engine,
      warn: ignore,
    });
    open({
      onOpened: (attach: Attach) => end.attach(attach),
      onFailed: (error) => end.fail(error),
    });
  }

  /** Both ways, with a pause, and with more than the kernel takes. */
  async #talk(acceptor: Acceptor): Promise<void> {
    const [served, dialled] = await this.#connect(acceptor);
    for (const [from, to] of [[dialled, served] as const, [served, dialled] as const]) {
      this.step = "reading twice";
      from.transport.write(Uint8Array.of(1, 2, 3));
      await to.heard("1,2,3");
      from.transport.write(Uint8Array.of(4));
      await to.heard("1,2,3,4");
      this.step = "resuming";
      to.transport.pause();
      from.transport.write(Uint8Array.of(5));
      to.transport.resume();
      await to.heard("1,2,3,4,5");
      this.step = "reading that was put off";
      to.transport.putOff?.();
      from.transport.write(Uint8Array.of(6));
      to.transport.takeUp?.();
      await to.heard("1,2,3,4,5,6");
    }
    this.step = "counting an open connection";
    if ((await acceptor.connectionCount()) !== 1) throw new Error("the listener did not count it");
    this.step = "a write that the kernel refuses";
    dialled.transport.pause();
    const written = fill(served.transport);
    dialled.transport.resume();
    await served.drained;
    await dialled.received(6 + written);
    this.step = "closing";
    served.transport.finish();
    await dialled.finished;
    dialled.transport.write(Uint8Array.of(7));
    await served.heard("1,2,3,4,5,6,7");
    dialled.transport.reset();
    await Promise.all([served.closed, dialled.closed]);
  }

  async #finish(acceptor: Acceptor): Promise<void> {
    const [served, dialled] = await this.#connect(acceptor);
    this.step = "an orderly close";
    dialled.transport.finish();
    await served.finished;
    served.transport.finish();
    await Promise.all([served.closed, dialled.closed]);
    if (served.fault !== undefined) throw served.fault;
  }

  async #reset(acceptor: Acceptor): Promise<void> {
    this.step = "a reset";
    const [served, dialled] = await this.#connect(acceptor);
    // A shutdown that is under way is the hard case.
    served.transport.finish();
    served.transport.reset();
    await served.closed;
    dialled.transport.reset();
    const [seeing, resetting] = await this.#connect(acceptor);
    this.step = "a reset by the peer";
    resetting.transport.reset();
    await seeing.closed;
    if (seeing.fault === undefined) throw new Error("a reset by the peer was no fault");
  }

  /** On a port where something else may be asked for: after a beginning that may become either. */
  async #askForMore(acceptor: Acceptor): Promise<void> {
    const [served, dialled] = await this.#connect(acceptor);
    this.step = "holding first bytes";
    dialled.transport.write(Uint8Array.of(ASKS));
    await served.switched;
    if (!served.transport.isPreparing) throw new Error("a beginning was not held back");
    this.step = "an upgrade";
    dialled.transport.write(Uint8Array.of(ASKS));
    await served.heard(`${ASKS},${ASKS}`);
    served.transport.write(Uint8Array.of(1));
    await dialled.heard("1");
    dialled.transport.write(Uint8Array.of(2));
    await served.heard(`${ASKS},${ASKS},2`);
    served.transport.reset();
    await Promise.all([served.closed, dialled.closed]);
  }
}

/** What is asked for is bytes again, by the events of node:net. */
const ASKED_FOR: Upgrade = {
  isOnly: false,
  recognise(head) {
    if (head[0] !== ASKS) return "no";
    return head.length > 1 ? "yes" : "more";
  },
  take({ socket, head, facts, remote, handlers }) {
    const transport = new StreamTransport(socket, facts, remote, handlers);
    socket.unshift(head);
    readByEvent(socket);
    socket.resume();
    return transport;
  },
};

/** Writes until a write is refused; returns how much that was. */
function fill(transport: Transport): number {
  let written = 0;
  while (written < FILL_BYTES_MAX) {
    written += PIECE_BYTES;
    if (transport.write(new Uint8Array(PIECE_BYTES))) continue;
    if (transport.unsentBytes === 0) throw new Error("a refused write had nothing that waits");
    return written;
  }
  throw new Error("no write was refused");
}
