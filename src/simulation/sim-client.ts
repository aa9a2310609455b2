/**
 * A host with a link on it, and an application that uses the link.
 *
 * After a crash there is a new process with a new link, and a new name for what it sends: what the
 * old one had not delivered died with it, and nobody is left to be told.
 */
import { type ErrorCode, isHoldfastError } from "../base/errors.ts";
import { type Cancel, type Clock, later } from "../base/time.ts";
import { connectionConfigFor, type LinkConfig } from "../client/config.ts";
import { resolveConnect, SOCKET_TERMS } from "../client/socket-terms.ts";
import { connectWith, type Link } from "../client/link.ts";
import { parseTarget } from "../client/target.ts";
import { Timetable } from "../client/timetable.ts";
import { LinkWatch, WATCH_TICK_MS } from "../client/watch.ts";
import type { Effect, Message } from "../connection/effects.ts";
import {
  type ActorSurroundings,
  aroundMs,
  type ClientActor,
  messageName,
  messageText,
  runInside,
  seededSecrets,
} from "./actor.ts";
import type { Draw } from "./draw.ts";
import { MessageLoop } from "./message-loop.ts";
import type { LinkPlan, PageLinkPlan, SocketLinkPlan } from "./plan.ts";
import type { SimHost } from "./sim-host.ts";
import { SimPage } from "./sim-page.ts";
import type { SimProcess } from "./sim-process.ts";
import type { ClientTerms, LinkView } from "./world-view.ts";

export class SimClient implements ClientActor {
  readonly host: SimHost;
  readonly #plan: LinkPlan;
  readonly #around: ActorSurroundings;
  readonly #url: string;
  readonly #terms: ClientTerms;
  readonly #draw: Draw;
  #starts = 0;
  #run: LinkRun | undefined;
  #isHushed = false;

  constructor(plan: LinkPlan, host: SimHost, around: ActorSurroundings) {
    const scheme = plan.dialect === "line" ? "line" : "tcp";
    this.#plan = plan;
    this.host = host;
    this.#around = around;
    this.#url = `${scheme}://${plan.server}:7000`;
    this.#terms = termsOf(plan, this.#url);
    this.#draw = around.streams.stream(`application of ${plan.host}`);
  }

  get link(): LinkView | undefined {
    return this.#run;
  }

