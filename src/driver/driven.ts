/**
 * The one place where a connection meets a transport and a clock.
 *
 * Each input takes the same path: input, effects, alarm. What an owner's handler does during a step
 * (a listener that sends, or closes) changes the machine, which is not running then; its effects
 * join the queue that this step is emptying: nothing is ever nested. An owner whose handler throws
 * leaves no step half done; the error is reported, later, as uncaught.
 */
import type { ErrorCode } from "../base/errors.ts";
import type { Clock, Instant } from "../base/time.ts";
import type { WelcomeTerms } from "../connection/config.ts";
import {
  handleHeard,
  handleNativePing,
  handlePreparing,
  handleReady,
} from "../connection/beside-the-bytes.ts";
import type { Connection } from "../connection/connection.ts";
import type { BeatEffect, Dialect, Effect, Message, Refusal } from "../connection/effects.ts";
import type { EndFacts, EndRecord } from "../connection/end-record.ts";
import type { OutgoingMessage } from "../connection/outgoing-message.ts";
import { endSentence } from "../connection/sentence.ts";
import type { Verdict } from "../liveness/monitor.ts";
import type { Attach, LastWord, Transport, TransportHandlers } from "../transports/transport.ts";
import type { GoAway, Hello, Welcome } from "../wire/frame.ts";
import type { Alarmed, Alarms } from "./alarms.ts";
import type { Judged } from "./reaper.ts";

/** Who holds driven connections: one object for all connections of a server, or a link. */
export interface DrivenOwner {
  /** The first byte opens a handshake; in the line dialect `onOpened` comes at once instead. */
  onGreeting(driven: Driven): void;
  /** What had to be agreed on before the first byte (TLS, an upgrade) is. */
  onReady(driven: Driven): void;
  onHello(driven: Driven, hello: Hello): void;
  onOpened(driven: Driven, dialect: Dialect, welcome: Welcome | undefined): void;
  onMessage(driven: Driven, data: Message): void;
  onVerdict(driven: Driven, verdict: Verdict, was: Verdict): void;
  onBeat(driven: Driven, beat: BeatEffect): void;
  onGoAway(driven: Driven, goaway: GoAway): void;
  /** The outbox is below its high-water mark again. */
  onDrained(driven: Driven): void;
  /** All that was sent is confirmed. */
  onDelivered(driven: Driven): void;
  /** Everything speaks for death: call `driven.condemn()` or `driven.hold(ms)`, now or later. */
  onJudge(driven: Driven): void;
  /** How many more bytes (fewer: negative) this connection and its transport hold than before. */
  onHeldBytes(driven: Driven, change: number): void;
  /** Last, and once. `unwritten` had no byte written and is not part of `record.undelivered`. */
  onEnd(driven: Driven, record: EndRecord, unwritten: readonly Message[]): void;
}

export interface DrivenSurroundings {
  readonly clock: Clock;
  readonly alarms: Alarms;
  /** Reports what a handler threw, as uncaught, later. */
  readonly report: (error: unknown) => void;
}

export class Driven implements TransportHandlers, Alarmed, Judged {
  readonly connection: Connection;
  transport: Transport;
  readonly openedAtWallMs: number;
  /** For the owner's use, such as the object that it shows to the application. */
  tag: unknown;
  readonly #owner: DrivenOwner;
  readonly #around: DrivenSurroundings;
  readonly #slot: number;
  #stepping = false;
  #ended = false;
  #heldBytes = 0;
  #deadline: Instant | undefined;

  /** Attaches at once; the first effects run in `start`, so that the owner can set `tag` before. */
  constructor(
    connection: Connection,
    attach: Attach,
    owner: DrivenOwner,
    surroundings: DrivenSurroundings,
  ) {
    this.connection = connection;
    this.#owner = owner;
    this.#around = surroundings;
    this.openedAtWallMs = surroundings.clock.wallNow();
    this.transport = attach(this);
    if (this.transport.isPreparing) handlePreparing(connection, surroundings.clock.now());
    this.#deadline = connection.deadline();
    this.#slot = surroundings.alarms.add(this, this.#deadline);
  }

