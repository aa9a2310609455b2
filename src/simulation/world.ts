/**
 * One simulated world: hosts, the programs on them, the network between them, and their faults.
 *
 * It only puts together what other files are about; run.ts makes time pass in it.
 */
import type { ActorSurroundings, ClientActor, ServerActor } from "./actor.ts";
import { type Draw, Streams } from "./draw.ts";
import type { FaultSite } from "./fault-site.ts";
import { Faults } from "./faults.ts";
import { FlowWatch } from "./flow-watch.ts";
import { LayeredPath } from "./layered-path.ts";
import { PlainClient, PlainServer } from "./plain-peer.ts";
import type { Plan, PlannedEvent } from "./plan.ts";
import { SimClient } from "./sim-client.ts";
import type { SimEvent, Side, Tell } from "./sim-event.ts";
import type { SimHost } from "./sim-host.ts";
import { SimNetwork } from "./sim-network.ts";
import { SimServer } from "./sim-server.ts";
import { Timeline } from "./timeline.ts";
import { Turns } from "./turns.ts";
import type { LinkView, ServerView, WorldView } from "./world-view.ts";

export interface WorldHandlers {
  onEvent(event: SimEvent): void;
  onPing(side: Side): void;
  onBeat(side: Side): void;
}

/** Servers stand before the first client comes. */
const CLIENTS_FROM_MS = 100;

export class World implements FaultSite, WorldView {
  readonly timeline: Timeline = new Timeline();
  readonly turns: Turns = new Turns();
  readonly server: SimServer;
  readonly faults: Faults;
  readonly #plan: Plan;
  readonly #streams: Streams;
  readonly #network: SimNetwork;
  readonly #watch: FlowWatch;
  readonly #tell: Tell;
  readonly #clients = new Map<string, ClientActor>();
  readonly #servers = new Map<string, ServerActor>();
  readonly #paths = new Map<string, LayeredPath>();
  readonly #taken = new Set<string>();
  readonly #buried = new Set<string>();

  constructor(plan: Plan, handlers: WorldHandlers) {
    const { timeline, turns } = this;
    this.#plan = plan;
    this.#streams = new Streams(plan.seed);
    this.#tell = (event) => {
      this.#watch.onEvent(event);
      handlers.onEvent(event);
    };
    this.#watch = new FlowWatch({
      tell: this.#tell,
      now: () => timeline.nowMs,
      onPing: (side) => handlers.onPing(side),
      onBeat: (side) => handlers.onBeat(side),
    });
    this.#network = new SimNetwork(timeline, this.#streams, this.#tell);
    const around: ActorSurroundings = {
      timeline,
      streams: this.#streams,
      watch: this.#watch,
      turns,
      tell: this.#tell,
      report: (host, error) => this.report(host, error),
    };
    this.server = this.#settleServers(around);
    this.#settleClients(around);
    this.faults = new Faults(this, this.#tell);
  }

  begin(): void {
    for (const server of this.#servers.values()) server.start();
    for (const { host, startAtMs } of this.#plan.clients) {
      this.timeline.at(CLIENTS_FROM_MS + startAtMs, () => this.#clients.get(host)?.start());
    }
    this.faults.schedule(this.#plan.events);
  }

  hush(): void {
    for (const actor of [...this.#clients.values(), ...this.#servers.values()]) actor.hush();
  }

  closeClients(): void {
    for (const client of this.#clients.values()) client.close();
  }

  closeServers(): void {
    for (const server of this.#servers.values()) server.close();
  }

  report(host: string, error: unknown): void {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.#tell({ what: "thrown", atMs: this.timeline.nowMs, host, message });
  }

  // For checkers.

  get nowMs(): number {
    return this.timeline.nowMs;
  }

  get links(): readonly LinkView[] {
    return [...this.#clients.values()].flatMap(({ link }) => (link === undefined ? [] : [link]));
  }

  get servers(): readonly ServerView[] {
    return [...this.#servers.values()].flatMap(({ server }) =>
      server === undefined ? [] : [server],
    );
  }

  machine(flow: number, side: Side): ReturnType<WorldView["machine"]> {
    return this.#watch.machine(flow, side);
  }

  latenessMs(host: string, fromMs: number, untilMs: number): number {
    return this.host(host).process?.latenessMs(fromMs, untilMs) ?? 0;
  }

  // For faults.

  client(host: string): ClientActor | undefined {
    return this.host(host).process === undefined ? undefined : this.#clients.get(host);
  }

  host(name: string): SimHost {
    return this.#network.host(name);
  }

  path(host: string): LayeredPath | undefined {
    return this.#paths.get(host);
  }

  draw({ id }: PlannedEvent): Draw {
    return this.#streams.stream(`fault ${id}`);
  }

  take(host: string): (() => void) | undefined {
    if (this.#taken.has(host) || this.#buried.has(host)) return undefined;
    this.#taken.add(host);
    return () => void this.#taken.delete(host);
  }

  lose(host: string): void {
    this.#clients.get(host)?.lose();
    this.#servers.get(host)?.lose();
  }

  start(host: string): void {
    this.#clients.get(host)?.start();
    this.#servers.get(host)?.start();
  }

  bury(host: string): void {
    this.#buried.add(host);
    this.#clients.delete(host);
  }

  #settleServers(around: ActorSurroundings): SimServer {
    let first: SimServer | undefined;
    for (const plan of this.#plan.servers) {
      const host = this.#network.host(plan.host);
      if (plan.kind === "plain-server") {
        this.#servers.set(plan.host, new PlainServer(plan, host, around));
        continue;
      }
      const server = new SimServer(plan, host, around);
      this.#servers.set(plan.host, server);
      first ??= server;
    }
    if (first === undefined) throw new Error("broken promise: a world has a server of ours");
    return first;
  }

  #settleClients(around: ActorSurroundings): void {
    for (const plan of this.#plan.clients) {
      const host = this.#network.host(plan.host);
      this.#paths.set(plan.host, new LayeredPath(host.path, plan.path));
      const actor =
        plan.kind === "plain"
          ? new PlainClient(plan, host, around)
          : new SimClient(plan, host, around);
      this.#clients.set(plan.host, actor);
    }
  }
}
