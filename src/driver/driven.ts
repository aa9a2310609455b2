/**
 * The one place where a connection meets a transport and a clock.
 *
 * Each input takes the same path: input, effects, alarm. What an owner's handler does during a step
 * (a listener that sends, or closes) changes the machine, which is not running then; its effects
 * join the queue that this step is emptying: nothing is ever nested. An owner whose handler throws
 * leaves no step half done; the error is reported, later, as uncaught.
 */
import type { ErrorCode } from "../base/errors.ts";
import { assert } from "../base/assert.ts";
import type { Instant } from "../base/time.ts";
import type { WelcomeTerms } from "../connection/config.ts";
import {
  handleHeard,
  handleNativePing,
  handlePreparing,
  handleReady,
} from "../connection/beside-the-bytes.ts";
import type { Connection } from "../connection/connection.ts";
import type { Message, Refusal } from "../connection/effects.ts";
import type { EndFacts } from "../connection/end-record.ts";
import type { OutgoingMessage } from "../connection/outgoing-message.ts";
import type { Attach, LastWord, Transport, TransportHandlers } from "../transports/transport.ts";
import type { GoAway } from "../wire/frame.ts";
import type { Alarmed } from "./alarms.ts";
import { carryOut } from "./carry-out.ts";
import type { DrivenOwner, DrivenSurroundings } from "./driven-owner.ts";
import { endRecord } from "./driven-record.ts";
import { isUnread } from "./held-back.ts";
import type { Judged } from "./reaper.ts";
import type { RestPath } from "./rest-path.ts";

// Private methods are so by their type only: one with a `#` would cost each connection a field.

/**
 * While a step runs, what comes meanwhile waits. Owing: at rest, and not answered yet. Put off:
 * its transport is not read (held-back.ts); let in: since then no turn has read it.
 */
type Doing = "nothing" | "a step" | "owing" | "put off" | "let in" | "over";

export class Driven implements TransportHandlers, Alarmed, Judged {
  transport: Transport;
  /** For the owner's use, such as the object that it shows to the application. */
  tag: unknown;
  /** @internal Its place among the alarms, and its row where it may rest. */
  readonly slot: number;
  /** @internal */
  doing: Doing = "nothing";
  readonly #owner: DrivenOwner;
  readonly #around: DrivenSurroundings;
  /** Undefined: the peer is at rest. */
  #machine: Connection | undefined;

  /**
   * Attaches at once; the first effects run in `start`, so that the owner can set `tag` before.
   * A newcomer without a machine begins at rest.
   */
  constructor(
    machine: Connection | undefined,
    attach: Attach,
    owner: DrivenOwner,
    surroundings: DrivenSurroundings,
  ) {
    const { clock, alarms, rest } = surroundings;
    this.#machine = machine;
    this.#owner = owner;
    this.#around = surroundings;
    this.tag = undefined;
    this.transport = attach(this);
    const wallMs = clock.wallNow();
    if (machine !== undefined) machine.openedAtWallMs = wallMs;
    this.slot = alarms.add(this, undefined);
    rest?.resting.add(this.slot, machine?.openedAt ?? clock.now(), wallMs);
    rest?.ids.enter(this.slot, machine?.id);
    if (this.transport.isPreparing) handlePreparing(this.connection, clock.now());
    alarms.set(this.slot, this.deadline());
  }

  /** @internal */
  get surroundings(): DrivenSurroundings {
    return this.#around;
  }

  get id(): string {
    return this.#machine?.id ?? this.rest.ids.text(this.slot);
  }

  /** Whoever asks for the machine gets a peer at rest up. */
  get connection(): Connection {
    return this.#machine ?? this.rise();
  }

  /** @internal Makes the machine of a peer at rest; a simulator looks on. */
  rise(): Connection {
    const machine = this.rest.rise(this);
    this.#machine = machine;
    return machine;
  }

  /** The same for looking only: a peer at rest rests on. */
  look(): Connection {
    return this.#machine ?? this.rest.resting.machineOf(this.slot, this.id);
  }

  get isAtRest(): boolean {
    return this.#machine === undefined;
  }

