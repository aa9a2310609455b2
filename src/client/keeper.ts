/**
 * Keeps one link: at any time a dial is under way, or a connection, or a wait, or it has ended.
 *
 * `#stage` is that truth and names its one pending thing, so that a link cannot stop trying without
 * saying so. Easy to break: whatever changes the stage runs as a step, so that listeners, which may
 * close the link inside any event, only run when the change is complete.
 */
import { assert } from "../base/assert.ts";
import type { ErrorCode } from "../base/errors.ts";
import { type Cancel, later } from "../base/time.ts";
import { type BeatEffect, beatOf, type Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Verdict } from "../liveness/monitor.ts";
import { type RedialDecision, type RedialPhase, RedialPolicy } from "../redial/redial-policy.ts";
import type { GoAway, Welcome } from "../wire/frame.ts";
import { Attempt, type AttemptFailure, type AttemptHandlers } from "./attempt.ts";
import { connectionConfigFor, intervalWarning, type LinkConfig } from "./config.ts";
import { Credentials } from "./credentials.ts";
import { LinkPace } from "./link-pace.ts";
import { Notices } from "./notices.ts";
import { OrderedEvents } from "./ordered-events.ts";
import { Outgoing } from "./outgoing.ts";
import type { LinkPlatform } from "./platform.ts";
import { Readers } from "./readers.ts";
import { Route } from "./route.ts";
import type { LinkCause, LinkEndRecord, LinkEvents, LinkStatus } from "./status.ts";
import { Tally } from "./tally.ts";
import type { LinkTarget } from "./target.ts";
import { afterThisTurn } from "./turn.ts";
import { LinkWatch } from "./watch.ts";

type Stage =
  | { readonly is: "waiting"; readonly cancel: Cancel }
  | { readonly is: "dialling" | "online"; readonly attempt: Attempt }
  | { readonly is: "ended" };

/** What the policy must believe in each stage that is not the end. */
const PHASES: Readonly<Record<Exclude<Stage["is"], "ended">, readonly RedialPhase[]>> = {
  waiting: ["waiting", "ready"],
  dialling: ["dialling"],
  online: ["online"],
};

interface Closing {
  readonly reason: string;
  readonly cancelTimer: Cancel;
  /** What was sent may still go out, and be dialled for. */
  isFlushing: boolean;
}

export class Keeper implements AttemptHandlers {
  readonly events: OrderedEvents<LinkEvents>;
  readonly outgoing: Outgoing;
  readonly readers: Readers;
  readonly ended: Promise<LinkEndRecord>;
  readonly #config: LinkConfig;
  readonly #platform: LinkPlatform;
  readonly #watch: LinkWatch;
  readonly #policy: RedialPolicy;
  readonly #credentials: Credentials;
  readonly #route: Route;
  readonly #notices: Notices;
  readonly #tally: Tally;
  /** Decides the interval, where it adapts. */
  readonly pace: LinkPace | undefined;
  readonly #leaveWatch: () => void;
  #resolveEnded: (record: LinkEndRecord) => void = () => {};
  #stage: Stage;
  #status: LinkStatus;
  #closing: Closing | undefined;
  #isAborting = false;
  /** The last connection that was welcomed, and where: its secret is for that server alone. */
  #previous: { readonly id: string; readonly secret: string; readonly at: string } | undefined;

