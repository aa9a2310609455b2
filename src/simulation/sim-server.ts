/**
 * A host with a server of ours on it, and an application that answers and sends.
 *
 * Servers come and go on it: each start is a new epoch, on the same process or on a new one. What
 * is easy to break: starting and closing take turns of promises, during which the process may die;
 * so whoever waited checks that it is still about the same life.
 */
import type { ErrorCode } from "../base/errors.ts";
import { isHoldfastError } from "../base/errors.ts";
import type { Observation } from "../base/observation.ts";
import { type Cancel, type Clock, later } from "../base/time.ts";
import type { Message } from "../connection/effects.ts";
import { type ListenOptions, resolveListen } from "../server/options.ts";
import { type Server, startServer } from "../server/server.ts";
import type { ServerConnection } from "../server/server-connection.ts";
import {
  type ActorSurroundings,
  aroundMs,
  messageName,
  messageText,
  runInside,
  seededSecrets,
  type ServerActor,
} from "./actor.ts";
import type { Draw } from "./draw.ts";
import type { RealServerPlan } from "./plan.ts";
import type { SimHost } from "./sim-host.ts";
import type { SimTransport } from "./sim-transport.ts";
import type { ServerTerms, ServerView } from "./world-view.ts";

/** Options that take the place of those of the plan while a server is short of something. */
export type Shortage = Partial<RealServerPlan["options"]>;

const DESCRIPTORS_MAX = 20_000;
/** How long an application that is slow to decide thinks about each newcomer. */
const THINKING_MS_MAX = 8_000;

export class SimServer implements ServerActor {
  readonly host: SimHost;
  readonly #plan: RealServerPlan;
  readonly #around: ActorSurroundings;
  readonly #draw: Draw;
  #life: ServerLife | undefined;
  #starts = 0;
  #isHushed = false;
  /** Its application takes its time to decide who may come in. */
  isSlowToDecide = false;

  constructor(plan: RealServerPlan, host: SimHost, around: ActorSurroundings) {
    this.#plan = plan;
    this.host = host;
    this.#around = around;
    this.#draw = around.streams.stream(`application of ${plan.host}`);
  }

  get server(): ServerView | undefined {
    return this.#life;
  }

  get isUp(): boolean {
    return this.#life?.isUp === true;
  }

