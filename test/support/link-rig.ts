/** Links over a pretended network and a clock moved by hand, and servers that obey. */
import type { ErrorCode } from "../../src/base/errors.ts";
import type { Observation } from "../../src/base/observation.ts";
import { connectWith, type Link } from "../../src/client/link.ts";
import type { ConnectOptions } from "../../src/client/options.ts";
import type { LinkPlatform } from "../../src/client/platform.ts";
import { SOCKET_TERMS } from "../../src/client/socket-terms.ts";
import type { LinkEvents } from "../../src/client/status.ts";
import type { ConnectionConfig } from "../../src/connection/config.ts";
import { Connection } from "../../src/connection/connection.ts";
import type { Message } from "../../src/connection/effects.ts";
import type { EndRecord } from "../../src/connection/end-record.ts";
import { Alarms } from "../../src/driver/alarms.ts";
import { Driven } from "../../src/driver/driven.ts";
import type { DrivenOwner } from "../../src/driver/driven-owner.ts";
import { StallLog } from "../../src/liveness/stall-log.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { MemoryNetwork, openMemory } from "../../src/transports/memory/memory-network.ts";
import type { Incoming } from "../../src/transports/transport.ts";
import type { GoAway, Hello } from "../../src/wire/frame.ts";
import { lineWords } from "../../src/wire/line-words.ts";

const DAY_MS = 86_400_000;

const SERVER: ConnectionConfig = {
  role: "server",
  accepts: { line: true, frame: true },
  words: lineWords("ping", "pong"),
  lineBytesMax: 65_536,
  messageBytesMax: 65_536,
  outboxBytesMax: 1_000_000,
  outboxHighWaterBytes: 100_000,
  handshakeTimeoutMs: 10_000,
  closeTimeoutMs: 5_000,
  agent: "",
  liveness: {
    intervalMs: false,
    answerWithinMs: false,
    answersExpected: true,
    timeoutMs: 60_000,
    leaseMsMin: 10,
    leaseMsMax: DAY_MS,
    drainTimeoutMs: 60_000,
    pauseMsMax: DAY_MS,
    pingIntervalMsMin: false,
  },
};

/** Accepts at one place; `on` decides what becomes of a HELLO. */
export class TestServer implements DrivenOwner {
  readonly hellos: Hello[] = [];
  readonly messages: Message[] = [];
  readonly records: EndRecord[] = [];
  /** The last one that came. */
  driven: Driven | undefined;
  accepted = 0;
  /** Refuses every HELLO with this. */
  refusal: ErrorCode | undefined;
  /** Takes the pipe and then says nothing, ever. */
  isMute = false;
  /** Told to each client as soon as it is in. */
  goaway: GoAway | undefined;
  reconnectWindowMs = 1_000;
  close: () => void = () => {};
  readonly #rig: LinkRig;
  readonly #config: ConnectionConfig;

  constructor(rig: LinkRig, config: Partial<ConnectionConfig>) {
    this.#rig = rig;
    this.#config = { ...SERVER, ...config };
  }