  /** For the reaper: whether it was held back once, and nothing was heard since. */
  get wasHeld(): boolean {
    return this.connection.heartbeat.monitor.held;
  }

  /** For the reaper: a line peer may not know what a ping is. */
  get canBeAsked(): boolean {
    return this.connection.dialect === "frame";
  }

  /** To be called once, before any input can arrive: in the same turn as the constructor. */
  start(): void {
    this.#step(this.#now());
  }

  // From the transport.

  onBytes(bytes: Uint8Array): void {
    const now = this.#now();
    this.connection.handleBytes(bytes, now);
    this.#step(now);
  }

  onDrained(moved: boolean): void {
    const now = this.#now();
    this.connection.handleDrained(moved, now);
    this.#step(now);
  }

  onFinished(said?: LastWord): void {
    const now = this.#now();
    this.connection.handleFinished(said, now);
    this.#step(now);
  }

  onClosed(fault: Error | undefined): void {
    const now = this.#now();
    this.connection.handleClosed(fault, now);
    this.#step(now);
  }

  onHeard(heldBytes: number): void {
    const now = this.#now();
    handleHeard(this.connection, heldBytes, now);
    this.#step(now);
  }

  onNativePing(): boolean {
    const now = this.#now();
    const mayAnswer = handleNativePing(this.connection, now);
    this.#step(now);
    return mayAnswer;
  }

  onSwitched(transport: Transport): void {
    this.transport = transport;
    if (!transport.isPreparing) return;
    const now = this.#now();
    handlePreparing(this.connection, now);
    this.#tell(() => this.#owner.onGreeting(this));
    this.#step(now);
  }

  onReady(): void {
    const now = this.#now();
    handleReady(this.connection, now);
    this.#tell(() => this.#owner.onReady(this));
    this.#step(now);
  }

  // From the alarms.

  onAlarm(now: Instant): void {
    if (this.#ended) return;
    this.connection.handleTimeout(now);
    this.#deadline = undefined; // Whatever it is now, it has to be set anew.
    this.#step(now);
  }

  // From the owner, at any time, also during a step.

  /** @throws HoldfastError as `Connection.send` does; nothing has changed then. */
  send(data: Message): boolean {
    const now = this.#now();
    const belowHighWater = this.connection.send(data, now);
    this.#step(now);
    return belowHighWater;
  }

  /** @throws HoldfastError as `send` does. */
  post(message: OutgoingMessage): void {
    const now = this.#now();
    this.connection.post(message, now);
    this.#step(now);
  }

  close(code: ErrorCode, reason: string): void {
    const now = this.#now();
    this.connection.close(code, reason, now);
    this.#step(now);
  }

  abort(code: ErrorCode, detail: string): void {
    const now = this.#now();
    this.connection.abort(code, detail, now);
    this.#step(now);
  }

  welcome(terms: WelcomeTerms): void {
    const now = this.#now();
    this.connection.welcome(terms, now);
    this.#step(now);
  }

  refuse(refusal: Refusal): void {
    const now = this.#now();
    this.connection.refuse(refusal, now);
    this.#step(now);
  }

  goAway(goaway: GoAway): void {
    this.connection.goAway(goaway);
    this.#step(this.#now());
  }

  pauseReading(): void {
    const now = this.#now();
    this.connection.pauseReading(now);
    this.#step(now);
  }

  resumeReading(): void {
    const now = this.#now();
    this.connection.resumeReading(now);
    this.#step(now);
  }

  condemn(): void {
    const now = this.#now();
    this.connection.condemn(now);
    this.#step(now);
  }

  hold(delayMs: number): void {
    const now = this.#now();
    this.connection.hold(delayMs, now);
    this.#step(now);
  }

  verifySoon(): void {
    const now = this.#now();
    this.connection.verifySoon(now);
    this.#step(now);
  }

  #now(): Instant {
    return this.#around.clock.now();
  }