  constructor(platform: LinkPlatform, targets: readonly LinkTarget[], config: LinkConfig) {
    this.#platform = platform;
    this.#config = config;
    this.#watch = LinkWatch.fitting(platform.watch, config.stallToleranceMs, platform.clock);
    this.#policy = new RedialPolicy(config.redial, platform.random);
    this.#credentials = new Credentials(config.token);
    this.#route = new Route(targets, config.redirectTo);
    this.#notices = new Notices(config.observe, platform.report);
    this.#tally = new Tally(platform.clock.wallNow());
    this.pace = LinkPace.of(config, platform, this.#notices.warn);
    this.events = new OrderedEvents(platform.report);
    this.readers = new Readers(config.inboxBytesMax, () => this.#setPace());
    const speaksLines = targets.some(({ dialect }) => dialect === "line");
    this.outgoing = this.#makeOutgoing(speaksLines);
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    this.#status = { name: "connecting", attempt: 1, url: this.#route.next.label };
    this.#stage = { is: "waiting", cancel: afterThisTurn(() => this.#begin(speaksLines)) };
    this.#leaveWatch = this.#watch.join((stall) => {
      this.#notices.stall(stall);
      if (stall.suspended) this.wake();
    });
    config.signal?.addEventListener("abort", this.#handleAbort);
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
      const cancelTimer = this.#in(this.#config.closeTimeoutMs, () => this.#step(this.#leave));
      this.#closing = { reason, cancelTimer, isFlushing: true };
      if (this.outgoing.isSettled) this.#leave();
    });
  }

  /** The network or the machine came back: asks the peer soon, or cuts the wait short, once. */
  wake(): void {
    const stage = this.#stage;
    if (stage.is === "online") stage.attempt.driven.verifySoon();
    const status = this.#status;
    if (stage.is !== "waiting" || status.name !== "waiting") return;
    const leftMs = this.#policy.cutShort(this.#platform.clock.now());
    if (leftMs === undefined) return;
    this.#step(() => {
      stage.cancel();
      this.#wait(leftMs, status.attempt, status.cause);
    });
  }

  // From the current attempt.

  onFailed(attempt: Attempt, failure: AttemptFailure): void {
    this.#step(() => {
      const cause = this.#tally.onFailed(attempt, failure);
      this.pace?.onFailed();
      if (failure.record !== undefined) this.events.emit("connectionEnd", failure.record);
      this.#route.onOver(false);
      if (this.#route.isEndless) return this.#finish("REDIRECTS_MAX");
      const now = this.#platform.clock.now();
      this.#follow(this.#policy.onFailed(failure.code, now, attempt.hint), cause);
    });
  }

  onOnline(attempt: Attempt, welcome: Welcome | undefined): void {
    this.#step(() => {
      const { clock } = this.#platform;
      this.#policy.onOnline(clock.now());
      this.#stage = { is: "online", attempt };
      this.#tally.onOnline();
      if (welcome !== undefined) {
        this.#previous = { id: welcome.id, secret: welcome.secret, at: attempt.target.label };
      }
      this.#setOnline("online", attempt, clock.wallNow());
      this.#setPace();
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
      const now = this.#platform.clock.now();
      this.#follow(this.#policy.onEnded({ code, livedMs, hint, isolated }, now), cause);
    });
  }

  onMessage(data: Message): void {
    this.#step(() => {
      this.events.emit("message", data);
      this.readers.push(data);
      this.#setPace();
    });
  }

  onVerdict(attempt: Attempt, verdict: Verdict): void {
    const name = verdict === "suspect" ? "suspect" : "online";
    const status = this.#status;
    const isKnown = status.name === "online" || status.name === "suspect";
    if (verdict === "dead" || !isKnown || status.name === name) return;
    this.#setOnline(name, attempt, status.since);
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
      if (warning !== undefined) this.#notices.warn(warning);
      if (this.#stage.is === "online") attempt.goAsAsked();
    });
  }

  onDrained(): void {
    this.#step(() => this.outgoing.flush());
  }

  onDelivered(): void {
    this.#step(() => this.outgoing.handleDelivered());
  }

  #makeOutgoing(speaksLines: boolean): Outgoing {
    const { outboxBytesMax, outboxHighWaterBytes, words } = this.#config.connection;
    return new Outgoing(
      {
        bytesMax: outboxBytesMax,
        highWaterBytes: outboxHighWaterBytes,
        words: speaksLines ? words : undefined,
      },
      {
        onDrain: () => this.events.emit("drain"),
        onSettled: () => {
          if (this.#closing?.isFlushing === true) this.#leave();
        },
        onUndelivered: (undelivered) => this.events.emit("undelivered", undelivered),
      },
    );
  }

  #begin(speaksLines: boolean): void {
    this.#step(() => {
      const warning = speaksLines ? intervalWarning(this.#config) : undefined;
      if (warning !== undefined) this.#notices.warn(warning);
      if (this.#config.signal?.aborted === true) this.#handleAbort();
      else this.#dial();
    });
  }

  #dial(): void {
    const decision = this.#policy.onAttempt(this.#platform.clock.now());
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
        previous: this.#previousAt(target),
      },
      {
        platform: this.#platform,
        watch: this.#watch,
        credentials: this.#credentials,
        pace: this.pace,
        warn: this.#notices.warn,
      },
      this,
    );
    this.#stage = { is: "dialling", attempt };
    this.#tell({ name: "connecting", attempt: decision.attempt, url: target.label });
    if (this.#credentials.exist) this.#notices.tokenTravels(target);
    // Last, since the application's own token function may close the link.
    attempt.start();
  }

  #previousAt({ dialect, label }: LinkTarget): { id: string; secret: string } | undefined {
    const previous = this.#previous;
    if (dialect !== "frame" || previous?.at !== label) return undefined;
    return { id: previous.id, secret: previous.secret };
  }

  #follow(decision: RedialDecision, cause: LinkCause): void {
    switch (decision.do) {
      case "give-up":
        return this.#giveUp(decision.code);
      case "refresh-credentials":
        if (!this.#credentials.canRefresh) return this.#giveUp("UNAUTHORIZED");
        this.#credentials.forget();
        return this.#wait(decision.delayMs, decision.attempt, cause);
      case "wait":
        return this.#wait(decision.delayMs, decision.attempt, cause);
      default:
        decision satisfies never;
    }
  }

  #wait(delayMs: number, attempt: number, cause: LinkCause): void {
    const cancel = this.#in(delayMs, () => this.#step(() => this.#dial()));
    this.#stage = { is: "waiting", cancel };
    const retryAt = this.#platform.clock.wallNow() + delayMs;
    this.#tell({ name: "waiting", retryAt, delayMs, attempt, cause });
  }

  readonly #handleAbort = (): void => {
    this.#step(() => {
      if (this.#stage.is === "ended") return;
      this.#isAborting = true;
      if (this.#stage.is === "online") {
        this.#stage.attempt.driven.abort("ABORTED", "the caller's signal was triggered");
      } else this.#stopTrying("ABORTED");
    });
  };

  /** The end of a close: nothing more goes out. */
  readonly #leave = (): void => {
    const closing = this.#closing;
    if (closing === undefined || this.#stage.is === "ended") return;
    closing.isFlushing = false;
    if (this.#stage.is !== "online") return this.#stopTrying("CLOSED_HERE");
    const { driven } = this.#stage.attempt;
    closing.cancelTimer();
    // The farewell is bounded by progress; a close is bounded by time as well.
    const cancelTimer = this.#in(this.#config.closeTimeoutMs, () =>
      driven.abort("CLOSED_HERE", closing.reason),
    );
    this.#closing = { ...closing, cancelTimer };
    driven.close("CLOSED_HERE", closing.reason);
  };

  #stopTrying(code: ErrorCode): void {
    const stage = this.#stage;
    if (stage.is === "waiting") stage.cancel();
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
    this.#closing?.cancelTimer();
    this.#leaveWatch();
    this.#config.signal?.removeEventListener("abort", this.#handleAbort);
    const sentence = this.#tally.sentence(code, this.#closing?.reason ?? "");
    const undelivered = this.outgoing.finish(code, sentence);
    const wallNowMs = this.#platform.clock.wallNow();
    const record = this.#tally.record(code, sentence, undelivered, wallNowMs);
    this.#tell({ name: "ended", record });
    this.events.emit("end", record);
    this.readers.end();
    this.#resolveEnded(record);
  }

  #setOnline(name: "online" | "suspect", attempt: Attempt, since: number): void {
    const { connectionId, target } = attempt;
    const { tls } = attempt.driven.transport;
    const status = { name, since, url: target.label, connectionId };
    this.#tell(tls === undefined ? status : { ...status, tls });
  }

  #tell(status: LinkStatus): void {
    this.#status = status;
    this.events.emit("status", status);
  }

  #tellInterval(): void {
    const change = this.pace?.takeChange();
    if (change !== undefined) this.events.emit("interval", change);
  }

  #setPace(): void {
    if (this.#stage.is !== "online") return;
    const { driven } = this.#stage.attempt;
    if (this.readers.areBehind) driven.pauseReading();
    else driven.resumeReading();
  }

  #in(delayMs: number, run: () => void): Cancel {
    const { clock } = this.#platform;
    return clock.wakeAt(later(clock.now(), delayMs), run);
  }

  #step(change: () => void): void {
    this.events.step(() => {
      change();
      const stage = this.#stage;
      if (stage.is === "ended") return;
      const isTrue = PHASES[stage.is].includes(this.#policy.phase);
      assert(isTrue, `a link in stage "${stage.is}" is not in phase "${this.#policy.phase}"`);
    });
  }
}
