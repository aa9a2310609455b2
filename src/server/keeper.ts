/**
 * Keeps the connections of one server: lets them in, passes on what they say, sees them out.
 *
 * It is the one owner of all driven connections, so that each of them costs no closures. What is
 * easy to break: an end may come while a list of connections is walked, and inside a call that
 * caused it; whatever is counted for a connection is taken back in `onEnd`, and only there.
 */
import { toHex } from "../base/bytes.ts";
import { Emitter } from "../base/emitter.ts";
import { EndRing } from "../base/end-ring.ts";
import { type ErrorCode, isHoldfastError } from "../base/errors.ts";
import type { Random, Secrets } from "../base/random.ts";
import type { Clock } from "../base/time.ts";
import type { ConnectionContext } from "../connection/config.ts";
import { Connection } from "../connection/connection.ts";
import { type BeatEffect, beatOf, type Dialect, type Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import { checkKind } from "../connection/message-check.ts";
import { Resting } from "../connection/resting.ts";
import { OutgoingMessage } from "../connection/outgoing-message.ts";
import type { Alarmed, Alarms } from "../driver/alarms.ts";
import { Driven } from "../driver/driven.ts";
import type { DrivenOwner, DrivenSurroundings } from "../driver/driven-owner.ts";
import { Reaper } from "../driver/reaper.ts";
import { RestPath } from "../driver/rest-path.ts";
import { isClamped } from "../liveness/lease.ts";
import type { Verdict } from "../liveness/monitor.ts";
import type { AcceptHandlers, Incoming } from "../transports/transport.ts";
import type { Hello } from "../wire/frame.ts";
import { Admission } from "./admission.ts";
import { ServerAntechamber } from "./antechamber.ts";
import { ConnectionIds } from "./connection-ids.ts";
import { BufferBudget } from "./buffer-budget.ts";
import { Everybody } from "./everybody.ts";
import type { ServerConfig } from "./options.ts";
import { Reception } from "./reception.ts";
import { refusalFor } from "./refusal.ts";
import { Registry, type Roster } from "./registry.ts";
import { ServerConnection } from "./server-connection.ts";
import type { ServerEvents } from "./server-events.ts";
import { ServerCounters } from "./server-stats.ts";
import { SharedLimits } from "./shared-limits.ts";

/** Those who are being told that they may not come in; beyond that they are reset at once. */
const REFUSING_MAX = 64;

export interface KeeperSurroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly secrets: Secrets;
  /** Reports what a listener threw, as uncaught, later. */
  readonly report: (error: unknown) => void;
}

export class Keeper implements DrivenOwner, AcceptHandlers {
  readonly config: ServerConfig;
  readonly clock: Clock;
  readonly registry: Registry<ServerConnection>;
  readonly counters: ServerCounters = new ServerCounters();
  readonly records: EndRing<EndRecord>;
  readonly budget: BufferBudget<ServerConnection>;
  readonly events: Emitter<ServerEvents>;
  readonly sharedLimits: SharedLimits;
  /** Turned away, and not gone yet. */
  readonly refusing: Set<ServerConnection> = new Set();
  /** Whether newcomers are let in: not before all listeners stand, and not once closing began. */
  isOpen = false;
  /** Called after each end. */
  onLeft: () => void = () => {};
  readonly #surroundings: KeeperSurroundings;
  readonly #reaper: Reaper;
  readonly #admission: Admission<ServerConnection>;
  readonly antechamber: ServerAntechamber;
  readonly #reception: Reception;
  /** One for all connections, since each keeps what it is given. */
  readonly #context: ConnectionContext;
  readonly #resting: Resting;
  readonly #ids: ConnectionIds;
  readonly #drivenSurroundings: DrivenSurroundings;

