/**
 * A process of a simulated host, and the event loop that it runs.
 *
 * A turn of the loop is that of Node: alarms that are due, then the input that waits in the kernel,
 * then what was asked to run after that (`afterPoll`). Each callback is an event of the timeline of
 * its own, so that the runner can let promises settle in between, as Node does. While the process
 * stands still, its kernel does not: what arrives waits, and after the standstill alarms ring
 * first, which is the hardest order for a judge of silence.
 */
import { assert } from "../base/assert.ts";
import type { Cancel, Clock, Instant } from "../base/time.ts";
import type { KernelConfig, Listen, Open } from "../transports/transport.ts";
import { dialFrom } from "./sim-dial.ts";
import type { Draw } from "./draw.ts";
import { ProcessAlarms } from "./process-alarms.ts";
import type { SimHost } from "./sim-host.ts";
import { listenOn } from "./sim-listener.ts";

/** Something of a process that its kernel may have news for. */
export interface Pollable {
  /** Whether `poll` would run a handler. */
  readonly isReady: boolean;
  /** Runs one handler, if there is one to run. */
  poll(): void;
}

/** What a process holds that costs a descriptor, and for whom. */
export interface Holding {
  readonly owner: string;
  readonly isDial: boolean;
}

/** How often one thing may be polled in one pass: libuv reads a socket at most 32 times. */
const POLLS_PER_PASS = 32;

/** One reading of the kernel's table a second serves all who ask. */
const READING_INTERVAL_MS = 1_000;

const WALL_START_MS = 1_700_000_000_000;

export class SimProcess {
  readonly #host: SimHost;
  readonly #draw: Draw;
  readonly #monotonicStartMs: number;
  readonly #alarms = new ProcessAlarms(() => this.#drawLateMs());
  readonly #holdings = new Set<Holding>();
  readonly #scratch = new Uint8Array(64 * 1024);
  #ready = new Set<Pollable>();
  #passing: Pollable[] = [];
  #pollsLeft = POLLS_PER_PASS;
  #afterPoll: { run: (() => void) | undefined }[] = [];
  #checking: { run: (() => void) | undefined }[] = [];
  #phase: "idle" | "alarms" | "poll" | "check" = "idle";
  #alarmOrder = 0;
  #latenessMsMax = 0;
  #busyUntilMs = 0;
  #frozenSinceMs: number | undefined;
  #isAlive = true;
  #turnAtMs: number | undefined;
  #cancelTurn: Cancel | undefined;
  #readingAtMs = 0;

