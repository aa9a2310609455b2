/**
 * One dial of one url, and the connection that came of it.
 *
 * The time of an attempt counts from before the token is fetched until messages can flow. Whatever
 * goes wrong before that is one `onFailed`; afterwards there is one `onEnded`. After `cancel`
 * nothing is told any more.
 */
import { toHex } from "../base/bytes.ts";
import { type ErrorCode, HoldfastError, isHoldfastError } from "../base/errors.ts";
import { type Cancel, later } from "../base/time.ts";
import type { ConnectionConfig } from "../connection/config.ts";
import { Connection } from "../connection/connection.ts";
import type { BeatEffect, Dialect, Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Pace } from "../connection/pace.ts";
import { Driven } from "../driver/driven.ts";
import type { DrivenOwner } from "../driver/driven-owner.ts";
import type { Verdict } from "../liveness/monitor.ts";
import type { Attach } from "../transports/transport.ts";
import type { RetryHint } from "../redial/redial-policy.ts";
import type { GoAway, Welcome } from "../wire/frame.ts";
import type { Credentials } from "./credentials.ts";
import type { Notices } from "./notices.ts";
import type { Pipe } from "./outgoing.ts";
import type { DialConfig, LinkPlatform } from "./platform.ts";
import type { LinkStatus } from "./status.ts";
import type { LinkTarget } from "./target.ts";
import type { Due } from "./timetable.ts";
import type { LinkWatch } from "./watch.ts";

export interface AttemptConfig {
  readonly target: LinkTarget;
  readonly connection: ConnectionConfig;
  readonly dial: DialConfig;
  readonly timeoutMs: number;
  /** The connection that this one replaces. */
  readonly previous: { readonly id: string; readonly secret: string } | undefined;
}

/** The link, as far as its attempts need to know. */
export interface AttemptSurroundings {
  readonly platform: LinkPlatform;
  readonly watch: LinkWatch;
  readonly credentials: Credentials;
  readonly notices: Notices;
  readonly pace: Pace | undefined;
}

export interface AttemptFailure {
  readonly code: ErrorCode;
  readonly error: Error | undefined;
  readonly record: EndRecord | undefined;
}

export interface AttemptHandlers {
  onFailed(attempt: Attempt, failure: AttemptFailure): void;
  onOnline(attempt: Attempt, welcome: Welcome | undefined): void;
  onEnded(attempt: Attempt, record: EndRecord, unwritten: readonly Message[]): void;
  onMessage(data: Message): void;
  onVerdict(attempt: Attempt, verdict: Verdict): void;
  onBeat(attempt: Attempt, beat: BeatEffect): void;
  onGoAway(attempt: Attempt, goaway: GoAway): void;
  onDrained(): void;
  onDelivered(): void;
}

export class Attempt implements DrivenOwner, Pipe, Due {
  readonly config: AttemptConfig;
  readonly #on: AttemptSurroundings & AttemptHandlers;
  #driven: Driven | undefined;
  #welcome: Welcome | undefined;
  /** The end of its time, while that is to come. */
  #entry: number | undefined;
  #cancelDial: Cancel | undefined;
  #isOver = false;
  #isOnline = false;
  #retryAfterMs: number | undefined;
  /** The last word of the server about coming back. */
  goaway: GoAway | undefined;
  /** Whether one of our pings was ever answered. */
  wasAnswered = false;

  constructor(config: AttemptConfig, on: AttemptSurroundings & AttemptHandlers) {
    this.config = config;
    this.#on = on;
  }

  get target(): LinkTarget {
    return this.config.target;
  }

  /** The id that the server gave, or our own for a peer that gives none. */
  get connectionId(): string {
    return this.#welcome?.id ?? this.#driven?.connection.id ?? "";
  }

  /** What the server said about coming back. */
  get hint(): RetryHint | undefined {
    if (this.goaway !== undefined) return this.goaway;
    const afterMs = this.#retryAfterMs;
    if (afterMs !== undefined) return { retry: "after", afterMs, spreadMs: 0 };
    return this.#welcome && { reconnectWindowMs: this.#welcome.reconnectWindowMs };
  }

