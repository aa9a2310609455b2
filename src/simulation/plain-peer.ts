/**
 * Programs that know nothing of us: they write `ping` now and then, read lines, and that is all.
 *
 * They have no timeouts of their own. What happens to them must be the product's doing, on the
 * other side, or their kernel's.
 */
import { type Cancel, type Clock, later } from "../base/time.ts";
import type { KernelConfig, Transport, TransportHandlers } from "../transports/transport.ts";
import type { ActorSurroundings, ClientActor, ServerActor } from "./actor.ts";
import { messageName, runInside } from "./actor.ts";
import type { PlainClientPlan, PlainServerPlan } from "./plan.ts";
import type { SimHost } from "./sim-host.ts";
import type { SimTransport } from "./sim-transport.ts";

/** What a socket has when nobody sets anything: no keepalive, no user timeout. */
export const PLAIN_KERNEL: KernelConfig = {
  keepalive: false,
  userTimeoutMs: false,
  userTimeoutAsked: false,
  keepaliveAsked: false,
};

const TRICKLE_MS = 900;
const PING: Uint8Array = new TextEncoder().encode("ping\n");
const PONG: Uint8Array = new TextEncoder().encode("pong\n");

export class PlainClient implements ClientActor, TransportHandlers {
  readonly host: SimHost;
  readonly link: undefined;
  readonly #plan: PlainClientPlan;
  readonly #around: ActorSurroundings;
  readonly #lines: LineReader;
  #clock: Clock | undefined;
  #transport: Transport | undefined;
  #cancel: Cancel = () => {};
  #cancelTrickle: Cancel = () => {};
  #isClosed = false;

  constructor(plan: PlainClientPlan, host: SimHost, around: ActorSurroundings) {
    this.#plan = plan;
    this.host = host;
    this.#around = around;
    this.#lines = new LineReader((line) => this.#onLine(line));
  }

  start(): void {
    const process = this.host.process ?? this.host.boot();
    this.#clock = process.clock("program");
    this.#dial();
  }

  lose(): void {
    this.#transport = undefined;
    this.#clock = undefined;
  }

  slowDown(trickles: boolean): void {
    this.#inside(() => {
      this.#transport?.pause();
      if (trickles) this.#trickle();
    });
  }

  speedUp(): void {
    this.#inside(() => {
      this.#cancelTrickle();
      this.#transport?.resume();
    });
  }

  networkChanged(): void {}

  hush(): void {}

  close(): void {
    this.#inside(() => {
      this.#isClosed = true;
      this.#cancel();
      this.#transport?.finish();
    });
  }

  onBytes(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  onDrained(): void {}

  onFinished(): void {
    this.#transport?.finish();
  }

  onClosed(): void {
    this.#transport = undefined;
    this.#cancelTrickle();
    this.#dialLater();
  }

  #onLine(line: string): void {
    if (line === "pong" || !this.#plan.readsAnswers) return;
    const flow = (this.#transport as SimTransport | undefined)?.flow;
    const told = { by: this.host.name, flow, message: messageName(line) };
    this.#around.tell({ what: "received", atMs: this.#around.timeline.nowMs, ...told });
  }

  #dial(): void {
    const { process } = this.host;
    if (process === undefined) return;
    this.#lines.clear();
    process.open(
      this.#plan.server,
      PLAIN_KERNEL,
    )({
      onOpened: (attach) => {
        this.#transport = attach(this);
        if (!this.#plan.readsAnswers) this.#transport.pause();
        this.#ping();
      },
      onFailed: () => this.#dialLater(),
    });
  }

  #dialLater(): void {
    this.#cancel();
    if (this.#isClosed) return;
    this.#cancel = this.#in(this.#plan.redialMs, () => this.#dial());
  }

  /** It does not look whether the kernel took it: plain programs do not. */
  #ping(): void {
    const transport = this.#transport;
    if (transport === undefined) return;
    if (transport.unsentBytes === 0) transport.write(PING);
    this.#cancel = this.#in(this.#plan.intervalMs, () => this.#ping());
  }

  #trickle(): void {
    this.#cancelTrickle = this.#in(TRICKLE_MS, () => {
      this.#transport?.resume();
      this.#cancelTrickle = this.#in(10, () => {
        this.#transport?.pause();
        this.#trickle();
      });
    });
  }

  #inside(run: () => void): void {
    if (this.#clock !== undefined) runInside(this.#clock, run);
  }

  #in(ms: number, run: () => void): Cancel {
    const clock = this.#clock;
    return clock === undefined ? () => {} : clock.wakeAt(later(clock.now(), ms), run);
  }
}

/** Answers `ping`, or not, and takes every other line for a message. */
export class PlainServer implements ServerActor {
  readonly host: SimHost;
  readonly server: undefined;
  readonly #plan: PlainServerPlan;
  readonly #around: ActorSurroundings;
  #stop: () => void = () => {};

  constructor(plan: PlainServerPlan, host: SimHost, around: ActorSurroundings) {
    this.#plan = plan;
    this.host = host;
    this.#around = around;
  }

  start(): void {
    const process = this.host.process ?? this.host.boot();
    const { turns } = this.#around;
    const listening = process.listen(PLAIN_KERNEL)({
      onIncoming: ({ attach }) => {
        const peer = new PlainServed(this.#plan.answers, this.#around);
        peer.transport = attach(peer);
      },
      onAcceptFailed: () => {},
    });
    const begin = async (): Promise<void> => {
      const acceptor = await listening;
      this.#stop = () => void turns.during(acceptor.close());
    };
    void turns.during(begin());
  }

  lose(): void {}

  hush(): void {}

  close(): void {
    this.#stop();
  }
}

class PlainServed implements TransportHandlers {
  transport: Transport | undefined;
  readonly #answers: boolean;
  readonly #around: ActorSurroundings;
  readonly #lines = new LineReader((line) => this.#onLine(line));

  constructor(answers: boolean, around: ActorSurroundings) {
    this.#answers = answers;
    this.#around = around;
  }

  onBytes(bytes: Uint8Array): void {
    this.#lines.push(bytes);
  }

  onDrained(): void {}

  onFinished(): void {
    this.transport?.finish();
  }

  onClosed(): void {
    this.transport = undefined;
  }

  #onLine(line: string): void {
    const { transport } = this;
    if (line === "ping") {
      if (this.#answers && transport?.unsentBytes === 0) transport.write(PONG);
      return;
    }
    const flow = (transport as SimTransport | undefined)?.flow;
    const told = { by: `flow-${flow ?? 0}`, flow, message: messageName(line) };
    this.#around.tell({ what: "received", atMs: this.#around.timeline.nowMs, ...told });
  }
}

/** Lines of ASCII, which is all that the programs of a simulation write. */
class LineReader {
  readonly #onLine: (line: string) => void;
  #rest = "";

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(bytes: Uint8Array): void {
    const lines = (this.#rest + new TextDecoder().decode(bytes)).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(line);
  }

  clear(): void {
    this.#rest = "";
  }
}
