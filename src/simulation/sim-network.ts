/**
 * All hosts, and what carries packets between them.
 *
 * A packet is judged twice: where it leaves its host, and where it reaches the other one; see
 * sim-path.ts. Hosts are made when they are first named, since plans name them in any order.
 */
import { barePacket, Flow, otherSide, type Packet } from "./packet.ts";
import type { Streams } from "./draw.ts";
import type { FaultKind, Side, Tell } from "./sim-event.ts";
import { SimHost } from "./sim-host.ts";
import { SimPath } from "./sim-path.ts";
import type { Timeline } from "./timeline.ts";

export class SimNetwork {
  readonly timeline: Timeline;
  readonly streams: Streams;
  readonly tell: Tell;
  readonly #hosts = new Map<string, SimHost>();
  #flowCount = 0;
  #callbackCount = 0;

  constructor(timeline: Timeline, streams: Streams, tell: Tell) {
    this.timeline = timeline;
    this.streams = streams;
    this.tell = tell;
  }

  get hosts(): Iterable<SimHost> {
    return this.#hosts.values();
  }

  /** How many callbacks of processes have run: only after these can promises have begun. */
  get callbackCount(): number {
    return this.#callbackCount;
  }

  /** The host of that name, made on first use, with an ideal path and no process. */
  host(name: string): SimHost {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    const path = this.#makePath(name, () => host);
    const host: SimHost = new SimHost(name, path, this);
    this.#hosts.set(name, host);
    return host;
  }

  makeFlow(client: SimHost, place: string): Flow {
    this.#flowCount += 1;
    return new Flow(this.#flowCount, client, this.host(place));
  }

  /** From the host of that side to the other one. */
  send(flow: Flow, side: Side, packet: Packet): void {
    const to = otherSide(side);
    const source = flow.place(side).host.path;
    const target = flow.place(to).host.path;
    if (!source.passesOut(flow, side, packet)) return;
    this.#deliver(flow, to, source.drawDelayMs() + target.drawDelayMs(), () => {
      if (!target.passesIn(flow, to, packet)) return;
      flow.place(to).host.handlePacket(flow, to, packet);
    });
  }

  countCallback(): void {
    this.#callbackCount += 1;
  }

  #deliver(flow: Flow, to: Side, delayMs: number, arrive: () => void): void {
    const atMs = Math.max(this.timeline.nowMs + delayMs, flow.lastArrivalMs[to]);
    flow.lastArrivalMs[to] = atMs;
    this.timeline.at(atMs, arrive);
  }

  #makePath(name: string, host: () => SimHost): SimPath {
    const { timeline, tell } = this;
    const tellLost = (flow: Flow, how: FaultKind): void => {
      tell({ what: "flow-lost", atMs: timeline.nowMs, flow: flow.number, how });
    };
    const draw = this.streams.stream(`path/${name}`);
    const around = {
      nowMs: () => timeline.nowMs,
      setTimer: (atMs: number, run: () => void): void => void timeline.at(atMs, run),
      tellLost,
      forge: (flow: Flow, to: Side, packet: Packet): void => {
        this.#forge(host(), flow, to, () => flow.place(to).host.handlePacket(flow, to, packet));
      },
      forgeFin: (flow: Flow, to: Side): void => {
        this.#forge(host(), flow, to, () => flow.place(to).host.handleForeignFin(flow, to));
      },
    };
    return new SimPath(this.#hosts.size + 1, draw, around, () => {
      for (const flow of host().flows()) tellLost(flow, "network-switch");
    });
  }

  /** From the middlebox before `owner`, to the host of that side. */
  #forge(owner: SimHost, flow: Flow, to: Side, arrive: () => void): void {
    const { host } = flow.place(to);
    const { path } = host;
    this.#deliver(flow, to, path.drawDelayMs(), () => {
      const passes =
        host === owner
          ? path.reachesHost(flow, to)
          : path.passesIn(flow, to, barePacket("segment"));
      if (passes) arrive();
    });
  }
}
