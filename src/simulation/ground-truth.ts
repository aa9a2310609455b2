/**
 * What really happened to each flow, put together from the events of kernels and processes alone.
 *
 * One for all checkers of a run: each of them offers it every event, and it takes each once. What
 * is easy to break: it must never rest on what the product says of itself. A machine's end record
 * is kept beside the truth, to be compared with it.
 */
import { EndTruth, FlowTruth } from "./end-truth.ts";
import type { EndOfFlow, FaultKind, SimEvent } from "./sim-event.ts";
import type { Said } from "./spoken.ts";
import type { WorldView } from "./world-view.ts";

export interface FaultSpan {
  readonly id: number;
  readonly kind: FaultKind;
  readonly hosts: readonly string[];
  readonly fromMs: number;
  /** Undefined while it lasts. */
  untilMs: number | undefined;
}

/** Kinds in which the process itself does not run, or runs late. */
const OWN_TROUBLE: ReadonlySet<FaultKind> = new Set(["stall", "late-alarms", "freeze", "suspend"]);
const LATE: ReadonlySet<FaultKind> = new Set(["late-alarms"]);
/** What needs no undoing, and is told as over at once, if at all. */
const MOMENTARY: ReadonlySet<FaultKind> = new Set(["network-switch", "wall-step", "vanish"]);
/** What was set while alarms rang late still rings late, by up to so much. */
export const LATE_MS_MAX = 10_000;
const FORGET_AFTER_MS = 600_000;

export class GroundTruth {
  readonly flows: Map<number, FlowTruth> = new Map();
  readonly faults: Map<number, FaultSpan> = new Map();
  /** The latest flow that each host dialled. */
  readonly dialled: Map<string, FlowTruth> = new Map();
  healedAtMs: number | undefined;
  nowMs = 0;
  readonly #faultsOf: Map<string, FaultSpan[]> = new Map();
  #last: SimEvent | undefined;
  #sweptAtMs = 0;

  /** To be offered every event, by as many as like to; it is taken once. */
  take(event: SimEvent): void {
    if (event === this.#last) return;
    this.#last = event;
    this.nowMs = event.atMs;
    switch (event.what) {
      case "fault":
        return this.#onFault(event);
      case "fault-over":
        return this.#onFaultOver(event);
      case "healed":
        this.healedAtMs = event.atMs;
        return;
      case "flow-lost":
        this.#flow(event.flow).lostAtMs ??= event.atMs;
        return;
      case "flow-open":
      case "arrived":
      case "read":
      case "handed":
      case "wrote":
      case "acked":
      case "late-bytes":
      case "flow-closed":
        return this.#onKernel(event);
      case "phase":
      case "verdict":
      case "end":
        return this.#onMachine(event);
      default:
        return;
    }
  }

  end(of: EndOfFlow): EndTruth | undefined {
    return this.flows.get(of.flow)?.end(of.side);
  }

  peer(of: EndOfFlow): EndTruth | undefined {
    return this.flows.get(of.flow)?.peerOf(of.side);
  }

  /** The faults of these kinds that touched this host at any time between the two. */
  touching(
    host: string,
    kinds: ReadonlySet<FaultKind>,
    fromMs: number,
    untilMs: number,
  ): FaultSpan[] {
    const faults = this.#faultsOf.get(host) ?? [];
    return faults.filter(
      (fault) =>
        kinds.has(fault.kind) &&
        fault.fromMs <= untilMs &&
        (fault.untilMs === undefined || fault.untilMs >= fromMs),
    );
  }

  /**
   * When the process of this host last did not run, or ran late, after `fromMs`; undefined if it
   * did all along. Now, if that still lasts.
   */
  troubleEndMs(host: string, fromMs: number): number | undefined {
    let latest: number | undefined;
    for (const fault of this.touching(host, OWN_TROUBLE, fromMs - LATE_MS_MAX, this.nowMs)) {
      const overMs = fault.untilMs ?? this.nowMs;
      const endMs = Math.min(
        this.nowMs,
        overMs + (this.#leavesLateness(host, fault) ? LATE_MS_MAX : 0),
      );
      if (endMs >= fromMs) latest = Math.max(latest ?? 0, endMs);
    }
    return latest;
  }

  /** What is left of an alarm's lateness outlasts a sleep in which the clock of alarms stood. */
  #leavesLateness(host: string, { kind, fromMs, untilMs }: FaultSpan): boolean {
    if (kind === "late-alarms") return true;
    if (kind !== "suspend") return false;
    return this.touching(host, LATE, fromMs - LATE_MS_MAX, untilMs ?? this.nowMs).length > 0;
  }

  /** Forgets what is long over, so that a day of a thousand clients fits into memory. */
  sweep(nowMs: number): void {
    this.nowMs = Math.max(this.nowMs, nowMs);
    if (nowMs - this.#sweptAtMs < FORGET_AFTER_MS) return;
    this.#sweptAtMs = nowMs;
    for (const [id, { client, server }] of this.flows) {
      const isOver = [client, server].every(
        (end) => end === undefined || (end.closedAtMs ?? nowMs) < nowMs - FORGET_AFTER_MS,
      );
      if (isOver) this.flows.delete(id);
    }
  }

  #flow(id: number): FlowTruth {
    let flow = this.flows.get(id);
    if (flow === undefined) {
      flow = new FlowTruth(id);
      this.flows.set(id, flow);
    }
    return flow;
  }

  #endOf(of: EndOfFlow, atMs: number): EndTruth {
    const flow = this.#flow(of.flow);
    const known = flow.end(of.side);
    if (known !== undefined) return known;
    const end = new EndTruth(of, atMs);
    if (of.side === "client") {
      flow.client = end;
      this.dialled.set(of.host, flow);
    } else flow.server = end;
    return end;
  }