  constructor(host: SimHost, draw: Draw) {
    this.#host = host;
    this.#draw = draw;
    this.#monotonicStartMs = draw.whole(1_000, 1_000_000);
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get host(): SimHost {
    return this.#host;
  }

  /** Where one read puts its bytes; lent to handlers and overwritten after each call. */
  get scratch(): Uint8Array {
    return this.#scratch;
  }

  /** All clocks of one process tell the same time; alarms are counted per owner. */
  clock(owner: string): Clock {
    return {
      now: () => this.#monotonicMs() as Instant,
      wallNow: () => WALL_START_MS + this.#host.trueNowMs + this.#host.wallStepMs,
      wakeAt: (at, wake) => this.#wakeAt(owner, at, wake),
      afterPoll: (run) => this.#runAfterPoll(run),
      afterTurn: (run) => this.#runAfterPoll(run),
    };
  }

  /** Alarms of this owner that are set, and neither rang nor were cancelled. */
  armedCount(owner: string): number {
    return this.#alarms.armedCount(owner);
  }

  /** Dials that the kernel has not answered; of one owner, or of all. */
  dialsUnderWay(owner?: string): number {
    return this.#held(true, owner);
  }

  get flowsOpen(): number {
    return this.#held(false, undefined);
  }

  flowsOpenOf(owner: string): number {
    return this.#held(false, owner);
  }

  /** Nothing of this process runs for so long; its kernel goes on. */
  stall(ms: number): void {
    const nowMs = this.#host.trueNowMs;
    const fromMs = Math.max(nowMs, this.#busyUntilMs);
    this.#busyUntilMs = fromMs + ms;
    this.#host.lateness.add(fromMs, this.#busyUntilMs);
    this.#schedule();
  }

  /** From now on each alarm that is due rings late, by up to so much. */
  setAlarmLateness(msMax: number): void {
    this.#latenessMsMax = msMax;
  }

  /** SIGSTOP. */
  freeze(): void {
    this.#frozenSinceMs ??= this.#host.trueNowMs;
    this.#schedule();
  }

  /** SIGCONT. */
  thaw(): void {
    if (this.#frozenSinceMs === undefined) return;
    this.#host.lateness.add(this.#frozenSinceMs, this.#host.trueNowMs);
    this.#frozenSinceMs = undefined;
    this.#schedule();
  }

  /** Somebody sets the clock of the machine. */
  stepWall(ms: number): void {
    this.#host.wallStepMs += ms;
  }

  /** How late this process, or one before it on this host, was between two true times, in sum. */
  latenessMs(fromMs: number, untilMs: number): number {
    return this.#host.latenessMs(fromMs, untilMs);
  }

  /** Since when it has been stopped for an unknown time. */
  get frozenSinceMs(): number | undefined {
    return this.#frozenSinceMs;
  }

  /** How to dial a host by its name. `owner` is for counting. */
  open(place: string, kernel: KernelConfig, owner: string = ""): Open {
    return dialFrom(this, place, kernel, owner);
  }

  /** How to listen on this host: one listener at a time. */
  listen(kernel: KernelConfig, owner: string = ""): Listen {
    return listenOn(this, kernel, owner);
  }

  /** Nothing of it runs any more. What its kernel had is the host's business. */
  end(): void {
    this.thaw();
    this.#host.lateness.cutOff(this.#host.trueNowMs);
    this.#isAlive = false;
    this.#holdings.clear();
    this.#schedule();
  }

  // For the parts of this process that wait for its kernel.

  hold(holding: Holding): void {
    this.#holdings.add(holding);
  }

  drop(holding: Holding): void {
    this.#holdings.delete(holding);
  }

  /** There is news for this one: it is looked at in the next pass. */
  makeReady(pollable: Pollable): void {
    if (!this.#isAlive) return;
    this.#ready.add(pollable);
    this.#schedule();
  }

  /** Runs after the next reading of the kernel's table of connections, never inside this call. */
  afterReading(run: () => void): void {
    const nowMs = this.#monotonicMs();
    this.#readingAtMs = Math.max(nowMs, this.#readingAtMs);
    this.#wakeAt("kernel table", this.#readingAtMs, () => {
      this.#readingAtMs = Math.max(this.#readingAtMs, this.#monotonicMs() + READING_INTERVAL_MS);
      run();
    });
  }

  /** The machine woke up, or fell asleep. */
  handlePower(): void {
    this.#schedule();
  }

  #held(isDial: boolean, owner: string | undefined): number {
    let count = 0;
    for (const holding of this.#holdings) {
      if (holding.isDial === isDial && (owner === undefined || holding.owner === owner)) count += 1;
    }
    return count;
  }

  #monotonicMs(): number {
    return this.#monotonicStartMs + this.#host.trueNowMs - this.#host.monotonicSleptMs;
  }