  start(): void {
    const process = this.host.process ?? this.host.boot();
    this.#starts += 1;
    const name = `${this.#plan.host}.${this.#starts}`;
    const run = new LinkRun(name, this.#plan, this.#terms, process, this.#around, this.#draw);
    this.#run = run;
    run.begin(this.#url);
    if (this.#isHushed) run.hush();
  }

  lose(): void {
    this.#run = undefined;
  }

  slowDown(trickles: boolean): void {
    this.#run?.slowDown(trickles);
  }

  speedUp(): void {
    this.#run?.speedUp();
  }

  networkChanged(): void {
    this.#run?.networkChanged();
  }

  hush(): void {
    this.#isHushed = true;
    this.#run?.hush();
  }

  close(): void {
    this.#run?.close();
  }
}

/** What the clients of programs and of pages have in common, as their applications see it. */
type AnyLink = Pick<Link, "status" | "on" | "send" | "close" | "networkChanged"> &
  AsyncIterable<Message>;

/** One life of the link. */
class LinkRun implements LinkView {
  readonly name: string;
  readonly host: string;
  readonly terms: ClientTerms;
  readonly #plan: LinkPlan;
  readonly #process: SimProcess;
  readonly #around: ActorSurroundings;
  readonly #draw: Draw;
  readonly #clock: Clock;
  readonly #loop: MessageLoop | undefined;
  #link: AnyLink | undefined;
  #page: SimPage | undefined;
  #openFlow: number | undefined;
  #deliveringFlow: number | undefined;
  #cancelSend: Cancel = () => {};
  #sentCount = 0;
  /** Tells of the message that is being handed over, if that was not done yet. */
  #tellSent: () => void = () => {};

  constructor(
    name: string,
    plan: LinkPlan,
    terms: ClientTerms,
    process: SimProcess,
    around: ActorSurroundings,
    draw: Draw,
  ) {
    this.name = name;
    this.host = plan.host;
    this.terms = terms;
    this.#plan = plan;
    this.#process = process;
    this.#around = around;
    this.#draw = draw;
    this.#clock = process.clock("application");
    if (!plan.iterates) return;
    const report = (error: unknown): void => around.report(plan.host, error);
    this.#loop = new MessageLoop(terms.inboxBytesMax, this.#clock, around, report);
  }

  get status(): LinkView["status"] {
    return this.#theLink.status;
  }

  get alarmsArmed(): number {
    return this.#process.armedCount("link");
  }

  get dialsUnderWay(): number {
    return this.#page?.dialsUnderWay ?? this.#process.dialsUnderWay("link");
  }

  get flowsOpen(): number {
    return this.#page?.flowsOpen ?? this.#process.flowsOpenOf("link");
  }

  get behindSinceMs(): number | undefined {
    return this.#loop?.behindSinceMs;
  }

  get outboxBytes(): number | undefined {
    return this.#page?.outboxBytes;
  }

  begin(url: string): void {
    const link =
      this.#plan.kind === "page" ? this.#openPage(this.#plan) : this.#open(url, this.#plan);
    this.#around.turns.ask();
    this.#link = link;
    this.#listen(link);
    this.#loop?.begin(link);
    this.#sendLater();
  }

  #openPage(plan: PageLinkPlan): AnyLink {
    this.#page = new SimPage(this.name, plan, this.#process, this.#around, (flow) => {
      this.#openFlow = flow;
      this.#deliveringFlow = flow;
    });
    return this.#page.link;
  }