  /** Once online. */
  get driven(): Driven {
    if (this.#driven === undefined) throw new Error("broken promise: asked before it was online");
    return this.#driven;
  }

  /** The status of a link on this connection, which is online since then. */
  statusAs(name: "online" | "suspect", since: number): LinkStatus {
    const { connectionId, target } = this;
    const { tls } = this.driven.transport;
    const status = { name, since, url: target.label, connectionId };
    return tls === undefined ? status : { ...status, tls };
  }

  get outboxBytes(): number {
    return this.driven.connection.outboxBytes;
  }

  send(message: Message): boolean {
    return this.driven.send(message);
  }

  /** The server is going away and waits for us to leave. */
  goAsAsked(): void {
    this.driven.close("DRAINED", "the server asked for it");
  }

  start(): void {
    const { platform, watch, credentials } = this.#on;
    const until = later(platform.clock.now(), this.config.timeoutMs);
    this.#entry = watch.timetable.add(this, until);
    const token = this.target.dialect === "frame" ? credentials.take() : undefined;
    if (!(token instanceof Promise)) return this.#dial(token);
    token.then(
      (fetched) => this.#dial(fetched),
      (error: unknown) => this.#fail(codeOf(error), asError(error)),
    );
  }

  /** Gives the dial up, or resets the connection; nothing is told any more. */
  cancel(code: ErrorCode, detail: string): void {
    this.#isOver = true;
    this.#forgetTime();
    this.#cancelDial?.();
    this.#driven?.abort(code, detail);
  }

  #dial(token: string | undefined): void {
    if (this.#isOver) return;
    const { platform, notices } = this.#on;
    const open = platform.open(this.target, this.config.dial, (text) => notices.warn(text));
    this.#cancelDial = open({
      onOpened: (attach) => this.#handleOpened(attach, token),
      onFailed: (error, retryAfterMs) => {
        this.#retryAfterMs = retryAfterMs;
        this.#fail(codeOf(error), error);
      },
    });
  }

  #handleOpened(attach: Attach, token: string | undefined): void {
    if (this.#isOver) return;
    this.#cancelDial = undefined;
    const { platform, watch, pace } = this.#on;
    const connection = new Connection(
      this.config.connection,
      { id: toHex(platform.secrets.bytes(16)), secret: "" },
      { stalls: watch.stalls, random: platform.random, pace },
      { token, previous: this.config.previous },
      platform.clock.now(),
    );
    const driven = new Driven(connection, attach, this, watch.surroundings(platform));
    this.#driven = driven;
    driven.start();
  }

  /** Its time is over. What had arrived by then has been read. */
  onDue(): void {
    this.#entry = undefined;
    if (this.#isOver || this.#isOnline) return;
    const why = `no connection to ${this.target.label} within ${this.config.timeoutMs} ms`;
    if (this.#driven !== undefined) return this.#driven.abort("DIAL_TIMEOUT", why);
    this.#cancelDial?.();
    this.#fail("DIAL_TIMEOUT", new HoldfastError("DIAL_TIMEOUT", why));
  }

  #fail(code: ErrorCode, error: Error | undefined, record?: EndRecord): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#forgetTime();
    this.#on.onFailed(this, { code, error, record });
  }

  onOpened(_driven: Driven, _dialect: Dialect, welcome: Welcome | undefined): void {
    if (this.#isOver) return;
    this.#isOnline = true;
    this.#welcome = welcome;
    this.#forgetTime();
    this.#on.onOnline(this, welcome);
  }

  #forgetTime(): void {
    if (this.#entry === undefined) return;
    this.#on.watch.timetable.remove(this.#entry);
    this.#entry = undefined;
  }

  onMessage(_driven: Driven, data: Message): void {
    if (!this.#isOver) this.#on.onMessage(data);
  }

  onVerdict(_driven: Driven, verdict: Verdict): void {
    if (this.#isOnline && !this.#isOver) this.#on.onVerdict(this, verdict);
  }

  onBeat(_driven: Driven, beat: BeatEffect): void {
    if (beat.of === "ours") this.wasAnswered = true;
    if (!this.#isOver) this.#on.onBeat(this, beat);
  }

  onGoAway(_driven: Driven, goaway: GoAway): void {
    this.goaway = goaway;
    if (!this.#isOver) this.#on.onGoAway(this, goaway);
  }

  onDrained(): void {
    if (!this.#isOver) this.#on.onDrained();
  }

  onDelivered(): void {
    if (!this.#isOver) this.#on.onDelivered();
  }

  /** One link is no crowd: there is nobody to compare with. */
  onJudge(driven: Driven): void {
    driven.condemn();
  }

  onGreeting(): void {}

  onHello(): void {}

  onReady(): void {}

  onHeldBytes(): void {}

  onEnd(_driven: Driven, record: EndRecord, unwritten: readonly Message[]): void {
    if (!this.#isOnline) return this.#fail(record.code, record.cause, record);
    if (this.#isOver) return;
    this.#isOver = true;
    this.#on.onEnded(this, record, unwritten);
  }
}

function codeOf(error: unknown): ErrorCode {
  return isHoldfastError(error) ? error.code : "DIAL_FAILED";
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