  start(shortage: Shortage = {}): void {
    const process = this.host.process ?? this.host.boot();
    this.#starts += 1;
    const options = { ...this.#plan.options, ...shortage };
    const plan = { ...this.#plan, options };
    const clock = process.clock("server");
    const life = new ServerLife(plan, this.#starts, clock, this.#around, this.#draw, {
      isSlowToDecide: () => this.isSlowToDecide,
    });
    this.#life = life;
    if (!this.#isHushed) life.push(process.clock("application"));
    const kernel = resolveListen(life.options, DESCRIPTORS_MAX).kernel;
    const listen = this.#around.watch.listen(process.listen(kernel), this.host.name, () => {});
    void this.#around.turns.during(life.begin(listen));
  }

  lose(): void {
    this.#life?.lose();
    this.#life = undefined;
  }

  /** Takes leave; `then` runs when nothing of the server is left. */
  stop(graceMs: number | "at once", then: () => void): void {
    const life = this.#life;
    if (life === undefined) return;
    const whenOver = async (): Promise<void> => {
      await life.stop(graceMs);
      if (this.#life === life) then();
    };
    life.inside(() => void this.#around.turns.during(whenOver()));
  }

  pauseReading(clientHost: string): boolean {
    return this.#life?.pauseReading(clientHost) === true;
  }

  resumeReading(): void {
    this.#life?.resumeReading();
  }

  hush(): void {
    this.#isHushed = true;
    this.#life?.hush();
  }

  close(): void {
    this.stop(1_000, () => this.lose());
  }
}

interface Moods {
  isSlowToDecide(): boolean;
}

/** One epoch. */
class ServerLife implements ServerView {
  readonly host: string;
  readonly terms: ServerTerms;
  readonly options: ListenOptions;
  readonly #plan: RealServerPlan;
  readonly #clock: Clock;
  readonly #around: ActorSurroundings;
  readonly #draw: Draw;
  readonly #moods: Moods;
  readonly #epoch: number;
  readonly #open: ServerConnection[] = [];
  readonly #paused = new Set<ServerConnection>();
  readonly #ended = new WeakSet<ServerConnection>();
  #server: Server | undefined;
  #isLost = false;
  #isStopping = false;
  #cancelPush: Cancel = () => {};
  #sentCount = 0;
  /** Tells of the message that is being handed over: what it brings about comes after it. */
  #tellSent: () => void = () => {};

  constructor(
    plan: RealServerPlan,
    epoch: number,
    clock: Clock,
    around: ActorSurroundings,
    draw: Draw,
    moods: Moods,
  ) {
    this.host = plan.host;
    this.#plan = plan;
    this.#epoch = epoch;
    this.#clock = clock;
    this.#around = around;
    this.#draw = draw;
    this.#moods = moods;
    this.options = {
      ...plan.options,
      listen: `tcp://${plan.host}:7000`,
      observe: (observation) => this.#observe(observation),
      authenticate: () => this.#decide(),
    };
    this.terms = termsOf(this.options);
  }

  get isUp(): boolean {
    return this.#server !== undefined && !this.#isLost && !this.#isStopping;
  }

  get open(): number {
    return this.#server?.stats().open ?? 0;
  }

  get bufferedBytes(): number {
    return this.#server?.stats().bufferedBytes ?? 0;
  }

  async begin(listen: Parameters<typeof startServer>[1]["listeners"][number]): Promise<void> {
    const { streams } = this.#around;
    const name = `${this.host}.${this.#epoch}`;
    const server = await startServer(resolveListen(this.options, DESCRIPTORS_MAX).server, {
      clock: this.#clock,
      random: streams.stream(`chance of ${name}`),
      secrets: seededSecrets(streams.stream(`secrets of ${name}`)),
      report: (error) => this.#around.report(this.host, error),
      listeners: [listen],
    });
    if (this.#isLost) return;
    this.#server = server;
    this.#listen(server);
  }

  lose(): void {
    this.#isLost = true;
    this.hush();
  }

  async stop(graceMs: number | "at once"): Promise<void> {
    this.#isStopping = true;
    this.hush();
    if (graceMs === "at once") await this.#server?.destroy();
    else await this.#server?.close({ graceMs });
  }

  inside(run: () => void): void {
    runInside(this.#clock, run);
  }

  pauseReading(clientHost: string): boolean {
    const ofHost = this.#open.find(
      (connection) => this.#around.watch.dialler(flowOf(connection)) === clientHost,
    );
    if (ofHost === undefined) return false;
    this.inside(() => {
      ofHost.pause();
      this.#paused.add(ofHost);
    });
    return true;
  }

  resumeReading(): void {
    this.inside(() => {
      for (const connection of this.#paused) connection.resume();
      this.#paused.clear();
    });
  }

  hush(): void {
    this.#cancelPush();
  }

  /** Sends to somebody, again and again. */
  push(clock: Clock): void {
    const { pushEveryMs } = this.#plan;
    if (pushEveryMs === false) return;
    const at = later(clock.now(), aroundMs(this.#draw, pushEveryMs));
    this.#cancelPush = clock.wakeAt(at, () => {
      this.push(clock);
      const chosen = this.#open[this.#draw.whole(0, this.#open.length - 1)];
      const count = this.#draw.happens(0.1) ? this.#draw.whole(5, 40) : 1;
      for (let index = 0; index < count && chosen !== undefined; index++) {
        if (!this.#send(chosen)) break;
      }
    });
  }

  get #now(): number {
    return this.#around.timeline.nowMs;
  }

  #listen(server: Server): void {
    const { tell } = this.#around;
    server.on("connection", (connection) => void this.#open.push(connection));
    server.on("message", (connection, data) => this.#onMessage(connection, data));
    server.on("end", (connection, record) => {
      const at = this.#open.indexOf(connection);
      if (at >= 0) this.#open.splice(at, 1);
      this.#paused.delete(connection);
      if (this.#ended.has(connection)) {
        this.#around.report(this.host, new Error(`two ends of connection ${connection.id}`));
      }
      this.#ended.add(connection);
      if (record.undelivered.length === 0) return;
      this.#tellSent();
      const messages = record.undelivered.map(messageName);
      tell({ what: "undelivered", atMs: this.#now, by: `flow-${flowOf(connection)}`, messages });
    });
  }

  #onMessage(connection: ServerConnection, data: Message): void {
    const flow = flowOf(connection);
    const told = { by: `flow-${flow}`, flow, message: messageName(data) };
    this.#around.tell({ what: "received", atMs: this.#now, ...told });
    if (this.#draw.happens(this.#plan.echoRatio)) this.#send(connection);
  }

  /** False when that connection takes no more. */
  #send(connection: ServerConnection): boolean {
    const flow = flowOf(connection);
    const by = `flow-${flow}`;
    const count = this.#sentCount + 1;
    const message = messageText(this.#draw, by, count, this.#plan.pushBytesMax);
    this.#tellSent = () => {
      this.#tellSent = () => {};
      this.#sentCount = count;
      const told = { by, flow, message: messageName(message) };
      this.#around.tell({ what: "sent", atMs: this.#now, ...told });
    };
    try {
      const hasRoom = connection.send(message);
      this.#tellSent();
      return hasRoom;
    } catch (error) {
      this.#tellSent = () => {};
      if (isHoldfastError(error) && REFUSALS.includes(error.code)) return false;
      throw error;
    }
  }

  #decide(): boolean | Promise<boolean> {
    if (!this.#moods.isSlowToDecide()) return true;
    const { turns } = this.#around;
    const waitMs = this.#draw.whole(0, THINKING_MS_MAX);
    turns.ask();
    return new Promise((resolve) => {
      this.#clock.wakeAt(later(this.#clock.now(), waitMs), () => {
        turns.ask();
        resolve(true);
      });
    });
  }

  #observe(observation: Observation): void {
    const { what } = observation;
    let count = 1;
    let name: string = what;
    if (observation.what === "mass-expiry") count = observation.held;
    if (observation.what === "stall") count = Math.round(observation.lateMs);
    if (observation.what === "rejected") name = `rejected ${observation.code}`;
    const told = { host: this.host, observation: name, count };
    this.#around.tell({ what: "observed", atMs: this.#now, ...told });
  }
}

const REFUSALS: readonly ErrorCode[] = ["OUTBOX_FULL", "NOT_OPEN", "MESSAGE_TOO_LONG"];

function flowOf(connection: ServerConnection): number {
  return (connection.driven.transport as SimTransport).flow;
}

function termsOf(options: ListenOptions): ServerTerms {
  const { server } = resolveListen(options, DESCRIPTORS_MAX);
  const { liveness, handshakeTimeoutMs } = server.connection;
  return {
    timeoutMs: liveness.timeoutMs,
    leaseMsMin: liveness.leaseMsMin,
    leaseMsMax: liveness.leaseMsMax,
    answerWithinMs: liveness.answerWithinMs,
    drainTimeoutMs: liveness.drainTimeoutMs,
    pauseMsMax: liveness.pauseMsMax,
    stallToleranceMs: server.reaper.stallToleranceMs,
    handshakeTimeoutMs,
    pingIntervalMsMin: liveness.pingIntervalMsMin,
    bufferBytesTotalMax: server.bufferBytesTotalMax,
    reconnectWindowMs: server.reconnectWindowMs,
    tickMs: server.reaper.tickMs,
  };
}
