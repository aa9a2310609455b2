/**
 * One run of a probe: the control first, then all idle times side by side, until the answer is
 * certain.
 *
 * Whatever happens, `run` resolves once, and no connection and no timer is left behind.
 */
import type { HoldfastError } from "../../base/errors.ts";
import { type Cancel, type Clock, elapsedMs, type Instant, later } from "../../base/time.ts";
import { RttEstimator } from "../../liveness/rtt-estimator.ts";
import { NO_KERNEL_CONFIG } from "../../transports/no-kernel-options.ts";
import type { KernelConfig, Open } from "../../transports/transport.ts";
import type { Welcome } from "../../wire/frame.ts";
import { type Bracket, bracketOf, isSettled } from "./bracket.ts";
import type { ObserveProbe } from "./events.ts";
import { type IdlePlan, planIdleTimes } from "./idle-plan.ts";
import { IdleTrial, type IdleTrialConfig } from "./idle-trial.ts";
import type { ProbeConfig } from "./options.ts";
import { PathControl } from "./path-control.ts";
import type { ProbeConnectionConfig } from "./probe-connection.ts";
import { type ProbeReport, reportOf } from "./report.ts";
import type { Sample } from "./sample.ts";

export interface ProbeTarget {
  readonly label: string;
  readonly otherLabel: string;
  readonly speaks: "frame" | "line" | "none";
}

export interface ProbeRunSurroundings {
  readonly clock: Clock;
  /** `ip`: the address of the first connection, since a name may have several, with paths each. */
  readonly open: (kernel: KernelConfig, ip: string | undefined) => Open;
  readonly observe: ObserveProbe;
}

/** Opening 50 a second looks like no flood. */
const PACE_MS = 20;
/** Where nothing is asked, ages have to differ, so that a restart can be told from a timeout. */
const MUTE_PACE_MS = 1_000;
const MUTE_COUNT = 5;
const KEPT_COUNT = 3;
const CONTROL_COUNT = 1;
const READY_MS_MIN = 10_000;
/** For how long a silent death is watched before it is called one without a reset. */
const WATCH_MS = 15_000;
const BEAT_MS = 2_000;
const REDIAL_MS = 2_000;
/** Kept ones are asked when they are older than the death of the others by so much. */
const BEYOND_RATIO = 1.1;
const BEYOND_MS = 2_000;
const KEEPALIVE_MS_MAX = 10_000;
const SECOND_MS = 1_000;

export class ProbeRun {
  readonly #config: ProbeConfig;
  readonly #target: ProbeTarget;
  readonly #around: ProbeRunSurroundings;
  readonly #beganAt: Instant;
  readonly #rtt = new RttEstimator();
  readonly #rttsMs: number[] = [];
  readonly #plain = new Map<IdleTrial, Sample | undefined>();
  readonly #kept = new Map<IdleTrial, Sample | undefined>();
  readonly #refusals = new Map<string, number>();
  readonly #report: Promise<ProbeReport>;
  #resolve: (report: ProbeReport) => void = () => {};
  #reject: (error: HoldfastError) => void = () => {};
  #control: PathControl | undefined;
  #remoteIp: string | undefined;
  #welcome: Welcome | undefined;
  #plan: IdlePlan = { idleTimesMs: [], isFine: true };
  #answerWithinMs: number;
  #waiting: IdleTrialConfig[] = [];
  #cancelOpening: Cancel = () => {};
  #lastId = 0;
  #openedCount = 0;
  /** The bracket that was told last. */
  #told: Bracket | undefined;
  #isSettled = false;
  #isOver = false;

  constructor(config: ProbeConfig, target: ProbeTarget, around: ProbeRunSurroundings) {
    this.#config = config;
    this.#target = target;
    this.#around = around;
    this.#beganAt = around.clock.now();
    this.#answerWithinMs = this.#rtt.answerWithinMs(config.answerWithinMs);
    this.#report = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Rejects with a HoldfastError when the server cannot be talked to at all. */
  run(): Promise<ProbeReport> {
    this.#control = new PathControl(
      {
        connection: this.#connectionConfig(NO_KERNEL_CONFIG),
        beatMs: BEAT_MS,
        answerWithinMs: this.#answerWithinMs,
        redialMs: REDIAL_MS,
      },
      this.#around.clock,
      {
        onReady: (welcome, remoteIp) => {
          this.#remoteIp = remoteIp;
          this.#handleReady(welcome);
        },
        onFailed: (error) => this.#fail(error),
        onRtt: (rttMs) => this.#takeRtt(rttMs),
        onOutage: (isOver) => this.#around.observe({ event: "outage", isOver }),
      },
    );
    return this.#report;
  }

