/**
 * Runs a plan from its beginning to an empty world, and judges it all the way.
 *
 * First the faults come and go; then the world heals and is left alone for as long as anybody may
 * need to come back; then everything is closed in good order. What is easy to break: the order of
 * promises. They settle between events only, a fixed number of turns each time, so that the same
 * seed gives the same trace.
 */
import { Coverage, type CoverageCounts } from "./coverage.ts";
import { Streams } from "./draw.ts";
import type { Plan, PlanWishes } from "./plan.ts";
import { draftPlan } from "./plan-draft.ts";
import { type RunFigures, RunStatistics } from "./run-statistics.ts";
import type { SimEvent } from "./sim-event.ts";
import { TraceHash } from "./trace-hash.ts";
import { World } from "./world.ts";
import type { Checker, Finding, LinkView, MakeChecker } from "./world-view.ts";

export interface RunOptions {
  readonly checkers: readonly MakeChecker[];
  /** Called with the simulated time so far, whenever the run takes breath; the run waits for it. */
  readonly breathe?: ((progress: RunProgress) => Promise<void>) | undefined;
  /** Asked whenever the run takes breath: true ends it with what is known. */
  readonly mayStop?: (() => boolean) | undefined;
  readonly onEvent?: ((event: SimEvent) => void) | undefined;
}

export interface RunProgress {
  readonly nowMs: number;
  readonly faultsMs: number;
  readonly links: readonly LinkView[];
  readonly findings: number;
}

export interface RunReport {
  readonly seed: number;
  readonly clients: number;
  readonly findings: readonly Finding[];
  readonly coverage: CoverageCounts;
  readonly figures: RunFigures;
  /** The same for the same plan, always. */
  readonly hash: string;
  readonly simulatedMs: number;
  /** How often something happened in the world. */
  readonly steps: number;
  /** False when it was stopped before its end. */
  readonly isComplete: boolean;
}

/** Checkers look at the world so often; at a large one as seldom as they allow. */
const LOOK_MS = 2_000;
const LOOK_MS_MAX = 5_000;
const LARGE_FROM = 200;
/** One kind of broken promise in such a run breaks a thousand times. */
const FINDINGS_MAX = 200;
/** Beyond the longest wait, one attempt and one detection: for what is unlucky twice. */
const CALM_MS_MORE = 45_000;
/** Longer than every close takes: what is still there then has been forgotten. */
const CLOSE_MS = 90_000;
/** A world that does so much without time passing does not end. */
const STEPS_AT_ONCE_MAX = 1_000_000;

export async function runSeed(
  seed: number,
  wishes: PlanWishes,
  options: RunOptions,
): Promise<RunReport> {
  return await simulate(draftPlan(seed, wishes), options);
}

export async function simulate(plan: Plan, options: RunOptions): Promise<RunReport> {
  const run = new Run(plan, options);
  await run.all();
  return run.report;
}

class Run {
  readonly #plan: Plan;
  readonly #options: RunOptions;
  readonly #world: World;
  readonly #checkers: readonly Checker[];
  readonly #findings: Finding[] = [];
  readonly #coverage = new Coverage();
  readonly #hash = new TraceHash();
  readonly #statistics: RunStatistics;
  #isStopped = false;