  #onFault({ id, kind, hosts, atMs }: SimEvent & { what: "fault" }): void {
    const untilMs = MOMENTARY.has(kind) ? atMs : undefined;
    const fault: FaultSpan = { id, kind, hosts, fromMs: atMs, untilMs };
    this.faults.set(id, fault);
    for (const host of hosts) {
      const list = this.#faultsOf.get(host);
      if (list === undefined) this.#faultsOf.set(host, [fault]);
      else list.push(fault);
    }
  }

  #onFaultOver({ id, atMs }: SimEvent & { what: "fault-over" }): void {
    const fault = this.faults.get(id);
    if (fault !== undefined) fault.untilMs ??= atMs;
  }

  #onKernel(event: Extract<SimEvent, { what: KernelWord }>): void {
    const { atMs } = event;
    const end = this.#endOf(event, atMs);
    switch (event.what) {
      case "flow-open":
        return;
      case "arrived":
        return end.onArrived(event.bytes, atMs);
      case "read":
        return end.onRead(event.bytes, atMs, this.peer(event));
      case "handed":
        return end.onHanded(atMs, this.peer(event));
      case "wrote":
        end.onWrote(event.bytes, event.taken, atMs);
        return this.#rememberWords(event.flow, end.saidNow);
      case "acked":
        return end.onAcked(event.unackedBytes, atMs);
      case "late-bytes":
        this.#flow(event.flow).lateBytesAtMs = atMs;
        return;
      case "flow-closed":
        end.closedAtMs ??= atMs;
        end.closedHow ??= event.how;
        return;
      default:
        event satisfies never;
    }
  }

  #onMachine(event: Extract<SimEvent, { what: "phase" | "verdict" | "end" }>): void {
    const end = this.#endOf(event, event.atMs);
    end.isMachine = true;
    if (event.what === "phase" && event.to !== "ended") {
      end.phase = event.to;
      end.phaseAtMs = event.atMs;
      end.heardBeforePhaseMs = end.heardAtMs;
    }
    if (event.what === "end") {
      end.record ??= event.record;
      end.endedAtMs ??= event.atMs;
    }
  }

  #rememberWords(id: number, said: readonly Said[]): void {
    for (const one of said) {
      if (one.said === "goaway") this.#flow(id).goAway = one;
      if (one.said === "welcome") this.#flow(id).reconnectWindowMs = one.reconnectWindowMs;
    }
  }
}

type KernelWord =
  | "flow-open"
  | "arrived"
  | "read"
  | "handed"
  | "wrote"
  | "acked"
  | "late-bytes"
  | "flow-closed";

const TRUTHS: WeakMap<WorldView, GroundTruth> = new WeakMap();

/** The one truth of the run to which this view belongs. */
export function truthOf(view: WorldView): GroundTruth {
  let truth = TRUTHS.get(view);
  if (truth === undefined) {
    truth = new GroundTruth();
    TRUTHS.set(view, truth);
  }
  return truth;
}