  get openedAt(): Instant {
    return this.#machine?.openedAt ?? this.rest.resting.openedAt(this.slot);
  }

  get openedAtWallMs(): number {
    return this.#machine?.openedAtWallMs ?? this.rest.resting.openedAtWallMs(this.slot);
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
    if (this.#machine !== undefined) this.step(this.now());
  }

  // From the transport.

  onBytes(bytes: Uint8Array): void {
    const { rest } = this.#around;
    const isPing = rest?.resting.isPing(bytes) === true;
    if (isPing && this.mayBeatAtRest && rest.beat(this, bytes.length)) return;
    const now = this.now();
    this.connection.handleBytes(bytes, now);
    this.step(now);
    if (isPing) this.lieDown(now);
    rest?.wasRead(now);
  }

  onDrained(moved: boolean): void {
    const now = this.now();
    this.connection.handleDrained(moved, now);
    this.step(now);
  }

  onFinished(said?: LastWord): void {
    const now = this.now();
    this.connection.handleFinished(said, now);
    this.step(now);
  }

  onClosed(fault: Error | undefined): void {
    const now = this.now();
    this.connection.handleClosed(fault, now);
    this.step(now);
  }

  onHeard(heldBytes: number): void {
    const now = this.now();
    handleHeard(this.connection, heldBytes, now);
    this.step(now);
  }

  onNativePing(): boolean {
    const now = this.now();
    if (this.mayBeatAtRest && this.rest.nativePing(this, now)) return true;
    const { connection } = this;
    const mayAnswer = handleNativePing(connection, now);
    this.step(now);
    const isFirst = connection.input.pingsIn === 1 && connection.phase === "silent";
    if (isFirst) this.#owner.onNativePinged?.(this);
    this.lieDown(now);
    this.#around.rest?.wasRead(now);
    return mayAnswer;
  }

  onSwitched(transport: Transport): void {
    this.transport = transport;
    if (!transport.isPreparing) return;
    const now = this.now();
    handlePreparing(this.connection, now);
    this.tell(() => this.#owner.onGreeting(this));
    this.step(now);
  }

  onReady(): void {
    const now = this.now();
    handleReady(this.connection, now);
    this.tell(() => this.#owner.onReady(this));
    this.step(now);
    this.lieDown(now);
  }

  // From the alarms.

  onAlarm(now: Instant): void {
    if (this.doing === "over") return;
    const { rest } = this.#around;
    const dueAt = rest?.dueAt(this, now);
    if (dueAt !== undefined && dueAt > now) return this.#around.alarms.set(this.slot, dueAt);
    this.connection.handleTimeout(now);
    this.step(now);
  }

  // From the owner, at any time, also during a step.

  /** @throws HoldfastError as `Connection.send` does; nothing has changed then. */
  send(data: Message): boolean {
    const now = this.now();
    const belowHighWater = this.connection.send(data, now);
    this.step(now);
    return belowHighWater;
  }

  /** @throws HoldfastError as `send` does. */
  post(message: OutgoingMessage): void {
    const now = this.now();
    this.connection.post(message, now);
    this.step(now);
  }

  close(code: ErrorCode, reason: string): void {
    const now = this.now();
    this.connection.close(code, reason, now);
    this.step(now);
  }

  abort(code: ErrorCode, detail: string): void {
    const now = this.now();
    this.connection.abort(code, detail, now);
    this.step(now);
  }

  welcome(terms: WelcomeTerms): void {
    const now = this.now();
    this.connection.welcome(terms, now);
    this.step(now);
  }

  refuse(refusal: Refusal): void {
    const now = this.now();
    this.connection.refuse(refusal, now);
    this.step(now);
  }

  goAway(goaway: GoAway): void {
    this.connection.goAway(goaway);
    this.step(this.now());
  }

  pauseReading(): void {
    const now = this.now();
    this.connection.pauseReading(now);
    this.step(now);
  }

  resumeReading(): void {
    const now = this.now();
    this.connection.resumeReading(now);
    this.step(now);
  }

  condemn(): void {
    const now = this.now();
    this.connection.condemn(now);
    this.step(now);
  }

  hold(delayMs: number): void {
    const now = this.now();
    this.connection.hold(delayMs, now);
    this.step(now);
  }

  verifySoon(): void {
    const now = this.now();
    if (this.#machine === undefined && this.rest.resting.isSilent(this.slot)) return;
    this.connection.verifySoon(now);
    this.step(now);
  }

  private now(): Instant {
    return this.#around.clock.now();
  }

  private get rest(): RestPath {
    const { rest } = this.#around;
    assert(rest !== undefined, "where nobody may rest everybody has a machine");
    return rest;
  }

  private deadline(): Instant | undefined {
    if (this.#machine !== undefined) return this.#machine.deadline();
    return this.rest.resting.dueAt(this.slot);
  }

  private lieDown(now: Instant): void {
    const machine = this.#machine;
    const { rest } = this.#around;
    if (machine === undefined || rest === undefined || this.doing !== "nothing") return;
    if (this.bytesHere(machine) === 0 && rest.layDown(this, machine, now)) {
      this.#machine = undefined;
    }
  }

  private isOver(): boolean {
    return this.doing === "over";
  }

  private get mayBeatAtRest(): boolean {
    return this.#machine === undefined && this.doing !== "a step";
  }

  /** @internal It reads, and nothing but its peer decides when. */
  get isReadAsEver(): boolean {
    const machine = this.#machine;
    if (machine?.phase !== "open" || this.transport.isPreparing) return false;
    return machine.farewell === undefined && !machine.reading.isPaused;
  }

  /** @internal Effects, then the alarm. A step within a step leaves both to the outer one. */
  step(now: Instant): void {
    const machine = this.#machine;
    if (isUnread(this)) this.rest.letIn(this);
    if (this.doing !== "nothing" || machine === undefined) return;
    this.doing = "a step";
    for (let effect = machine.poll(now); effect; effect = machine.poll(now)) {
      try {
        carryOut(effect, this, machine, this.#owner, now);
      } catch (error) {
        this.#around.report(error);
      }
    }
    if (this.isOver()) return;
    this.doing = "nothing";
    this.accountHeld(machine, this.bytesHere(machine));
    if (this.isOver()) return; // An owner may end whoever holds too much.
    this.#around.alarms.set(this.slot, machine.deadline());
  }

  /** An owner that throws leaves nothing half done. */
  private tell(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#around.report(error);
    }
  }

  /** @internal Asks the transport; the answer comes later. */
  measure(): void {
    this.transport.readUnacked((bytes, isShut) => this.onUnacked(bytes, isShut));
  }

  private onUnacked(unackedBytes: number | undefined, windowIsShut: boolean): void {
    const now = this.now();
    const { unsentBytes } = this.transport;
    this.connection.handleUnacked({ unackedBytes, unsentBytes, windowIsShut }, now);
    this.step(now);
  }

  /** @internal The last effect. */
  end(machine: Connection, facts: EndFacts): void {
    const { alarms, clock, rest } = this.#around;
    this.doing = "over";
    alarms.remove(this.slot);
    rest?.resting.remove(this.slot);
    rest?.ids.leave(this.slot);
    let reset = false;
    if (facts.orderly) this.transport.close();
    else reset = this.transport.reset();
    this.accountHeld(machine, 0);
    const record = endRecord(machine, facts, this.transport, reset, clock.wallNow());
    this.#owner.onEnd(this, record, facts.unwritten);
  }

  /** Of half a unit of the transport the connection knows the bytes, and the transport the cost. */
  private bytesHere({ heldBytes, input }: Connection): number {
    const { unsentBytes, keptBytes = 0 } = this.transport;
    return heldBytes + unsentBytes + Math.max(0, keptBytes - input.transportBytes);
  }

  private accountHeld(machine: Connection, heldBytes: number): void {
    const change = heldBytes - machine.accountedBytes;
    if (change === 0) return;
    machine.accountedBytes = heldBytes;
    try {
      this.#owner.onHeldBytes(this, change);
    } catch (error) {
      this.#around.report(error);
    }
  }
}