  #open(url: string, { options }: SocketLinkPlan): AnyLink {
    const { streams, watch } = this.#around;
    const clock = this.#process.clock("link");
    const { stallToleranceMs } = this.terms;
    const watchConfig = { tickMs: WATCH_TICK_MS, stallToleranceMs };
    return connectWith(
      {
        terms: SOCKET_TERMS,
        clock,
        random: streams.stream(`chance of ${this.name}`),
        secrets: seededSecrets(streams.stream(`secrets of ${this.name}`)),
        open: (target, { kernel }) => {
          const place = target.over === "unix" ? target.path : target.host;
          const open = this.#process.open(place, kernel, "link");
          return watch.open(open, this.host, (flow, effect) => this.#onEffect(flow, effect));
        },
        report: (error) => this.#around.report(this.host, error),
        watch: new LinkWatch(watchConfig, this.#process.clock("watch"), new Timetable(clock)),
      },
      url,
      options,
    );
  }

  slowDown(trickles: boolean): void {
    runInside(this.#clock, () => this.#loop?.slowDown(trickles));
  }

  speedUp(): void {
    runInside(this.#clock, () => this.#loop?.speedUp());
  }

  networkChanged(): void {
    runInside(this.#clock, () => this.#theLink.networkChanged());
  }

  hush(): void {
    this.#cancelSend();
  }

  close(): void {
    runInside(this.#clock, () => {
      this.#loop?.speedUp();
      void this.#around.turns.during(this.#theLink.close("the world ends"));
    });
  }

  get #theLink(): AnyLink {
    if (this.#link === undefined) throw new Error("broken promise: the link was begun");
    return this.#link;
  }

  get #now(): number {
    return this.#around.timeline.nowMs;
  }

  #onEffect(flow: number, effect: Effect): void {
    if (effect.do === "opened") this.#openFlow = flow;
    if (effect.do === "deliver") this.#deliveringFlow = flow;
  }

  #listen(link: AnyLink): void {
    const { tell } = this.#around;
    const { name } = this;
    link.on("status", (status) => {
      this.#tellSent();
      tell({ what: "status", atMs: this.#now, link: name, status });
    });
    link.on("message", (data) => {
      const flow = this.#deliveringFlow;
      tell({ what: "received", atMs: this.#now, by: name, flow, message: messageName(data) });
      this.#loop?.expect(data);
    });
    link.on("undelivered", ({ messages }) => {
      this.#tellSent();
      const names = messages.map(messageName);
      tell({ what: "undelivered", atMs: this.#now, by: name, messages: names });
    });
    link.on("interval", ({ intervalMs, taken }) => {
      const observation = taken === undefined ? "interval" : `interval, taken for ${taken}`;
      const { host } = this;
      tell({ what: "observed", atMs: this.#now, host, observation, count: intervalMs });
    });
    link.on("end", (record) => {
      this.#cancelSend();
      this.#around.turns.ask();
      tell({ what: "link-end", atMs: this.#now, link: name, record });
    });
  }

  #sendLater(): void {
    const { sendEveryMs } = this.#plan;
    if (sendEveryMs === false) return;
    const at = later(this.#clock.now(), aroundMs(this.#draw, sendEveryMs));
    this.#cancelSend = this.#clock.wakeAt(at, () => {
      const count = this.#draw.happens(0.05) ? this.#draw.whole(5, 40) : 1;
      this.#sendLater();
      for (let index = 0; index < count; index++) if (!this.#send()) break;
    });
  }

  /** False when the link takes no more. */
  #send(): boolean {
    const count = this.#sentCount + 1;
    const message = messageText(this.#draw, this.name, count, this.#plan.sendBytesMax);
    this.#tellSent = () => {
      this.#tellSent = () => {};
      this.#sentCount = count;
      this.#tellOfSent(message);
    };
    try {
      const hasRoom = this.#theLink.send(message);
      this.#tellSent();
      return hasRoom;
    } catch (error) {
      this.#tellSent = () => {};
      if (isHoldfastError(error) && REFUSALS.includes(error.code)) return false;
      throw error;
    }
  }

  #tellOfSent(message: Message): void {
    const { name } = this.status;
    const flow = name === "online" || name === "suspect" ? this.#openFlow : undefined;
    const told = { by: this.name, flow, message: messageName(message) };
    this.#around.tell({ what: "sent", atMs: this.#now, ...told });
  }
}

/** What `send` refuses in the course of things. */
const REFUSALS: readonly ErrorCode[] = ["OUTBOX_FULL", "NOT_OPEN", "MESSAGE_TOO_LONG"];

function termsOf(plan: LinkPlan, url: string): ClientTerms {
  const config = configOf(plan);
  const target = parseTarget(url);
  const { liveness, outboxBytesMax } = connectionConfigFor(config, target);
  const { answerWithinMs, answersExpected, timeoutMs, drainTimeoutMs, pauseMsMax } = liveness;
  const isLine = target.dialect === "line";
  const { adaptive } = config;
  const longestMs = adaptive !== false && isLine ? Math.floor(timeoutMs / 2) : 0;
  return {
    dialect: target.dialect,
    intervalMs: Math.max(liveness.intervalMs || 0, longestMs),
    adapts: adaptive !== false,
    answersExpected,
    isPage: plan.kind === "page",
    answerWithinMs,
    timeoutMs,
    drainTimeoutMs,
    pauseMsMax,
    stallToleranceMs: config.stallToleranceMs,
    outboxBytesMax,
    inboxBytesMax: config.inboxBytesMax,
    redial: config.redial,
  };
}

/** The options of pages mean what they mean elsewhere, but for two that are about pages. */
function configOf(plan: LinkPlan): LinkConfig {
  if (plan.kind === "link") return resolveConnect(plan.options);
  const { hiddenLeaseMs: _, websocket: __, ...options } = plan.options;
  return resolveConnect(options);
}
