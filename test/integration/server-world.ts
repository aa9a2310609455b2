/**
 * A server, its clients and the network between them, all pretended: one clock moves everything.
 *
 * Plain clients write and read text; frame clients are the real machine in its other role.
 */
import { expect } from "vitest";
import type { Observation } from "../../src/base/observation.ts";
import { type Secrets, seededRandom } from "../../src/base/random.ts";
import type { ConnectionConfig, Greeting, LivenessLimits } from "../../src/connection/config.ts";
import { Connection } from "../../src/connection/connection.ts";
import type { Dialect, Message } from "../../src/connection/effects.ts";
import type { EndRecord } from "../../src/connection/end-record.ts";
import { Alarms } from "../../src/driver/alarms.ts";
import { Driven } from "../../src/driver/driven.ts";
import type { DrivenOwner } from "../../src/driver/driven-owner.ts";
import { StallLog } from "../../src/liveness/stall-log.ts";
import { resolveServer } from "../../src/server/options.ts";
import { type Server, startServer } from "../../src/server/server.ts";
import { CLIENT_CONFIG } from "../../src/testing/connection-pair.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import {
  listenMemory,
  MemoryNetwork,
  openMemory,
} from "../../src/transports/memory/memory-network.ts";
import type {
  Attach,
  Listen,
  Transport,
  TransportHandlers,
} from "../../src/transports/transport.ts";
import type { GoAway, Welcome } from "../../src/wire/frame.ts";

type ServerOptions = Parameters<typeof resolveServer>[0];

const random = seededRandom(7);

const secrets: Secrets = {
  bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(random.next() * 256)),
};

export class ServerWorld {
  readonly clock: ManualClock = new ManualClock();
  readonly network: MemoryNetwork;
  readonly reported: unknown[] = [];
  readonly observed: Observation[] = [];
  /** What the server told, in order: `accepted`, `connection`, `end CODE`, and so on. */
  readonly told: string[] = [];
  readonly ends: EndRecord[] = [];
  readonly stalls: StallLog = new StallLog({ stallToleranceMs: 250 });
  readonly alarms: Alarms;
  #waiting: (() => void)[] = [];
  #server: Server | undefined;

  constructor(capacityBytes: number = 256 * 1024) {
    this.network = new MemoryNetwork({
      capacityBytes,
      readBytesMax: 64 * 1024,
      overwriteAfterRead: true,
      schedule: (run) => void this.#waiting.push(run),
    });
    this.clock.read = () => this.#carry();
    const on = { onStall: () => {}, onPassEnd: () => {} };
    const config = { tickMs: 1, watchMs: 1_000, stallToleranceMs: 250 };
    this.alarms = new Alarms(config, this.clock, this.stalls, on);
  }

  get server(): Server {
    if (this.#server === undefined) throw new Error("the world has no server yet");
    return this.#server;
  }

  /** `more`: further listeners, started after the one that clients dial. */
  async start(options: ServerOptions = {}, more: readonly Listen[] = []): Promise<Server> {
    const observe = (observation: Observation): void => void this.observed.push(observation);
    const server = await startServer(resolveServer({ observe, ...options }, 10_000), {
      clock: this.clock,
      random: seededRandom(3),
      secrets,
      report: (error) => void this.reported.push(error),
      listeners: [listenMemory({ network: this.network, name: "server" }), ...more],
    });
    this.#server = server;
    server.on("accepted", () => void this.told.push("accepted"));
    server.on("connection", () => void this.told.push("connection"));
    server.on("rejected", (code) => void this.told.push(`rejected ${code}`));
    server.on("end", (_, record) => {
      this.told.push(`end ${record.code}`);
      this.ends.push(record);
    });
    return server;
  }

  /** A plain program. */
  plain(text?: string): PlainClient {
    const client = new PlainClient();
    openMemory({ network: this.network, name: "server" })({
      onOpened: (attach) => client.attach(attach),
      onFailed: () => {
        client.closed = true;
      },
    });
    this.settle();
    if (text !== undefined) client.write(text);
    this.settle();
    return client;
  }

  /** A client of ours. */
  frame(
    greeting: Partial<Greeting> = {},
    liveness: Partial<LivenessLimits> = {},
    seed = 5,
    messageBytesMax: number = CLIENT_CONFIG.messageBytesMax,
  ): FrameClient {
    const whole = { token: undefined, previous: undefined, ...greeting };
    const config = {
      ...CLIENT_CONFIG,
      messageBytesMax,
      liveness: { ...CLIENT_CONFIG.liveness, ...liveness },
    };
    const client = new FrameClient(this, whole, config, seed);
    openMemory({ network: this.network, name: "server" })({
      onOpened: (attach) => client.attach(attach),
      onFailed: () => {},
    });
    this.settle();
    return client;
  }

  /** Lets everything happen that needs no time to pass. */
  settle(): void {
    this.clock.advance(0);
  }

  pass(ms: number): void {
    this.clock.advance(ms);
  }

  /** Lets promises settle, and what they do. */
  async breathe(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.settle();
  }

  /** Keeps the network going, without letting time pass, until the promise settles. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    for (let turn = 0; turn < 20 && !isSettled; turn++) await this.breathe();
    expect(isSettled, "the promise settles without time passing").toBe(true);
    return await promise;
  }

  /** What a server that has closed must have left: nothing. */
  expectNothingLeft(): void {
    this.settle();
    expect(this.server.connections()).toEqual([]);
    expect(this.server.stats()).toMatchObject({ open: 0, refusing: 0, bufferedBytes: 0 });
    expect(this.alarms.size).toBe(0);
    this.alarms.close();
    expect(this.clock.alarmCount).toBe(0);
  }

  #carry(): void {
    for (let turn = this.#waiting; turn.length > 0; turn = this.#waiting) {
      this.#waiting = [];
      for (const run of turn) run();
    }
  }
}

