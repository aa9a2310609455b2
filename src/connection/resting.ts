/**
 * Peers at rest: a server's connections that only beat, kept as rows of numbers without a machine.
 *
 * Most connections of most servers say nothing but `ping` for hours. A whole machine for each would
 * cost more than its socket, so one that is quiet lies down, and gets up when anything else happens
 * than a beat: what it was is read out of the row, and nothing that shows outside is lost. The test
 * beside this file plays the same story to a machine that may rest and to one that may not.
 *
 * Easy to break: whatever a machine remembers must be in the row, be the default of a new machine,
 * or keep it awake (`mayRest`). Who comes into the state of something new has to look here.
 */
import { assert } from "../base/assert.ts";
import { type Instant, later } from "../base/time.ts";
import { RttEstimator } from "../liveness/rtt-estimator.ts";
import { unaskedMs } from "../liveness/silence-rules.ts";
import type { ConnectionConfig, ConnectionContext, ConnectionIdentity } from "./config.ts";
import { Connection } from "./connection.ts";
import type { OutboxCounts } from "./outbox.ts";
import { RestTable } from "./rest-table.ts";

/** What few connections have, and no row has a place for. */
interface Extras {
  readonly messagesIn: number;
  readonly replacedLines: number;
  readonly droppedAnswers: number;
  readonly unackedBytes: number | undefined;
  readonly movedAt: Instant | undefined;
  readonly outbox: OutboxCounts;
}

/** The resting connections of one server. */
export class Resting {
  readonly #config: ConnectionConfig;
  readonly #context: ConnectionContext;
  readonly #table = new RestTable();
  readonly #extras = new Map<number, Extras>();
  readonly #newSecret: () => string;
  readonly #gapMsMin: number;
  /** For how long after its last byte a peer needs no looking at. */
  readonly patienceMs: number;

  /** `newSecret`: for who gets up and may turn out to speak frames. */
  constructor(config: ConnectionConfig, context: ConnectionContext, newSecret: () => string) {
    assert(config.role === "server", "a client beats by itself");
    this.#newSecret = newSecret;
    this.#config = config;
    this.#context = context;
    const { timeoutMs, answerWithinMs, pingIntervalMsMin } = config.liveness;
    this.#gapMsMin = pingIntervalMsMin === false ? Number.NEGATIVE_INFINITY : pingIntervalMsMin;
    // A peer at rest was never asked, so nothing was measured.
    this.patienceMs = unaskedMs(timeoutMs, new RttEstimator().answerWithinMs(answerWithinMs));
  }

  /** Whether a newcomer may rest until its first byte. */
  get takesNewcomers(): boolean {
    return this.#config.accepts.line;
  }

  /** What a ping is answered with; false: with silence. */
  get answer(): Uint8Array | false {
    return this.#config.words.pongBytes;
  }

  /** Whether this is one ping, whole, and nothing else. */
  isPing(bytes: Uint8Array): boolean {
    const { pingBytes } = this.#config.words;
    if (bytes.length !== pingBytes.length) return false;
    for (let at = 0; at < pingBytes.length; at++) if (bytes[at] !== pingBytes[at]) return false;
    return true;
  }

  /** Takes a row for a connection, which is at rest, or is about to lie down. */
  add(slot: number, openedAt: Instant, openedAtWallMs: number): void {
    this.#table.add(slot, openedAt, openedAtWallMs);
  }

  /** The connection is gone. */
  remove(slot: number): void {
    this.#table.remove(slot);
    this.#extras.delete(slot);
  }

  openedAt(slot: number): Instant {
    return this.#table.openedAt(slot);
  }

  openedAtWallMs(slot: number): number {
    return this.#table.openedAtWallMs(slot);
  }

  /** It has not said a byte. */
  isSilent(slot: number): boolean {
    return this.#table.bytesIn(slot) === 0;
  }

  /**
   * A ping came, of `byteCount` bytes of the stream, at the moment in `when`. False, and nothing
   * has changed, when it has to get up for this one, since it is above the budget.
   */
  ping(slot: number, byteCount: number, when: Float64Array): boolean {
    return this.#table.ping(slot, byteCount, this.#gapMsMin, when);
  }

