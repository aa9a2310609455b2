/** Two simulated hosts with a connection between them, and a log at each end. */
import { expect } from "vitest";
import { Streams } from "../../src/simulation/draw.ts";
import type { Side, SimEvent } from "../../src/simulation/sim-event.ts";
import type { SimHost } from "../../src/simulation/sim-host.ts";
import { SimNetwork } from "../../src/simulation/sim-network.ts";
import { Timeline } from "../../src/simulation/timeline.ts";
import { systemCode } from "../../src/transports/listen-failure.ts";
import { NO_KERNEL_CONFIG } from "../../src/transports/no-kernel-options.ts";
import type { KernelConfig, Transport, TransportHandlers } from "../../src/transports/transport.ts";

export const PLAIN_KERNEL: KernelConfig = NO_KERNEL_CONFIG;

/** What one end was told, with times; bytes are kept apart. */
export class EndLog implements TransportHandlers {
  readonly bytes: number[] = [];
  readonly lines: string[] = [];
  /** Called after each handler with its name. */
  onTold: (name: string) => void = () => {};
  #transport: Transport | undefined;
  readonly #timeline: Timeline;

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  get transport(): Transport {
    if (this.#transport === undefined) throw new Error("this end is not attached");
    return this.#transport;
  }

  set transport(transport: Transport) {
    this.#transport = transport;
  }

  get text(): string {
    return String.fromCharCode(...this.bytes);
  }

  write(text: string): boolean {
    return this.transport.write(new TextEncoder().encode(text));
  }

  onBytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.bytes.push(byte);
    this.onTold("bytes");
  }

  onDrained(): void {
    this.#note("drained");
  }

  onFinished(): void {
    this.#note("finished");
  }

  onClosed(fault: Error | undefined): void {
    this.#note(`closed ${fault === undefined ? "in order" : (systemCode(fault) ?? "oddly")}`);
  }

  #note(what: string): void {
    this.lines.push(`${this.#timeline.nowMs} ${what}`);
    this.onTold(what);
  }
}

export class SimPair {
  readonly timeline: Timeline = new Timeline();
  readonly events: SimEvent[] = [];
  readonly network: SimNetwork;
  readonly left: EndLog;
  readonly right: EndLog;
  readonly clientHost: SimHost;
  readonly serverHost: SimHost;

  private constructor(seed: number) {
    this.network = new SimNetwork(this.timeline, new Streams(seed), (event) => {
      this.events.push(event);
    });
    this.left = new EndLog(this.timeline);
    this.right = new EndLog(this.timeline);
    this.clientHost = this.network.host("client");
    this.serverHost = this.network.host("server");
    this.clientHost.boot();
    this.serverHost.boot();
  }

  /** Hosts only; nobody listens. */
  static strangers(seed: number = 1): SimPair {
    return new SimPair(seed);
  }

  /** Connected, at time 0 over an ideal way. */
  static connected(
    client: Partial<KernelConfig> = {},
    server: Partial<KernelConfig> = {},
    seed: number = 1,
  ): SimPair {
    const pair = new SimPair(seed);
    pair.listen(server);
    pair.dial(client);
    pair.pass(0);
    expect(pair.left.transport.kind).toBe(pair.right.transport.kind);
    return pair;
  }

  listen(server: Partial<KernelConfig> = {}): void {
    const listen = this.serverHost.process?.listen({ ...PLAIN_KERNEL, ...server });
    void listen?.({
      onIncoming: ({ attach }) => {
        this.right.transport = attach(this.right);
      },
      onAcceptFailed() {},
    });
  }

  /** Returns where the outcome of the dial will be noted, with its time. */
  dial(client: Partial<KernelConfig> = {}): string[] {
    const outcome: string[] = [];
    const open = this.clientHost.process?.open("server", { ...PLAIN_KERNEL, ...client });
    open?.({
      onOpened: (attach) => {
        outcome.push(`${this.timeline.nowMs} opened`);
        this.left.transport = attach(this.left);
      },
      onFailed: (error) => outcome.push(`${this.timeline.nowMs} ${error.message}`),
    });
    return outcome;
  }

  pass(ms: number): void {
    this.timeline.runUntil(this.timeline.nowMs + ms);
  }

  /** The events of one kind at one end, or of flows as such. */
  told<What extends SimEvent["what"]>(what: What, side?: Side): (SimEvent & { what: What })[] {
    const isWanted = (event: SimEvent): event is SimEvent & { what: What } =>
      event.what === what && (side === undefined || ("side" in event && event.side === side));
    return this.events.filter(isWanted);
  }
}