  constructor(plan: Plan, options: RunOptions) {
    this.#plan = plan;
    this.#options = options;
    const draw = new Streams(plan.seed).stream("samples");
    this.#statistics = new RunStatistics(draw, plan.faultsMs + this.#calmMs);
    this.#world = new World(plan, {
      onEvent: (event) => this.#onEvent(event),
      onPing: (side) => {
        this.#statistics.pingsSent[side] += 1;
      },
      onBeat: (side) => {
        this.#statistics.beatsAnswered[side] += 1;
      },
    });
    this.#checkers = options.checkers.map((make) => this.#checkerOf(make));
  }

  get report(): RunReport {
    const { timeline } = this.#world;
    return {
      seed: this.#plan.seed,
      clients: this.#plan.clients.length,
      findings: this.#findings,
      coverage: this.#coverage.counts,
      figures: this.#statistics.figures,
      hash: this.#hash.text,
      simulatedMs: timeline.nowMs,
      steps: timeline.ranCount,
      isComplete: !this.#isStopped,
    };
  }

  async all(): Promise<void> {
    const world = this.#world;
    const { faultsMs } = this.#plan;
    world.begin();
    await this.#passUntil(faultsMs);
    world.faults.heal();
    world.turns.ask();
    for (let waited = 0; !world.faults.areOver && waited < CLOSE_MS; waited += LOOK_MS) {
      await this.#passUntil(world.nowMs + LOOK_MS);
    }
    this.#onEvent({ what: "healed", atMs: world.nowMs });
    await this.#passUntil(world.nowMs + this.#calmMs);
    world.hush();
    world.closeClients();
    await this.#passUntil(world.nowMs + CLOSE_MS / 3);
    world.closeServers();
    await this.#passUntil(world.nowMs + (CLOSE_MS * 2) / 3);
    if (this.#isStopped) return;
    for (const checker of this.#checkers) checker.onOver(world);
  }

  /** Until everybody can be back: the longest wait, one attempt, one detection, and some. */
  get #calmMs(): number {
    let longestMs = 0;
    for (const client of this.#plan.clients) {
      if (client.kind === "plain") continue;
      const { redial, heartbeat, deadWithinMs } = client.options;
      const adaptive = heartbeat?.adaptive || undefined;
      const intervalMs = adaptive?.intervalMsMax ?? heartbeat?.intervalMs ?? 30_000;
      const boundMs = typeof deadWithinMs === "number" ? deadWithinMs : intervalMs + 15_000;
      const ms = (redial?.capMs ?? 60_000) + (redial?.attemptTimeoutMs ?? 10_000) + boundMs;
      longestMs = Math.max(longestMs, ms);
    }
    return longestMs + CALM_MS_MORE;
  }

  #checkerOf(make: MakeChecker): Checker {
    const checker: Checker = make(this.#world, (finding) => {
      if (this.#findings.length >= FINDINGS_MAX) return;
      this.#findings.push({ checker: checker.name, ...finding });
    });
    return checker;
  }

  #onEvent(event: SimEvent): void {
    this.#hash.add(event);
    this.#coverage.onEvent(event);
    this.#statistics.onEvent(event);
    this.#options.onEvent?.(event);
    for (const checker of this.#checkers) checker.onEvent(event);
  }

  async #passUntil(untilMs: number): Promise<void> {
    const { timeline, turns } = this.#world;
    const everyMs = this.#plan.clients.length < LARGE_FROM ? LOOK_MS : LOOK_MS_MAX;
    let lookAtMs = timeline.nowMs + everyMs;
    let stepsAtOnce = 0;
    while (!this.#isStopped) {
      if (turns.areNeeded) await turns.settle();
      const nextAtMs = Math.min(timeline.nextAtMs ?? untilMs, untilMs);
      stepsAtOnce = nextAtMs > timeline.nowMs ? 0 : stepsAtOnce + 1;
      if (stepsAtOnce > STEPS_AT_ONCE_MAX) throw new Error("the world goes round in circles");
      if (nextAtMs >= lookAtMs) {
        timeline.runUntil(lookAtMs - 1);
        await this.#look();
        lookAtMs += everyMs;
        continue;
      }
      if (nextAtMs >= untilMs) break;
      this.#runNext();
    }
    if (!this.#isStopped) timeline.runUntil(untilMs - 1);
  }

  #runNext(): void {
    try {
      this.#world.timeline.runNext();
    } catch (error) {
      this.#world.report("", error);
    }
  }

  async #look(): Promise<void> {
    for (const checker of this.#checkers) checker.onLook(this.#world);
    const { breathe, mayStop } = this.#options;
    if (mayStop?.() === true) this.#isStopped = true;
    if (breathe === undefined) return;
    const { nowMs, links } = this.#world;
    const { faultsMs } = this.#plan;
    await breathe({ nowMs, faultsMs, links, findings: this.#findings.length });
  }
}
