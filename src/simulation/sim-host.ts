/**
 * A machine: its kernel, its path to the network, and the one process that runs on it.
 *
 * Three ways to be gone are easy to mix up. After a crash of the process the kernel resets what it
 * had; after a power cut there is silence, and after the boot RST for what nobody remembers; a
 * machine that sleeps takes nothing in, answers nothing, and remembers everything.
 */
import { assert } from "../base/assert.ts";
import type { Phase } from "../connection/phases.ts";
import type { KernelConfig } from "../transports/transport.ts";
import { KernelTimer } from "./kernel-timer.ts";
import { LatenessLog } from "./lateness-log.ts";
import { barePacket, type Flow, type Packet } from "./packet.ts";
import type { EndOfFlow, Side, SimEvent } from "./sim-event.ts";
import type { SimListener } from "./sim-listener.ts";
import type { SimNetwork } from "./sim-network.ts";
import type { SimPath } from "./sim-path.ts";
import { SimProcess } from "./sim-process.ts";
import { TcpEnd } from "./tcp-end.ts";
import type { Timeline } from "./timeline.ts";

export class SimHost {
  readonly name: string;
  readonly path: SimPath;
  readonly lateness: LatenessLog = new LatenessLog();
  listener: SimListener | undefined;
  /** How far somebody has set the wall clock ahead. */
  wallStepMs = 0;
  readonly #network: SimNetwork;
  readonly #ends = new Map<number, TcpEnd>();
  /** Ended, and the process has not looked yet. */
  readonly #unseen = new Set<TcpEnd>();
  #process: SimProcess | undefined;
  #isOn = true;
  #asleepSinceMs: number | undefined;
  #wakesAtMs = 0;
  #monotonicRunsOn = true;
  #sleptMs = 0;
  #monotonicSleptMs = 0;
  #onWake: (() => void)[] = [];
  #boots = 0;

  constructor(name: string, path: SimPath, network: SimNetwork) {
    this.name = name;
    this.path = path;
    this.#network = network;
  }

  get process(): SimProcess | undefined {
    return this.#process;
  }

  get timeline(): Timeline {
    return this.#network.timeline;
  }

  get trueNowMs(): number {
    return this.#network.timeline.nowMs;
  }