  constructor(config: ServerConfig, surroundings: KeeperSurroundings) {
    const { clock, random, secrets, report } = surroundings;
    const { observe } = config;
    this.config = config;
    this.clock = clock;
    this.#surroundings = surroundings;
    this.#ids = new ConnectionIds(secrets);
    this.events = new Emitter(report);
    this.records = new EndRing(config.recordsMax);
    this.#reception = new Reception(this, toHex(secrets.bytes(16)));
    this.registry = new Registry(this.#roster());
    const flock = new Everybody(this.registry);
    this.#reaper = new Reaper(config.reaper, { clock, random, observe }, flock, this.counters);
    const { alarms, stalls } = this.#reaper;
    this.#context = { stalls, random };
    const newSecret = (): string => toHex(secrets.bytes(16));
    this.#resting = new Resting(config.connection, this.#context, newSecret);
    const rest = new RestPath(this.#resting, this, { clock, alarms, report, ids: this.#ids });
    this.#drivenSurroundings = { clock, alarms, report, rest };
    const silentGreet = !config.connection.accepts.line;
    this.#admission = new Admission(config, this.registry, silentGreet, clock.now());
    this.antechamber = new ServerAntechamber(this, this.#admission);
    this.budget = new BufferBudget(
      config.bufferBytesTotalMax,
      () => this.registry,
      (connection) => connection.driven.abort("OVERLOADED", this.#overloadedDetail()),
    );
    const limited = { admission: this.#admission, budget: this.budget, registry: this.registry };
    this.sharedLimits = new SharedLimits(limited, config.maxPerAddress);
  }

  get isEmpty(): boolean {
    return this.registry.size === 0 && this.refusing.size === 0;
  }

  /** By how much the reaper's timer is overdue: near 0 unless this process is busy, or ill. */
  get reaperLateMs(): number {
    return this.#reaper.alarms.lateMs(this.clock.now());
  }

  /** Everybody who is here, those included who are being turned away. */
  everybody(): ServerConnection[] {
    return [...this.registry, ...this.refusing];
  }

  /** Forgets every timer. Only after the last connection has ended. */
  close(): void {
    this.#reception.close();
    this.#reaper.close();
  }

  // From the listeners.

  onIncoming(incoming: Incoming): void {
    if (!this.isOpen) return; // What nobody attaches to is reset.
    const { ip } = incoming.remote;
    const refusedFor = this.#admission.refusal(ip, this.clock.now());
    if (refusedFor !== undefined) {
      this.#turnAway(incoming, refusedFor);
      return;
    }
    const detail = "more than half of all places were held by peers that had said nothing";
    this.#admission.tooSilent()?.driven.abort("SILENT_MAX", detail);
    const connection = this.#connectionOf(incoming);
    this.registry.add(connection);
    connection.driven.start();
    if (connection.driven.transport.isPreparing) this.onGreeting(connection.driven);
    this.#admission.onEntered(ip);
    this.counters.accepted += 1;
    if (this.events.has("accepted")) {
      this.events.emit("accepted", connection.remote, connection.id);
    }
  }

  onAcceptFailed(error: Error): void {
    this.counters.acceptFailures += 1;
    this.config.observe({ what: "accept-failed", error });
  }

  // From the connections.

  onGreeting(driven: Driven): void {
    const connection = driven.tag as ServerConnection;
    // An upgrade and the HELLO after it are one handshake.
    if (connection.stage === "refused" || connection.stage === "greeting") return;
    this.registry.onGreeting(connection);
    if (this.#admission.handshakesExceed(0)) this.reject(connection, "HANDSHAKES_MAX");
  }

  /** After an upgrade a peer is silent again, and may be a plain one that will speak much later. */
  onReady(driven: Driven): void {
    if (this.config.connection.accepts.line) this.registry.onReady(driven.tag as ServerConnection);
  }

  onHello(driven: Driven, hello: Hello): void {
    const connection = driven.tag as ServerConnection;
    if (connection.stage === "refused") return;
    if (driven.connection.phase !== "deciding") return; // It was refused in the same breath.
    this.#countLease(hello.nextMs);
    this.#reception.receive(connection, hello);
  }

  onOpened(driven: Driven, _dialect: Dialect): void {
    const connection = driven.tag as ServerConnection;
    if (connection.stage === "refused") return;
    this.registry.onOpened(connection);
    this.events.emit("connection", connection);
  }

  onMessage(driven: Driven, data: Message): void {
    const connection = driven.tag as ServerConnection;
    this.counters.messagesIn += 1;
    connection.emit("message", data);
    this.events.emit("message", connection, data);
  }

  onVerdict(driven: Driven, verdict: Verdict, was: Verdict): void {
    const connection = driven.tag as ServerConnection;
    if (connection.stage === "refused") return;
    connection.emit("verdict", verdict, was);
    this.events.emit("verdict", connection, verdict, was);
  }

  onBeat(driven: Driven, beat: BeatEffect): void {
    if (beat.of === "theirs") this.#countLease(beat.nextMs);
    if (!this.events.has("beat")) return;
    this.events.emitPair("beat", driven.tag as ServerConnection, beatOf(beat));
  }

  get wantsRestBeats(): boolean {
    return this.events.has("beat");
  }

  onRestBeat(driven: Driven, seq: number): void {
    const connection = driven.tag as ServerConnection;
    this.events.emitPair("beat", connection, { of: "theirs", seq, rttMs: undefined, nextMs: 0 });
  }

  /** Where lines are accepted it may be silent for long; elsewhere it is still to say HELLO. */
  onNativePinged(driven: Driven): void {
    if (!this.config.connection.accepts.line) return;
    this.registry.onPinged(driven.tag as ServerConnection);
  }

  /** Only clients are told to go. */
  onGoAway(): void {}

  onDrained(driven: Driven): void {
    const connection = driven.tag as ServerConnection;
    connection.emit("drain");
    this.events.emit("drain", connection);
  }

  onDelivered(driven: Driven): void {
    const connection = driven.tag as ServerConnection;
    connection.emit("delivered");
    this.events.emit("delivered", connection);
  }

  onJudge(driven: Driven): void {
    this.#reaper.judge(driven);
  }

  onHeldBytes(driven: Driven, change: number): void {
    const connection = driven.tag as ServerConnection;
    this.budget.change(connection, change);
  }

  onEnd(driven: Driven, record: EndRecord, unwritten: readonly Message[]): void {
    const connection = driven.tag as ServerConnection;
    this.budget.forget(connection);
    if (this.refusing.delete(connection)) connection.stage = "ended";
    else this.#seeOut(connection, record, unwritten);
    this.onLeft();
  }

  // For the server.

  /** Tells everybody to go: frame peers by GOAWAY, line peers by a close once all is written. */
  sendAway(): void {
    const refusal = refusalFor("DRAINED", this.config.reconnectWindowMs);
    const { reason, retry, afterMs, spreadMs } = refusal;
    for (const connection of [...this.registry]) {
      const { driven, dialect } = connection;
      if (connection.stage !== "open") driven.refuse(refusal);
      else if (dialect === "line") driven.close("DRAINED", reason);
      else driven.goAway({ reason, retry, afterMs, spreadMs });
    }
  }

  broadcast(data: Message): number {
    checkKind(data, "broadcast");
    const message = new OutgoingMessage(data, true);
    let takers = 0;
    for (const connection of this.registry) {
      if (connection.stage !== "open") continue;
      if (this.#takes(connection, message)) takers += 1;
      else this.counters.broadcastSkips += 1;
    }
    return takers;
  }

  #takes({ driven }: ServerConnection, message: OutgoingMessage): boolean {
    const { outboxHighWaterBytes } = this.config.connection;
    if (driven.connection.outboxBytes > outboxHighWaterBytes) return false;
    try {
      driven.post(message);
      return true;
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      return false; // It is closing, or cannot be sent this message; others can.
    }
  }

  #connectionOf(incoming: Incoming): ServerConnection {
    const machine = this.#resting.takesNewcomers ? undefined : this.#newMachine();
    const driven = new Driven(machine, incoming.attach, this, this.#drivenSurroundings);
    const connection = new ServerConnection(driven);
    driven.tag = connection;
    return connection;
  }

  /** Every connection has its alarms, and is found by them. */
  #roster(): Roster<ServerConnection> {
    const connectionOf = (alarmed: Alarmed | undefined): ServerConnection | undefined =>
      (alarmed as Driven | undefined)?.tag as ServerConnection | undefined;
    const ids = this.#ids;
    const alarms = (): Alarms => this.#reaper.alarms;
    return {
      get: (id) => {
        const slot = ids.find(id);
        return slot === undefined ? undefined : connectionOf(alarms().owner(slot));
      },
      *all() {
        for (const alarmed of alarms().owners()) {
          const connection = connectionOf(alarmed);
          if (connection !== undefined) yield connection;
        }
      },
    };
  }

  #newMachine(): Connection {
    const { secrets } = this.#surroundings;
    const id = toHex(secrets.bytes(16));
    const secret = toHex(secrets.bytes(16));
    const { connection: config } = this.config;
    return new Connection(config, { id, secret }, this.#context, undefined, this.clock.now());
  }

  /** At the door: nobody was let in, so nobody ends. */
  #turnAway(incoming: Incoming, code: ErrorCode): void {
    this.countRejection(code, incoming.remote.text);
    if (this.refusing.size >= REFUSING_MAX) return; // What nobody attaches to is reset.
    const connection = this.#connectionOf(incoming);
    this.refusing.add(connection);
    connection.driven.start();
    this.#refuse(connection, code);
  }

  /** One that had come in already. */
  reject(connection: ServerConnection, code: ErrorCode): void {
    this.countRejection(code, connection.remote);
    this.#refuse(connection, code);
  }

  #refuse(connection: ServerConnection, code: ErrorCode): void {
    connection.driven.refuse(refusalFor(code, this.config.reconnectWindowMs));
  }

  countRejection(code: ErrorCode, address: string, detail?: string): void {
    this.counters.countRejection(code);
    this.config.observe({ what: "rejected", code, address, detail });
    this.events.emit("rejected", code, address, detail);
  }

  #seeOut(connection: ServerConnection, record: EndRecord, unwritten: readonly Message[]): void {
    this.registry.remove(connection);
    this.#admission.onLeft(connection.ip);
    this.counters.countEnd(record.code);
    this.counters.droppedAnswers += record.evidence.droppedAnswers;
    this.counters.invalidLines += connection.driven.connection.input.replacedLines;
    this.#reception.remember(connection, record);
    // A server has no later connection to write them to, so they are lost like the others.
    const whole = unwritten.length === 0 ? record : withUndelivered(record, unwritten);
    // Mostly there are none, and one object does for the ring and for whoever listens.
    this.records.push(whole.undeliveredCount === 0 ? whole : { ...whole, undelivered: [] });
    connection.emit("end", whole);
    this.events.emit("end", connection, whole);
  }

  #countLease(nextMs: number): void {
    if (isClamped(nextMs, this.config.connection.liveness)) this.counters.clampedLeases += 1;
  }

  #overloadedDetail(): string {
    const { bytesMax } = this.budget;
    return `all buffers together exceeded ${bytesMax} bytes; its own was a large one`;
  }
}

function withUndelivered(record: EndRecord, unwritten: readonly Message[]): EndRecord {
  const undelivered = [...record.undelivered, ...unwritten];
  return { ...record, undelivered, undeliveredCount: undelivered.length };
}