  /** How many pings came by now. */
  pingsIn(slot: number): number {
    return this.#table.pingsIn(slot);
  }

  /** The answer was written, and the kernel took it. */
  spoke(slot: number, byteCount: number, when: Float64Array): void {
    this.#table.spoke(slot, byteCount, when);
  }

  /** When it has to be looked at if nothing comes. */
  dueAt(slot: number): Instant {
    return later(this.#table.heardAt(slot), this.patienceMs);
  }

  /** The machine that it would be, for looking at. */
  machineOf(slot: number, id: string): Connection {
    return this.#restore(slot, { id, secret: "" });
  }

  /** It gets up: the machine is the truth from now on. The row stays taken. */
  rise(slot: number, id: string): Connection {
    const machine = this.#restore(slot, { id, secret: this.#newSecret() });
    this.#extras.delete(slot);
    return machine;
  }

  /** True: all that the machine knows is written down, and it can be forgotten. */
  layDown(slot: number, machine: Connection, now: Instant): boolean {
    if (!mayRest(machine, now)) return false;
    const { input, output, heartbeat, unackedBytes } = machine;
    const { heardAt, movedAt } = heartbeat.monitor;
    const { bytesIn, pingsIn, messagesIn, replacedLines } = input;
    const { bytesOut, spokeAt, droppedAnswers } = output;
    const { pingedAt, pingsLeft } = heartbeat;
    const row = { heardAt, spokeAt, pingedAt, bytesIn, bytesOut, pingsIn, pingsLeft };
    this.#table.write(slot, row);
    const outbox = output.outbox.counts();
    const counts = messagesIn + replacedLines + droppedAnswers + outbox.writtenCount;
    if (counts === 0 && movedAt === undefined && unackedBytes === undefined) return true;
    const extras = { messagesIn, replacedLines, droppedAnswers, unackedBytes, movedAt, outbox };
    this.#extras.set(slot, extras);
    return true;
  }

  #restore(slot: number, identity: ConnectionIdentity): Connection {
    const row = this.#table.read(slot);
    const { openedAt, openedAtWallMs, heardAt, spokeAt, bytesIn, bytesOut, pingsIn } = row;
    const machine = new Connection(this.#config, identity, this.#context, undefined, openedAt);
    machine.openedAtWallMs = openedAtWallMs;
    if (bytesIn > 0) machine.reopen();
    const { input, output, heartbeat } = machine;
    input.bytesIn = bytesIn;
    input.pingsIn = pingsIn;
    input.lastPingSeqIn = pingsIn;
    if (bytesIn > 0 || heardAt > openedAt) heartbeat.monitor.heard(heardAt);
    heartbeat.restorePing(row.pingedAt, row.pingsLeft);
    output.restore(bytesOut, spokeAt);
    if (spokeAt !== undefined) heartbeat.monitor.spoke(spokeAt);
    const extras = this.#extras.get(slot);
    if (extras !== undefined) addExtras(machine, extras);
    machine.saidNothingSinceBeat();
    return machine;
  }
}

/** Whether a machine has nothing to remember but what a row and its extras hold. */
function mayRest(machine: Connection, now: Instant): boolean {
  const { config, dialect, phase, farewell, reading, input, output } = machine;
  if (dialect === "frame" || !config.accepts.line) return false;
  if ((phase !== "open" && phase !== "silent") || farewell !== undefined) return false;
  if (reading.isPaused || !machine.handshake.isQuiet || !machine.effects.isEmpty) return false;
  return input.isQuiet && output.isQuiet && machine.heartbeat.isQuiet(now);
}

function addExtras(machine: Connection, extras: Extras): void {
  const { input, output, heartbeat } = machine;
  machine.unackedBytes = extras.unackedBytes;
  input.messagesIn = extras.messagesIn;
  input.replacedLines = extras.replacedLines;
  output.droppedAnswers = extras.droppedAnswers;
  output.outbox.restore(extras.outbox);
  if (extras.movedAt !== undefined) heartbeat.monitor.moved(extras.movedAt);
}