  #trueMs(monotonicMs: number): number {
    return monotonicMs - this.#monotonicStartMs + this.#host.monotonicSleptMs;
  }

  #drawLateMs(): number {
    return this.#latenessMsMax > 0 ? this.#draw.whole(0, this.#latenessMsMax) : 0;
  }

  #wakeAt(owner: string, at: number, wake: () => void): Cancel {
    // Rounded up, as the timers of platforms are.
    const cancel = this.#alarms.set(owner, this.#monotonicMs(), Math.ceil(at), wake);
    this.#schedule();
    return cancel;
  }

  #runAfterPoll(run: () => void): Cancel {
    const entry: { run: (() => void) | undefined } = { run };
    this.#afterPoll.push(entry);
    this.#schedule();
    return () => {
      entry.run = undefined;
    };
  }

  /** Sees to it that exactly one event of the timeline is waiting for the next thing to do. */
  #schedule(): void {
    const atMs = this.#nextTurnAtMs();
    if (atMs === this.#turnAtMs) return;
    this.#cancelTurn?.();
    this.#turnAtMs = atMs;
    this.#cancelTurn =
      atMs === undefined ? undefined : this.#host.timeline.at(atMs, () => this.#handleTurn());
  }

  #nextTurnAtMs(): number | undefined {
    const isStopped = this.#frozenSinceMs !== undefined || this.#host.isAsleep;
    if (!this.#isAlive || isStopped) return undefined;
    const fromMs = Math.max(this.#host.trueNowMs, this.#busyUntilMs);
    if (this.#phase !== "idle" || this.#ready.size > 0 || this.#afterPoll.length > 0) return fromMs;
    const alarmAtMs = this.#alarms.nextAtMs;
    return alarmAtMs === undefined ? undefined : Math.max(fromMs, this.#trueMs(alarmAtMs));
  }

  #handleTurn(): void {
    this.#turnAtMs = undefined;
    this.#cancelTurn = undefined;
    if (this.#phase === "idle") {
      this.#phase = "alarms";
      this.#alarmOrder = this.#alarms.nextOrder;
    }
    try {
      this.#runOne();
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#host.tellThrown(message.split("\n").slice(0, 4).join("\n"));
    }
    if (this.#isOver()) this.#phase = "idle";
    this.#schedule();
  }

  /** Whether nothing is left of this turn. Saves an event for almost every callback. */
  #isOver(): boolean {
    if (this.#passing.length > 0 || this.#checking.length > 0) return false;
    if (this.#phase !== "alarms") return true;
    if (this.#ready.size > 0 || this.#afterPoll.length > 0) return false;
    const nextAtMs = this.#alarms.nextAtMs;
    return nextAtMs === undefined || nextAtMs > this.#monotonicMs();
  }

  /** Runs one callback; or none, when the turn is over. */
  #runOne(): void {
    if (this.#phase === "alarms") {
      const due = this.#alarms.takeDue(this.#monotonicMs(), this.#alarmOrder);
      if (due !== undefined) {
        this.#host.lateness.add(this.#trueMs(due.wantedAtMs), this.#host.trueNowMs);
        return this.#run(due.wake);
      }
      this.#beginPoll();
    }
    if (this.#phase === "poll") {
      if (this.#pollOne()) return;
      this.#phase = "check";
    }
    for (let entry = this.#checking.shift(); entry; entry = this.#checking.shift()) {
      if (entry.run !== undefined) return this.#run(entry.run);
    }
    this.#phase = "idle";
  }

  /** What is asked for from here on belongs to the next turn: this pass may miss its input. */
  #beginPoll(): void {
    this.#phase = "poll";
    this.#passing = [...this.#ready];
    this.#ready = new Set();
    this.#pollsLeft = POLLS_PER_PASS;
    assert(this.#checking.length === 0, "a turn ends before the next one begins");
    this.#checking = this.#afterPoll;
    this.#afterPoll = [];
  }

  #pollOne(): boolean {
    for (let first = this.#passing[0]; first !== undefined; first = this.#passing[0]) {
      const mayRun = first.isReady && this.#pollsLeft > 0;
      if (mayRun) {
        this.#pollsLeft -= 1;
        this.#host.countCallback();
        first.poll();
        if (first.isReady && this.#pollsLeft > 0) return true;
      }
      if (first.isReady) this.#ready.add(first);
      this.#passing.shift();
      this.#pollsLeft = POLLS_PER_PASS;
      if (mayRun) return true;
    }
    return false;
  }

  #run(callback: () => void): void {
    this.#host.countCallback();
    callback();
  }
}