  onIncoming({ attach }: Incoming): void {
    this.accepted += 1;
    if (this.isMute) {
      attach({ onBytes() {}, onDrained() {}, onFinished() {}, onClosed() {} });
      return;
    }
    const { clock, alarms, stalls, report } = this.#rig;
    const identity = { id: `server-${this.accepted}`, secret: `secret-${this.accepted}` };
    const context = { stalls, random: FIXED };
    const now = clock.now();
    const connection = new Connection(this.#config, identity, context, undefined, now);
    this.driven = new Driven(connection, attach, this, { clock, alarms, report });
    this.driven.start();
  }

  onAcceptFailed(): void {}

  onGreeting(): void {}

  onReady(): void {}

  onHello(driven: Driven, hello: Hello): void {
    this.hellos.push(hello);
    if (this.refusal !== undefined) {
      const code = this.refusal;
      driven.refuse({ code, reason: "no", retry: "after", afterMs: 0, spreadMs: 0 });
      return;
    }
    const { reconnectWindowMs } = this;
    const terms = { epoch: "e", reconnectWindowMs, previous: undefined, networkKey: undefined };
    driven.welcome(terms);
    if (this.goaway !== undefined) driven.goAway(this.goaway);
  }

  onOpened(): void {}

  onMessage(_driven: Driven, data: Message): void {
    this.messages.push(data);
  }

  onVerdict(): void {}

  onBeat(): void {}

  onGoAway(): void {}

  onDrained(): void {}

  onDelivered(): void {}

  onJudge(driven: Driven): void {
    driven.condemn();
  }

  onHeldBytes(): void {}

  onEnd(_driven: Driven, record: EndRecord): void {
    this.records.push(record);
  }
}

const STEP_MS = 50;

const FIXED = { next: (): number => 0.5 };

/** All that a link told, in order, as `[name, ...arguments]`. */
export type Told = readonly [name: keyof LinkEvents, ...values: readonly unknown[]];

export class LinkRig {
  readonly clock: ManualClock = new ManualClock();
  readonly stalls: StallLog = new StallLog({ stallToleranceMs: 250 });
  readonly reported: unknown[] = [];
  readonly observed: Observation[] = [];
  readonly told: Told[] = [];
  readonly network: MemoryNetwork;
  readonly alarms: Alarms;
  readonly platform: LinkPlatform;
  /** What was dialled, in order. */
  readonly dialled: string[] = [];
  readonly #scheduled: (() => void)[] = [];

  constructor() {
    this.network = new MemoryNetwork({
      capacityBytes: 64 * 1024,
      readBytesMax: 16 * 1024,
      schedule: (run) => this.#scheduled.push(run),
      overwriteAfterRead: true,
    });
    this.clock.read = () => {
      for (let run = this.#scheduled.shift(); run !== undefined; run = this.#scheduled.shift())
        run();
    };
    const config = { tickMs: 10, watchMs: 1_000, stallToleranceMs: 250 };
    this.alarms = new Alarms(config, this.clock, this.stalls, { onStall() {}, onPassEnd() {} });
    this.platform = {
      terms: SOCKET_TERMS,
      clock: this.clock,
      random: FIXED,
      secrets: { bytes: (count) => new Uint8Array(count).fill(7) },
      open: (target) => {
        const name = target.over === "unix" ? target.path : `${target.host}:${target.port}`;
        this.dialled.push(name);
        return openMemory({ network: this.network, name });
      },
      report: this.report,
    };
  }

  readonly report = (error: unknown): void => {
    this.reported.push(error);
  };

  listen(place: string, config: Partial<ConnectionConfig> = {}): TestServer {
    const server = new TestServer(this, config);
    const acceptor = this.network.bind(place, server);
    server.close = () => void acceptor.close();
    return server;
  }

  /** Everything that the link tells is kept in `told`, from the very beginning. */
  connect(url: string | readonly string[], options: ConnectOptions = {}): Link {
    const observe = (observation: Observation): void => void this.observed.push(observation);
    const link = connectWith(this.platform, url, { observe, ...options });
    this.listenTo(link);
    return link;
  }

  /** Keeps what it tells in `told`. */
  protected listenTo(link: Pick<Link, "on">): void {
    const names = [
      "status",
      "message",
      "beat",
      "interval",
      "drain",
      "goaway",
      "undelivered",
      "connectionEnd",
      "end",
    ] as const;
    for (const name of names) {
      link.on(name, (...values: readonly unknown[]) => this.told.push([name, ...values]));
    }
  }

  /** Lets time pass, and promises too: what they bring about is not late by more than a step. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.clock.advance(Math.min(left, STEP_MS));
      for (let turn = 0; turn < 4; turn++) await Promise.resolve();
    }
    await this.settle();
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 10; turn++) {
      await Promise.resolve();
      this.clock.advance(0);
    }
  }

  /** The names of the statuses told so far. */
  get statuses(): string[] {
    return this.all("status").map(([{ name }]) => name);
  }

  all<Name extends keyof LinkEvents>(name: Name): LinkEvents[Name][] {
    return this.told
      .filter((told) => told[0] === name)
      .map(([, ...values]) => values as unknown as LinkEvents[Name]);
  }
}
