/**
 * The interval of a link's heartbeat where it may adapt: longer when the path proves patient,
 * shorter when it is unsettled, and remembered per network.
 *
 * One per link, outliving its connections. The heartbeat of the present connection tells of pings
 * and answers, the keeper of the link of ends and comebacks. `IntervalSearch` knows the path,
 * `Unrest` the weather, `judgeFailure` what an end means; here they meet.
 *
 * Easy to break: the peer holds us to what was announced. A longer gap may begin only after a ping
 * announced it, so a ping tells what holds once it is answered, before anybody knows whether it is.
 */
import type { Random } from "../../base/random.ts";
import { elapsedMs, type Instant, later } from "../../base/time.ts";
import {
  type Comeback,
  type ConnectionEnd,
  type FailureClass,
  judgeFailure,
} from "./failure-class.ts";
import { IntervalSearch } from "./interval-search.ts";
import { NETWORK_MEMORY_VERSION, type NetworkMemory } from "./network-memory.ts";
import { Unrest } from "./unrest.ts";

export type { Comeback, ConnectionEnd, FailureClass } from "./failure-class.ts";

export interface AdaptiveConfig {
  readonly intervalMsMin: number;
  readonly intervalMsMax: number;
}

/** Ties the monotonic clock to the wall, for what is remembered beyond this process. */
interface ClockTie {
  readonly wallMs: number;
  readonly at: Instant;
}

/** A wall clock further off than this was set: what is remembered moves with it. */
const WALL_STEP_MS = 60_000;
/** Ends that tell of neither us nor the server: many of them make a network unsettled. */
const SETTLED_CLASSES: readonly FailureClass[] = ["own-stall", "server", "network-changed"];
/** Ends that show how often the network fails although the path had kept the flow. */
const OUTAGE_CLASSES: readonly FailureClass[] = ["network-down", "answer-lost"];

export class AdaptiveInterval {
  readonly #config: AdaptiveConfig;
  readonly #search: IntervalSearch;
  #unrest = new Unrest();
  #minMs: number;
  #maxMs: number;
  #intervalMs: number;
  /** The idle time before the ping that is unanswered. */
  #pingIdleMs: number | undefined;
  #end: ConnectionEnd | undefined;
  #memory: NetworkMemory;
  #tie: ClockTie | undefined;
  /** The wall time of an entry until a call that knows the monotonic clock ties the two. */
  #enteredWallMs: number | undefined;
  /** When a remembered break is to be looked at again, until the clocks are tied. */
  #restoredWallMs: number | undefined;

  /** `random` spreads the second looks of many links that broke together. */
  constructor(config: AdaptiveConfig, random: Random) {
    this.#config = config;
    this.#minMs = config.intervalMsMin;
    this.#maxMs = config.intervalMsMax;
    this.#search = new IntervalSearch(this.#minMs, this.#maxMs, random);
    this.#intervalMs = this.#minMs;
    this.#memory = { version: NETWORK_MEMORY_VERSION, survivedMs: this.#minMs, broken: undefined };
  }

  /** What holds now: what the last ping announced, or what a connection begins with. */
  get intervalMs(): number {
    return this.#intervalMs;
  }

  /** What to remember of the present network; a new object whenever it changed. */
  get memory(): NetworkMemory {
    const { survivedMs } = this.#search;
    const broken = this.#rememberedBreak();
    const old = this.#memory;
    const isSame =
      old.survivedMs === survivedMs &&
      old.broken?.gapMs === broken?.gapMs &&
      old.broken?.recheckAtWallMs === broken?.recheckAtWallMs;
    if (!isSame) this.#memory = { version: NETWORK_MEMORY_VERSION, survivedMs, broken };
    return this.#memory;
  }

  /** The server's limits, or half of the timeout for a line peer. They win over the config. */
  limit(intervalMsMin: number, intervalMsMax: number): void {
    const within = (ms: number): number => Math.max(intervalMsMin, Math.min(intervalMsMax, ms));
    this.#minMs = within(this.#config.intervalMsMin);
    this.#maxMs = within(this.#config.intervalMsMax);
    this.#search.limit(this.#minMs, this.#maxMs);
    this.#intervalMs = this.#within(this.#intervalMs);
  }