  #hasEnded(): boolean {
    return this.#ended;
  }

  /** Effects, then the alarm. A step within a step leaves both to the outer one. */
  #step(now: Instant): void {
    if (this.#stepping || this.#ended) return;
    this.#stepping = true;
    const { connection } = this;
    for (let effect = connection.poll(now); effect; effect = connection.poll(now)) {
      try {
        this.#perform(effect, now);
      } catch (error) {
        this.#around.report(error);
      }
    }
    this.#stepping = false;
    if (this.#ended) return;
    this.#accountHeld(this.#bytesHere());
    if (this.#hasEnded()) return; // An owner may end whoever holds too much.
    const deadline = connection.deadline();
    if (deadline === this.#deadline) return;
    this.#deadline = deadline;
    this.#around.alarms.set(this.#slot, deadline);
  }

  #perform(effect: Effect, now: Instant): void {
    const owner = this.#owner;
    switch (effect.do) {
      case "write":
        this.connection.handleWritten(this.transport.write(effect.bytes), now);
        return;
      case "deliver":
        return owner.onMessage(this, effect.data);
      case "beat":
        return owner.onBeat(this, effect);
      case "verdict":
        return owner.onVerdict(this, effect.verdict, effect.was);
      case "greeting":
        return owner.onGreeting(this);
      case "hello":
        return owner.onHello(this, effect.hello);
      case "opened":
        return owner.onOpened(this, effect.dialect, effect.welcome);
      case "goaway":
        return owner.onGoAway(this, effect.goaway);
      case "drained":
        return owner.onDrained(this);
      case "delivered":
        return owner.onDelivered(this);
      case "judge":
        return owner.onJudge(this);
      case "measure":
        return this.#measure();
      case "finish":
        return this.transport.finish(effect.word);
      case "pause":
        return this.transport.pause();
      case "resume":
        return this.transport.resume();
      case "end":
        return this.#end(effect.facts);
      default:
        effect satisfies never;
    }
  }

  /** An owner that throws leaves nothing half done. */
  #tell(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#around.report(error);
    }
  }

  /** Apart from the switch, where a function that keeps `this` would cost each effect a context. */
  #measure(): void {
    this.transport.readUnacked((bytes, isShut) => this.#onUnacked(bytes, isShut));
  }

  #onUnacked(unackedBytes: number | undefined, windowIsShut: boolean): void {
    const now = this.#now();
    const { unsentBytes } = this.transport;
    this.connection.handleUnacked({ unackedBytes, unsentBytes, windowIsShut }, now);
    this.#step(now);
  }

  #end(facts: EndFacts): void {
    this.#ended = true;
    this.#around.alarms.remove(this.#slot);
    let reset = false;
    if (facts.orderly) this.transport.close();
    else reset = this.transport.reset();
    this.#accountHeld(0);
    this.#owner.onEnd(this, this.#record(facts, reset), facts.unwritten);
  }

  #record(facts: EndFacts, reset: boolean): EndRecord {
    const { code, by, dialect, livedMs, wasOpen, peerSaid, cause, evidence, undelivered } = facts;
    return {
      id: this.connection.id,
      code,
      by,
      sentence: endSentence(facts),
      remote: this.transport.remote.text,
      dialect,
      openedAtWallMs: this.openedAtWallMs,
      endedAtWallMs: this.#around.clock.wallNow(),
      livedMs,
      wasOpen,
      reset,
      peerSaid,
      cause,
      evidence,
      undelivered,
      undeliveredCount: undelivered.length,
    };
  }

  /** Of half a unit of the transport the connection knows the bytes, and the transport the cost. */
  #bytesHere(): number {
    const { unsentBytes, keptBytes = 0 } = this.transport;
    const { heldBytes, input } = this.connection;
    return heldBytes + unsentBytes + Math.max(0, keptBytes - input.transportBytes);
  }

  #accountHeld(heldBytes: number): void {
    const change = heldBytes - this.#heldBytes;
    if (change === 0) return;
    this.#heldBytes = heldBytes;
    try {
      this.#owner.onHeldBytes(this, change);
    } catch (error) {
      this.#around.report(error);
    }
  }
}
