/**
 * Keeps one link: at any time a dial is under way, or a connection, or a wait, or it has ended.
 *
 * `#stage` is that truth and names its one pending thing, so that a link cannot stop trying without
 * saying so. Easy to break: whatever changes the stage runs as a step, so that listeners, which may
 * close the link inside any event, only run when the change is complete.
 */
import { assert } from "../base/assert.ts";
import type { ErrorCode } from "../base/errors.ts";
import { later } from "../base/time.ts";
import { type BeatEffect, beatOf, type Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Verdict } from "../liveness/monitor.ts";
import type { Stall } from "../liveness/stall-log.ts";
import { type RedialDecision, RedialPolicy } from "../redial/redial-policy.ts";
import type { GoAway, Welcome } from "../wire/frame.ts";
import {
  Attempt,
  type AttemptFailure,
  type AttemptHandlers,
  type AttemptSurroundings,
} from "./attempt.ts";
import { Closing } from "./closing.ts";
import { connectionConfigFor, intervalWarning, type LinkConfig } from "./config.ts";
import { Credentials } from "./credentials.ts";
import type { LinkPace } from "./link-pace.ts";
import { Notices } from "./notices.ts";
import { OrderedEvents } from "./ordered-events.ts";
import { Outcome } from "./outcome.ts";
import { Outgoing, type OutgoingHandlers } from "./outgoing.ts";
import type { LinkPlatform } from "./platform.ts";
import { Previous } from "./previous.ts";
import { Readers, type ReadersOwner } from "./readers.ts";
import { Route } from "./route.ts";
import { assertTrue, type Stage } from "./stage.ts";
import type { LinkCause, LinkEndRecord, LinkEvents, LinkStatus, Undelivered } from "./status.ts";
import { Tally } from "./tally.ts";
import type { LinkTarget } from "./target.ts";
import type { Due } from "./timetable.ts";
import { afterThisTurn } from "./turn.ts";
import { LinkWatch, type StallMember } from "./watch.ts";

type Handlers = AttemptHandlers & AttemptSurroundings & OutgoingHandlers & ReadersOwner;

export class Keeper implements Handlers, Due, StallMember {
  readonly platform: LinkPlatform;
  readonly events: OrderedEvents<LinkEvents>;
  readonly outgoing: Outgoing;
  readonly readers: Readers;
  readonly watch: LinkWatch;
  readonly credentials: Credentials;
  readonly notices: Notices;
  /** Decides the interval, where it adapts. */
  readonly pace: LinkPace | undefined;
  readonly #config: LinkConfig;
  readonly #policy: RedialPolicy;
  readonly #route: Route;
  readonly #tally: Tally;
  readonly #onAbort: (() => void) | undefined;
  readonly #outcome = new Outcome();
  #stage: Stage;
  #status: LinkStatus;
  #closing: Closing | undefined;
  #isAborting = false;
  readonly #previous = new Previous();

  constructor(platform: LinkPlatform, targets: readonly LinkTarget[], config: LinkConfig) {
    this.platform = platform;
    this.#config = config;
    const watch = platform.watch ?? LinkWatch.own(config.stallToleranceMs, platform.clock);
    this.watch = watch.join(this, config.stallToleranceMs);
    this.#policy = new RedialPolicy(config.redial, platform.random);
    const { token } = config;
    this.credentials = token === undefined ? Credentials.none : new Credentials(token);
    this.#route = new Route(targets, config.redirectTo, platform.terms.parse);
    this.notices = new Notices(config.observe, platform.report);
    this.#tally = new Tally(platform.clock.wallNow());
    this.pace = platform.terms.paceOf(config, platform, this.notices);
    this.events = new OrderedEvents(platform.report);
    this.readers = new Readers(config.inboxBytesMax, this);
    const speaksLines = targets.some(({ dialect }) => dialect === "line");
    this.outgoing = new Outgoing(config.outgoing[speaksLines ? "line" : "frame"], this);
    this.#status = { name: "connecting", attempt: 1, url: this.#route.next.label };
    this.#stage = { is: "waiting", entry: undefined };
    afterThisTurn(() => this.#begin(speaksLines));
    if (config.signal === undefined) return;
    this.#onAbort = () => this.#handleAbort();
    config.signal.addEventListener("abort", this.#onAbort);
  }

  get ended(): Promise<LinkEndRecord> {
    return this.#outcome.of(this.#status);
  }

  get online(): Attempt | undefined {
    return this.#stage.is === "online" ? this.#stage.attempt : undefined;
  }

  get status(): LinkStatus {
    return this.#status;
  }

  /** Whether nothing may be sent any more. */
  get isClosed(): boolean {
    return this.#closing !== undefined || this.#isAborting || this.#stage.is === "ended";
  }

  close(reason: string): void {
    if (this.isClosed) return;
    this.#step(() => {
      const { closeTimeoutMs } = this.#config;
      this.#closing = new Closing(reason, this.platform.clock, this.watch.timetable);
      this.#closing.within(closeTimeoutMs, () => this.#step(() => this.#leave()));
      if (this.outgoing.isSettled) this.#leave();
    });
  }