  /** Ends it now; the report holds what is known. */
  stop(): void {
    this.#finish(false);
  }

  /** Whether a death by silence can be seen at all. */
  get #canAsk(): boolean {
    return this.#target.speaks !== "none" || this.#config.send !== undefined;
  }

  get #longestMs(): number {
    return this.#plan.idleTimesMs.at(-1) ?? 0;
  }

  #connectionConfig(kernel: KernelConfig): ProbeConnectionConfig {
    const { token, send, maxMs } = this.#config;
    const { label, otherLabel, speaks } = this.#target;
    return {
      open: (handlers) => this.#around.open(kernel, this.#remoteIp)(handlers),
      speaks,
      send,
      token,
      announceMs: maxMs,
      readyWithinMs: Math.max(READY_MS_MIN, this.#answerWithinMs),
      label,
      otherLabel,
    };
  }

  #takeRtt(rttMs: number): void {
    this.#rtt.sample(rttMs);
    this.#rttsMs.push(Math.round(rttMs * 100) / 100);
  }

  #handleReady(welcome: Welcome | undefined): void {
    this.#welcome = welcome;
    this.#answerWithinMs = this.#rtt.answerWithinMs(this.#config.answerWithinMs);
    const { minMs, maxMs, connectionsMax } = this.#config;
    const longestMs = Math.min(maxMs, welcome?.leaseMsMax ?? maxMs);
    const shortestMs = Math.max(1, Math.min(minMs, Math.floor(longestMs / 2)));
    const countMax = connectionsMax - KEPT_COUNT - CONTROL_COUNT;
    this.#plan = this.#canAsk
      ? planIdleTimes(shortestMs, longestMs, countMax)
      : { idleTimesMs: Array.from({ length: MUTE_COUNT }, () => longestMs), isFine: true };
    const { idleTimesMs } = this.#plan;
    this.#around.observe({
      event: "plan",
      idleTimesMs,
      answerWithinMs: this.#answerWithinMs,
      serverLeaseMsMax: welcome?.leaseMsMax,
    });
    const kept = Array.from({ length: KEPT_COUNT }, () => this.#keptConfig(shortestMs, longestMs));
    const plain = idleTimesMs.map((idleMs) => this.#plainConfig(idleMs));
    this.#waiting = [...kept, ...plain];
    this.#openNext();
  }

  #plainConfig(idleMs: number): IdleTrialConfig {
    return this.#trialConfig("plain", idleMs, NO_KERNEL_CONFIG);
  }

  /** Probes of the kernel come twice within the shortest silence that is tried. */
  #keptConfig(shortestMs: number, longestMs: number): IdleTrialConfig {
    const wantedMs = Math.floor(shortestMs / 2 / SECOND_MS) * SECOND_MS;
    const idleMs = Math.min(KEEPALIVE_MS_MAX, Math.max(SECOND_MS, wantedMs));
    const keepalive = { idleMs, intervalMs: SECOND_MS, count: 10 };
    return this.#trialConfig("keepalive", longestMs, { ...NO_KERNEL_CONFIG, keepalive });
  }

  #trialConfig(group: Sample["group"], idleMs: number, kernel: KernelConfig): IdleTrialConfig {
    this.#lastId += 1;
    return {
      id: this.#lastId,
      connection: this.#connectionConfig(kernel),
      group,
      idleMs,
      answerWithinMs: this.#answerWithinMs,
      watchMs: Math.max(WATCH_MS, this.#answerWithinMs),
      isMute: !this.#canAsk,
      beganAt: this.#beganAt,
    };
  }

  #openNext(): void {
    const config = this.#waiting.shift();
    if (config === undefined || this.#control === undefined) return this.#review();
    const { clock, observe } = this.#around;
    const group = config.group === "plain" ? this.#plain : this.#kept;
    const trial = new IdleTrial(config, this.#control, clock, {
      onSample: (of, sample) => {
        group.set(of, sample);
        observe({ event: "sample", sample });
        this.#review();
      },
      onRtt: (rttMs) => this.#takeRtt(rttMs),
      onOpened: () => {
        this.#openedCount += 1;
        const of = this.#plain.size + this.#kept.size + this.#waiting.length;
        observe({ event: "opened", count: this.#openedCount, of });
      },
      onFailed: (_, error) => {
        this.#refusals.set(error.message, (this.#refusals.get(error.message) ?? 0) + 1);
      },
      onOver: () => this.#review(),
    });
    group.set(trial, undefined);
    const paceMs = this.#canAsk ? PACE_MS : MUTE_PACE_MS;
    const at = later(clock.now(), paceMs);
    this.#cancelOpening = clock.wakeAt(at, () => this.#openNext());
  }

  /** After everything that happened: is the answer known, and is there anything to wait for? */
  #review(): void {
    if (this.#isOver) return;
    const bracket = bracketOf(samplesOf(this.#plain));
    this.#tellBracket(bracket);
    if (!this.#isSettled && this.#isAnswered(bracket)) this.#settle(bracket);
    if (this.#isSettled && isEveryOver(this.#plain) && isEveryOver(this.#kept)) this.#finish(true);
  }

  #tellBracket(bracket: Bracket): void {
    const { survivedMs, diedMs, confidence } = bracket;
    const was = this.#told;
    const isOld =
      was?.survivedMs === survivedMs && was?.diedMs === diedMs && was?.confidence === confidence;
    if (isOld || (survivedMs === undefined && diedMs === undefined)) return;
    this.#told = bracket;
    this.#around.observe({ event: "bracket", bracket });
  }

  #isAnswered(bracket: Bracket): boolean {
    if (this.#waiting.length === 0 && isEveryOver(this.#plain)) return true;
    // Idle times are asked in ascending order, so all shorter ones have been asked by now.
    return isSettled(bracket);
  }

  /** Longer silences teach nothing more: what is left is the question about keepalive. */
  #settle({ diedMs }: Bracket): void {
    this.#isSettled = true;
    this.#waiting = [];
    this.#cancelOpening();
    for (const [trial, sample] of this.#plain) {
      if (!trial.wasAsked && sample === undefined) trial.end();
    }
    for (const trial of this.#kept.keys()) {
      if (diedMs === undefined) trial.end();
      else trial.askAfter(this.#beyond(diedMs));
    }
  }

  /** An age at which the others are surely dead; the server's lease is the limit. */
  #beyond(diedMs: number): number {
    const wantedMs = Math.max(diedMs * BEYOND_RATIO, diedMs + BEYOND_MS);
    return Math.min(wantedMs, Math.max(diedMs, this.#longestMs));
  }

  #finish(isComplete: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelOpening();
    const kernel = [...this.#kept.keys()].find(({ kernel: one }) => one !== undefined)?.kernel;
    for (const trial of [...this.#plain.keys(), ...this.#kept.keys()]) trial.end();
    this.#control?.end();
    const tookMs = Math.round(elapsedMs(this.#beganAt, this.#around.clock.now()));
    this.#resolve(
      reportOf({
        url: this.#target.label,
        address: this.#remoteIp,
        speaks: this.#target.speaks,
        canAsk: this.#canAsk,
        isComplete,
        tookMs,
        wantedMsMax: this.#config.maxMs,
        triedMsMax: this.#longestMs,
        isFine: this.#plan.isFine,
        plain: samplesOf(this.#plain),
        kept: samplesOf(this.#kept),
        kernel,
        rttsMs: this.#rttsMs,
        answerWithinMs: this.#answerWithinMs,
        serverLeaseMsMax: this.#welcome?.leaseMsMax,
        refusals: this.#refusals,
      }),
    );
  }

  #fail(error: HoldfastError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#control?.end();
    this.#reject(error);
  }
}

function samplesOf(trials: ReadonlyMap<IdleTrial, Sample | undefined>): Sample[] {
  return [...trials.values()].filter((sample) => sample !== undefined);
}

function isEveryOver(trials: ReadonlyMap<IdleTrial, unknown>): boolean {
  return [...trials.keys()].every(({ isToldOver }) => isToldOver);
}