export class PlainClient implements TransportHandlers {
  /** All that was read. */
  text = "";
  finished = false;
  closed = false;
  fault: Error | undefined;
  #transport: Transport | undefined;

  attach(attach: Attach): void {
    this.#transport = attach(this);
  }

  write(text: string): void {
    this.#transport?.write(new TextEncoder().encode(text));
  }

  writeBytes(...bytes: number[]): void {
    this.#transport?.write(Uint8Array.from(bytes));
  }

  pause(): void {
    this.#transport?.pause();
  }

  resume(): void {
    this.#transport?.resume();
  }

  finish(): void {
    this.#transport?.finish();
  }

  onBytes(bytes: Uint8Array): void {
    this.text += String.fromCharCode(...bytes.slice(0, 1_000));
  }

  onDrained(): void {}

  /** As plain programs do: goes when the other side went. */
  onFinished(): void {
    this.finished = true;
    this.#transport?.finish();
  }

  onClosed(fault: Error | undefined): void {
    this.closed = true;
    this.fault = fault;
  }
}

export class FrameClient implements DrivenOwner {
  readonly received: Message[] = [];
  readonly goaways: GoAway[] = [];
  welcome: Welcome | undefined;
  end: EndRecord | undefined;
  /** Leaves when it is told to go, as links do. */
  obeys = true;
  readonly config: ConnectionConfig;
  #driven: Driven | undefined;
  readonly #world: ServerWorld;
  readonly #greeting: Greeting;
  readonly #seed: number;

  constructor(world: ServerWorld, greeting: Greeting, config: ConnectionConfig, seed: number) {
    this.#seed = seed;
    this.config = config;
    this.#world = world;
    this.#greeting = greeting;
  }

  get driven(): Driven {
    if (this.#driven === undefined) throw new Error("the client is not attached yet");
    return this.#driven;
  }

  /** The identity with which to come back. */
  get previous(): { id: string; secret: string } {
    return { id: this.welcome?.id ?? "", secret: this.welcome?.secret ?? "" };
  }

  attach(attach: Attach): void {
    const { clock, alarms, stalls, reported } = this.#world;
    const identity = { id: "client", secret: "" };
    const context = { stalls, random: seededRandom(this.#seed) };
    const machine = new Connection(this.config, identity, context, this.#greeting, clock.now());
    const report = (error: unknown): void => void reported.push(error);
    this.#driven = new Driven(machine, attach, this, { clock, alarms, report });
    this.#driven.start();
  }

  onGreeting(): void {}

  onReady(): void {}

  onHello(): void {}

  onOpened(_: Driven, _dialect: Dialect, welcome: Welcome | undefined): void {
    this.welcome = welcome;
  }

  onMessage(_: Driven, data: Message): void {
    this.received.push(data);
  }

  onVerdict(): void {}
  onBeat(): void {}

  onGoAway(driven: Driven, goaway: GoAway): void {
    this.goaways.push(goaway);
    if (this.obeys) driven.close("CLOSED_HERE", "moving away");
  }

  onDrained(): void {}
  onDelivered(): void {}

  onJudge(driven: Driven): void {
    driven.condemn();
  }

  onHeldBytes(): void {}

  onEnd(_: Driven, record: EndRecord): void {
    this.end = record;
  }
}