  /** The network or the machine came back: asks the peer soon, or cuts the wait short, once. */
  wake(): void {
    this.online?.driven.verifySoon();
    const leftMs = this.#policy.cutShort(this.platform.clock.now());
    const status = this.#status;
    if (leftMs === undefined || this.#stage.is !== "waiting" || status.name !== "waiting") return;
    this.#step(() => {
      this.#stopWaiting();
      this.#wait(leftMs, status.attempt, status.cause);
    });
  }

  /** The wait is over. */
  onDue(): void {
    this.#stage = { is: "waiting", entry: undefined };
    this.#step(() => this.#dial());
  }

  onStall(stall: Stall): void {
    this.notices.stall(stall);
    if (stall.suspended) this.wake();
  }

  // From the loops over its messages.

  onPace(): void {
    if (this.#stage.is !== "online") return;
    const { driven } = this.#stage.attempt;
    if (this.readers.areBehind) driven.pauseReading();
    else driven.resumeReading();
  }

  // From what is to be sent.

  onDrain(): void {
    this.events.emit("drain");
  }

  onSettled(): void {
    if (this.#closing?.isFlushing === true) this.#leave();
  }

  onUndelivered(undelivered: Undelivered): void {
    this.events.emit("undelivered", undelivered);
  }

  // From the current attempt.

  onFailed(attempt: Attempt, failure: AttemptFailure): void {
    this.#step(() => {
      const cause = this.#tally.onFailed(attempt, failure);
      this.pace?.onFailed();
      if (failure.record !== undefined) this.events.emit("connectionEnd", failure.record);
      this.#route.onOver(false);
      if (this.#route.isEndless) return this.#finish("REDIRECTS_MAX");
      const now = this.platform.clock.now();
      this.#follow(this.#policy.onFailed(failure.code, now, attempt.hint), cause);
    });
  }

  onOnline(attempt: Attempt, welcome: Welcome | undefined): void {
    this.#step(() => {
      const { clock } = this.platform;
      this.#policy.onOnline(clock.now());
      this.#stage = { is: "online", attempt };
      this.#tally.onOnline();
      this.#previous.remember(welcome, attempt.target);
      this.#tell(attempt.statusAs("online", clock.wallNow()));
      this.onPace();
      this.#tellInterval();
      this.outgoing.attach(attempt, welcome?.messageBytesMax);
    });
  }

  onEnded(attempt: Attempt, record: EndRecord, unwritten: readonly Message[]): void {
    this.#step(() => {
      const cause = this.#tally.onEnded(attempt, record);
      this.pace?.onEnded(record);
      this.events.emit("connectionEnd", record);
      const { undelivered: messages, code, sentence, livedMs } = record;
      this.outgoing.detach(unwritten, { messages, code, sentence });
      if (this.#isAborting) return this.#finish("ABORTED");
      if (this.#closing?.isFlushing === false) return this.#finish("CLOSED_HERE");
      this.#route.onOver(livedMs >= this.#config.redial.stableAfterMs);
      if (this.#route.isEndless) return this.#finish("REDIRECTS_MAX");
      const { hint } = attempt;
      // Our own slowness concerns nobody else.
      const isolated = code === "READER_TOO_SLOW";
      const now = this.platform.clock.now();
      this.#follow(this.#policy.onEnded({ code, livedMs, hint, isolated }, now), cause);
    });
  }

  onMessage(data: Message): void {
    this.#step(() => {
      this.events.emit("message", data);
      this.readers.push(data);
      this.onPace();
    });
  }

  onVerdict(attempt: Attempt, verdict: Verdict): void {
    const name = verdict === "suspect" ? "suspect" : "online";
    const status = this.#status;
    const isKnown = status.name === "online" || status.name === "suspect";
    if (verdict === "dead" || !isKnown || status.name === name) return;
    this.#tell(attempt.statusAs(name, status.since));
  }

  onBeat(_attempt: Attempt, beat: BeatEffect): void {
    this.events.emit("beat", beatOf(beat));
    this.#tellInterval();
  }

  /** Goes as it was told: what was sent still goes out, what is sent from now on waits. */
  onGoAway(attempt: Attempt, goaway: GoAway): void {
    this.#step(() => {
      this.events.emit("goaway", goaway);
      const warning = this.#route.onGoAway(goaway, attempt.target);
      if (warning !== undefined) this.notices.warn(warning);
      if (this.#stage.is === "online") attempt.goAsAsked();
    });
  }

  onDrained(): void {
    this.#step(() => this.outgoing.flush());
  }

  onDelivered(): void {
    this.#step(() => this.outgoing.handleDelivered());
  }

  #begin(speaksLines: boolean): void {
    if (this.#stage.is === "ended") return;
    this.#step(() => {
      const warning = speaksLines ? intervalWarning(this.#config) : undefined;
      if (warning !== undefined) this.notices.warn(warning);
      if (this.#config.signal?.aborted === true) this.#handleAbort();
      else this.#dial();
    });
  }

  #dial(): void {
    const decision = this.#policy.onAttempt(this.platform.clock.now());
    if (decision.do === "give-up") return this.#giveUp(decision.code);
    const target = this.#route.take();
    this.#tally.onDial();
    this.pace?.onDial(target);
    const attempt = new Attempt(
      {
        target,
        connection: connectionConfigFor(this.#config, target),
        dial: this.#config.dial,
        timeoutMs: decision.timeoutMs,
        previous: this.#previous.at(target),
      },
      this,
    );
    this.#stage = { is: "dialling", attempt };
    this.#tell({ name: "connecting", attempt: decision.attempt, url: target.label });
    if (this.credentials.exist) this.notices.tokenTravels(target);
    // Last, since the application's own token function may close the link.
    attempt.start();
  }

  #follow(decision: RedialDecision, cause: LinkCause): void {
    switch (decision.do) {
      case "give-up":
        return this.#giveUp(decision.code);
      case "refresh-credentials":
        if (!this.credentials.canRefresh) return this.#giveUp("UNAUTHORIZED");
        this.credentials.forget();
        return this.#wait(decision.delayMs, decision.attempt, cause);
      case "wait":
        return this.#wait(decision.delayMs, decision.attempt, cause);
      default:
        decision satisfies never;
    }
  }

  #wait(delayMs: number, attempt: number, cause: LinkCause): void {
    const { clock } = this.platform;
    const entry = this.watch.timetable.add(this, later(clock.now(), delayMs));
    this.#stage = { is: "waiting", entry };
    const retryAt = clock.wallNow() + delayMs;
    this.#tell({ name: "waiting", retryAt, delayMs, attempt, cause });
  }

  #stopWaiting(): void {
    const stage = this.#stage;
    if (stage.is !== "waiting" || stage.entry === undefined) return;
    this.watch.timetable.remove(stage.entry);
    this.#stage = { is: "waiting", entry: undefined };
  }

  #handleAbort(): void {
    this.#step(() => {
      if (this.#stage.is === "ended") return;
      this.#isAborting = true;
      if (this.#stage.is === "online") {
        this.#stage.attempt.driven.abort("ABORTED", "the caller's signal was triggered");
      } else this.#stopTrying("ABORTED");
    });
  }

  /** The end of a close: nothing more goes out. */
  #leave(): void {
    const closing = this.#closing;
    if (closing === undefined || this.#stage.is === "ended") return;
    closing.isFlushing = false;
    if (this.#stage.is !== "online") return this.#stopTrying("CLOSED_HERE");
    const { driven } = this.#stage.attempt;
    // The farewell is bounded by progress; a close is bounded by time as well.
    const { closeTimeoutMs } = this.#config;
    closing.within(closeTimeoutMs, () => driven.abort("CLOSED_HERE", closing.reason));
    driven.close("CLOSED_HERE", closing.reason);
  }

  #stopTrying(code: ErrorCode): void {
    this.#stopWaiting();
    const stage = this.#stage;
    if (stage.is === "dialling") stage.attempt.cancel(code, "the link was ended");
    this.#finish(code);
  }

  /** Who is closing anyway is told of that, and finds the hopelessness in `lastCause`. */
  #giveUp(code: ErrorCode): void {
    this.#finish(this.#closing === undefined ? code : "CLOSED_HERE");
  }

  #finish(code: ErrorCode): void {
    assert(this.#stage.is !== "ended", "a link ends once");
    this.#stage = { is: "ended" };
    this.#closing?.forget();
    this.watch.leave(this);
    if (this.#onAbort) this.#config.signal?.removeEventListener("abort", this.#onAbort);
    const sentence = this.#tally.sentence(code, this.#closing?.reason ?? "");
    const undelivered = this.outgoing.finish(code, sentence);
    const wallNowMs = this.platform.clock.wallNow();
    const record = this.#tally.record(code, sentence, undelivered, wallNowMs);
    this.#tell({ name: "ended", record });
    this.events.emit("end", record);
    this.readers.end();
    this.#outcome.settle(record);
  }

  #tell(status: LinkStatus): void {
    this.#status = status;
    this.events.emit("status", status);
  }

  #tellInterval(): void {
    const change = this.pace?.takeChange();
    if (change !== undefined) this.events.emit("interval", change);
  }

  #step(change: () => void): void {
    this.events.step(() => {
      change();
      assertTrue(this.#stage, this.#policy.phase);
    });
  }
}
