/**
 * Cuts a plan that breaks a promise down to what breaks it.
 *
 * Delta debugging (Zeller and Hildebrandt, 2002): leave out large parts first, then smaller ones,
 * and keep whatever still makes the same checker complain. First events, then clients, then events
 * again, since fewer people need fewer of them. The world of what is left is the same otherwise, as
 * its chance comes from named streams; so a fault that is left out shifts nothing but what it did.
 */
import type { Plan } from "./plan.ts";
import type { Finding } from "./world-view.ts";

export type RunPlan = (plan: Plan) => Promise<readonly Finding[]>;

export interface ShrinkOptions {
  /** The promise whose breach is to be kept. */
  readonly checker: string;
  /** How often the world may be run. */
  readonly runsMax: number;
  readonly onSmaller?: ((plan: Plan) => void) | undefined;
  /** Asked before each run: true ends it with the smallest plan so far. */
  readonly mayStop?: (() => boolean) | undefined;
}

export interface Shrunk {
  readonly plan: Plan;
  /** What that checker says of the smallest plan; of the given one, if nothing could be cut. */
  readonly finding: Finding | undefined;
  readonly runs: number;
  /** False when it was stopped, or out of runs, before everything had been tried. */
  readonly isSmallest: boolean;
}

/** Nothing is cut from a plan that breaks nothing. */
export async function shrinkPlan(
  plan: Plan,
  run: RunPlan,
  options: ShrinkOptions,
): Promise<Shrunk> {
  const shrinker = new Shrinker(plan, run, options);
  if (await shrinker.fails(plan)) {
    await shrinker.cut("events");
    await shrinker.cut("clients");
    await shrinker.cut("events");
    await shrinker.shorten();
  }
  const { plan: smallest, finding, runs, wasStopped } = shrinker;
  return { plan: smallest, finding, runs, isSmallest: !wasStopped };
}

type Part = "events" | "clients";

class Shrinker {
  plan: Plan;
  finding: Finding | undefined;
  runs = 0;
  wasStopped = false;
  readonly #run: RunPlan;
  readonly #options: ShrinkOptions;

  constructor(plan: Plan, run: RunPlan, options: ShrinkOptions) {
    this.plan = plan;
    this.#run = run;
    this.#options = options;
  }

  async fails(plan: Plan): Promise<boolean> {
    const { checker, runsMax, onSmaller, mayStop } = this.#options;
    if (this.runs >= runsMax || mayStop?.() === true) this.wasStopped = true;
    if (this.wasStopped) return false;
    this.runs += 1;
    const findings = await this.#run(plan);
    const finding = findings.find((one) => one.checker === checker);
    if (finding === undefined) return false;
    this.plan = plan;
    this.finding = finding;
    onSmaller?.(plan);
    return true;
  }

  /** Until not even one of them can be left out. */
  async cut(part: Part): Promise<void> {
    for (let size = Math.ceil(this.plan[part].length / 2); size >= 1 && !this.wasStopped; ) {
      const wasCut = await this.#cutPieces(part, size);
      if (size === 1 && !wasCut) return;
      size = size === 1 ? 1 : Math.ceil(size / 2);
    }
  }

  /** What comes after the breach need not be lived through. */
  async shorten(): Promise<void> {
    const { events, faultsMs } = this.plan;
    const overMs = Math.max(0, ...events.map(({ atMs, durationMs }) => atMs + durationMs));
    const neededMs = Math.ceil(overMs + MARGIN_MS);
    if (neededMs < faultsMs) await this.fails({ ...this.plan, faultsMs: neededMs });
  }

  async #cutPieces(part: Part, size: number): Promise<boolean> {
    let wasCut = false;
    for (let from = 0; from < this.plan[part].length && !this.wasStopped; ) {
      if (await this.fails(without(this.plan, part, from, from + size))) wasCut = true;
      else from += size;
    }
    return wasCut;
  }
}

const MARGIN_MS = 60_000;

function without(plan: Plan, part: Part, from: number, to: number): Plan {
  const isKept = (_: unknown, index: number): boolean => index < from || index >= to;
  if (part === "events") return { ...plan, events: plan.events.filter(isKept) };
  const clients = plan.clients.filter(isKept);
  const gone = new Set(plan.clients.map(({ host }) => host));
  for (const { host } of clients) gone.delete(host);
  const events = plan.events
    .map((event) => ({ ...event, hosts: event.hosts.filter((host) => !gone.has(host)) }))
    .filter((event, index) => event.hosts.length > 0 || plan.events[index]?.hosts.length === 0);
  return { ...plan, clients, events };
}