  /** What the timers of the kernel go by: it stands still while the machine sleeps. */
  get kernelNowMs(): number {
    return (this.#asleepSinceMs ?? this.trueNowMs) - this.#sleptMs;
  }

  /** How much sleep the monotonic clock of processes leaves out. */
  get monotonicSleptMs(): number {
    // Whoever looks at the clock meanwhile must not see it run, only to see it go back later.
    const isStanding = this.#asleepSinceMs !== undefined && !this.#monotonicRunsOn;
    const presentMs = isStanding ? this.trueNowMs - (this.#asleepSinceMs ?? 0) : 0;
    return this.#monotonicSleptMs + presentMs;
  }

  get isAsleep(): boolean {
    return this.#asleepSinceMs !== undefined;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** A new process, also after a crash. */
  boot(): SimProcess {
    assert(this.#isOn, "a process needs a machine that is on");
    assert(this.#process?.isAlive !== true, "one process at a time");
    this.#boots += 1;
    const draw = this.#network.streams.stream(`process/${this.name}/${this.#boots}`);
    this.#process = new SimProcess(this, draw);
    return this.#process;
  }

  /** The process dies; its kernel resets what it had, and nobody listens any more. */
  crashProcess(): void {
    this.#endProcess();
    // Those whose process had let go of them are the kernel's own, and go on.
    for (const end of this.#everyEnd()) if (end.isHeld) end.reset("process-gone");
  }

  /** Silence, at once. */
  powerOff(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#endProcess();
    for (const end of this.#everyEnd()) end.vanish();
    this.#wake();
  }

  /** The kernel answers again, with RST for what it does not know; there is no process yet. */
  powerOn(): void {
    this.#isOn = true;
  }

  /** The machine sleeps for so long. Asleep already, it sleeps until the later of both ends. */
  suspend(ms: number, monotonicRunsOn: boolean): void {
    if (!this.#isOn) return;
    const untilMs = this.trueNowMs + ms;
    if (this.#asleepSinceMs === undefined) {
      this.#asleepSinceMs = this.trueNowMs;
      this.#monotonicRunsOn = monotonicRunsOn;
    }
    this.#wakesAtMs = Math.max(this.#wakesAtMs, untilMs);
    this.#process?.handlePower();
    this.timeline.at(untilMs, () => {
      if (this.isAsleep && this.trueNowMs >= this.#wakesAtMs) this.#wake();
    });
  }

  /** How late the process of this host was between two true times, in sum. */
  latenessMs(fromMs: number, untilMs: number): number {
    const openSinceMs = Math.min(
      this.#asleepSinceMs ?? Number.POSITIVE_INFINITY,
      this.#process?.frozenSinceMs ?? Number.POSITIVE_INFINITY,
    );
    const knownUntilMs = Math.min(untilMs, Math.max(fromMs, openSinceMs));
    return this.lateness.sumMs(fromMs, knownUntilMs) + (untilMs - knownUntilMs);
  }

  // For the parts of this kernel.

  /** Runs after so much kernel time; not while the machine sleeps. */
  kernelIn(ms: number, run: () => void): KernelTimer {
    return new KernelTimer(this, ms, run);
  }

  onceAwake(run: () => void): void {
    this.#onWake.push(run);
  }

  makeClientEnd(place: string, kernel: KernelConfig): TcpEnd {
    const flow = this.#network.makeFlow(this, place);
    return this.#keep(new TcpEnd(flow, "client", this, kernel));
  }

  makeServerEnd(flow: Flow, kernel: KernelConfig): TcpEnd {
    return this.#keep(new TcpEnd(flow, "server", this, kernel));
  }

  #keep(end: TcpEnd): TcpEnd {
    this.#ends.set(keyOf(end.flow, end.side), end);
    return end;
  }

  /** No packet reaches it any more. The process may have to learn that yet. */
  forget(end: TcpEnd): void {
    this.#ends.delete(keyOf(end.flow, end.side));
    if (end.isHeld) this.#unseen.add(end);
  }

  handleLetGo(end: TcpEnd): void {
    this.#unseen.delete(end);
  }

  #everyEnd(): TcpEnd[] {
    return [...this.#ends.values(), ...this.#unseen];
  }

  knows(flow: Flow, side: Side): boolean {
    return this.#ends.has(keyOf(flow, side));
  }

  /** Up to which position this kernel has heard the other side of a flow. */
  heardUpTo(flow: Flow, side: Side): number {
    return this.#ends.get(keyOf(flow, side))?.receiver.nextPosition ?? 0;
  }

  /** The flows that this kernel knows, in order of their making. */
  flows(): Flow[] {
    return [...this.#ends.values()].map(({ flow }) => flow);
  }

  send(flow: Flow, side: Side, packet: Packet): void {
    this.#network.send(flow, side, packet);
  }

  handlePacket(flow: Flow, side: Side, packet: Packet): void {
    if (!this.#isOn || this.isAsleep) return;
    const end = this.#ends.get(keyOf(flow, side));
    if (end !== undefined) return end.handlePacket(packet);
    if (packet.what === "reset") return;
    if (packet.what === "syn" && side === "server" && this.listener !== undefined) {
      return this.listener.handleSyn(flow);
    }
    this.send(flow, side, barePacket("reset"));
  }

  handleForeignFin(flow: Flow, side: Side): void {
    if (!this.#isOn || this.isAsleep) return;
    this.#ends.get(keyOf(flow, side))?.handleForeignFin();
  }

  tell(event: SimEvent): void {
    this.#network.tell(event);
  }

  tellWrote(end: EndOfFlow, bytes: Uint8Array, taken: boolean): void {
    this.tell({ what: "wrote", atMs: this.trueNowMs, bytes, taken, ...end });
  }

  tellPhase(end: EndOfFlow, from: Phase, to: Phase): void {
    this.tell({ what: "phase", atMs: this.trueNowMs, from, to, ...end });
  }

  tellThrown(message: string): void {
    this.tell({ what: "thrown", atMs: this.trueNowMs, host: this.name, message });
  }

  countCallback(): void {
    this.#network.countCallback();
  }

  #endProcess(): void {
    this.listener = undefined;
    this.#process?.end();
    this.#process = undefined;
  }

  #wake(): void {
    if (this.#asleepSinceMs === undefined) return;
    const sleptMs = this.trueNowMs - this.#asleepSinceMs;
    this.lateness.add(this.#asleepSinceMs, this.trueNowMs);
    this.#asleepSinceMs = undefined;
    this.#sleptMs += sleptMs;
    if (!this.#monotonicRunsOn) this.#monotonicSleptMs += sleptMs;
    this.#process?.handlePower();
    const waiting = this.#onWake;
    this.#onWake = [];
    for (const ring of waiting) ring();
  }
}

function keyOf(flow: Flow, side: Side): number {
  return flow.number * 2 + (side === "server" ? 1 : 0);
}