  /** A network was entered. What is handed in as it was taken from `memory` changes nothing. */
  enter(memory: NetworkMemory | undefined, wallNowMs: number): void {
    if (memory !== undefined && memory === this.#memory) return;
    this.#enteredWallMs = wallNowMs;
    this.#end = undefined;
    this.#unrest = new Unrest();
    const broken = memory?.broken;
    // Until the clocks are tied nobody can say when; a second look is never due before that.
    const recheckAt = Infinity as Instant;
    this.#search.restore(
      memory?.survivedMs ?? this.#minMs,
      broken && { gapMs: broken.gapMs, delayMs: broken.delayMs, recheckAt },
    );
    this.#tie = undefined;
    this.#restoredWallMs = broken?.recheckAtWallMs;
    // What the peer was promised holds until a ping says otherwise; shorter is always allowed.
    this.#intervalMs = Math.min(this.#intervalMs, this.#steadyMs());
  }

  /** A ping goes out after `idleMs` of silence. Returns the interval that it announces. */
  pinged(idleMs: number, now: Instant): number {
    this.#tieClocks(now);
    this.#pingIdleMs = idleMs;
    const { share } = this.#unrest;
    const intervalMs =
      share < 1 ? share * this.#search.steadyMs() : this.#search.nextMs(idleMs, now);
    this.#intervalMs = this.#within(Math.floor(intervalMs));
    return this.#intervalMs;
  }

  /** The answer came: the path survived the idle time of that ping. */
  answered(rttMs: number, isOurLateness: boolean, now: Instant): void {
    const idleMs = this.#pingIdleMs;
    this.#pingIdleMs = undefined;
    // Bytes may have waited for us unread: neither the silence nor the round trip is known.
    if (isOurLateness) return;
    this.#unrest.answered(rttMs);
    if (idleMs !== undefined) this.survived(idleMs, now);
  }

  /** Other traffic proved that a gap survived. */
  survived(idleMs: number, now: Instant): void {
    this.#tieClocks(now);
    this.#search.survived(idleMs);
  }

  /** The connection ended. What that means is known once the next one stands. */
  ended(end: ConnectionEnd, now: Instant): void {
    this.#tieClocks(now);
    this.#pingIdleMs = undefined;
    this.#end = end;
    this.#intervalMs = this.#steadyMs();
  }

  /** Online again. Returns what the end was taken for. */
  returned(back: Comeback, now: Instant, wallNowMs: number): FailureClass | undefined {
    this.#enteredWallMs ??= this.#isWallMoved(now, wallNowMs) ? wallNowMs : undefined;
    this.#tieClocks(now);
    const end = this.#end;
    if (end === undefined) return undefined;
    this.#end = undefined;
    const judgement = judgeFailure(end, back);
    if (!SETTLED_CLASSES.includes(judgement.class)) this.#unrest.dropped(now);
    const { broken } = judgement;
    if (broken !== undefined) this.#search.broke(broken.gapMs, broken.strength, now);
    else if (OUTAGE_CLASSES.includes(judgement.class)) this.#search.failedOtherwise();
    this.#intervalMs = this.#steadyMs();
    return judgement.class;
  }

  /** What a connection begins with: proven, and short while the network is unsettled. */
  #steadyMs(): number {
    return this.#within(Math.floor(this.#unrest.share * this.#search.steadyMs()));
  }

  #within(ms: number): number {
    return Math.max(this.#minMs, Math.min(this.#maxMs, ms));
  }

  #isWallMoved(now: Instant, wallNowMs: number): boolean {
    const tie = this.#tie;
    return tie === undefined || Math.abs(wallAt(tie, now) - wallNowMs) > WALL_STEP_MS;
  }

  #tieClocks(now: Instant): void {
    if (this.#enteredWallMs === undefined) return;
    const tie = { wallMs: this.#enteredWallMs, at: now };
    this.#enteredWallMs = undefined;
    if (this.#restoredWallMs !== undefined) {
      // However the wall clock was set meanwhile: never later than the delay itself.
      const delayMs = this.#search.broken?.delayMs ?? 0;
      const leftMs = Math.min(delayMs, this.#restoredWallMs - tie.wallMs);
      this.#search.recheckAt(later(now, leftMs));
    }
    this.#restoredWallMs = undefined;
    this.#tie = tie;
  }

  #rememberedBreak(): NetworkMemory["broken"] {
    const { broken } = this.#search;
    if (broken === undefined) return undefined;
    const tie = this.#tie;
    const recheckAtWallMs =
      this.#restoredWallMs ?? Math.round(tie === undefined ? 0 : wallAt(tie, broken.recheckAt));
    return { gapMs: broken.gapMs, delayMs: broken.delayMs, recheckAtWallMs };
  }
}

function wallAt({ wallMs, at }: ClockTie, then: Instant): number {
  return wallMs + elapsedMs(at, then);
}
