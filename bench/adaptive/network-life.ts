/**
 * The life of one link on one network, beat by beat: what a real link would see, and what it
 * costs.
 *
 * The network keeps an idle flow for its timeout and up to a sweep longer (10 s, at most 5 %). A
 * flow that it forgot swallows the next ping, answers it with RST, or is cut with FIN or RST when
 * it expires. A small share of beats fails for other reasons. The policy is told only what a link
 * knows; whether the path was to blame is kept here, for the bill.
 *
 * Easy to break: the outcome of a beat may depend on chance and network alone. If the policy drew
 * from the same stream, two policies would not meet the same weather.
 */
import { type Random, uniform } from "../../src/base/random.ts";
import type { Instant } from "../../src/base/time.ts";
import type { Comeback, ConnectionEnd } from "../../src/liveness/adaptive/adaptive-interval.ts";
import { drawTrouble, type Trouble } from "./beat-trouble.ts";
import { type LinkPolicy, ROUND_TRIP_SLACK } from "./link-policy.ts";
import { redial, type Redialled } from "./redialled.ts";
import type { Network } from "./workloads.ts";

export interface LifePlan {
  readonly network: Network;
  readonly untilMs: number;
  /** The share of beats that fail although the path kept the flow. */
  readonly troubleShare: number;
  /** The timeout changes to this at that time. */
  readonly change?: { readonly atMs: number; readonly timeoutMs: number };
  /** Only what happens from here on is counted. */
  readonly countFromMs: number;
}

export interface Bill {
  readonly beats: number;
  /** Connections lost because the path forgot the flow: a patient enough policy avoids them. */
  readonly avoidableDrops: number;
  readonly otherDrops: number;
  readonly deadS: number;
  /** Beats, 5 for each reconnect, and a thirtieth of the seconds without a living flow. */
  readonly cost: number;
}

const RECONNECT_COST = 5;
const DEAD_S_PER_BEAT = 30;
const SWEEP_MS_MAX = 10_000;
const SWEEP_SHARE = 0.05;
/** Three probe timeouts are below five seconds on all of these paths, so five it is. */
const ANSWER_WITHIN_MS = 5_000;
/** Jitter as the schedule of beats draws it: downwards only. */
const JITTER_SHARE = 0.05;
const JITTER_MS_MAX = 5_000;
const WALL_MS_AT_START = 1_700_000_000_000;

/** What became of one beat. */
interface Ending {
  readonly end: ConnectionEnd;
  readonly endedMs: number;
  /** Since when nothing would have arrived. */
  readonly lostMs: number;
  readonly isAvoidable: boolean;
  readonly trouble: Trouble | undefined;
  readonly didPingArrive: boolean;
}

export function live(plan: LifePlan, policy: LinkPolicy, random: Random, weather: Random): Bill {
  const life = new Life(plan, policy, random, weather);
  while (life.beat());
  return life.bill();
}

export function sumOf(bills: readonly Bill[]): Bill {
  const sum = (of: (bill: Bill) => number): number => bills.reduce((all, one) => all + of(one), 0);
  return {
    beats: sum(({ beats }) => beats),
    avoidableDrops: sum(({ avoidableDrops }) => avoidableDrops),
    otherDrops: sum(({ otherDrops }) => otherDrops),
    deadS: sum(({ deadS }) => deadS),
    cost: sum(({ cost }) => cost),
  };
}

class Life {
  readonly #plan: LifePlan;
  readonly #policy: LinkPolicy;
  readonly #random: Random;
  readonly #weather: Random;
  #nowMs = 0;
  #seq = 0;
  #isFirst = true;
  #beats = 0;
  #avoidableDrops = 0;
  #otherDrops = 0;
  #deadMs = 0;

  constructor(plan: LifePlan, policy: LinkPolicy, random: Random, weather: Random) {
    this.#plan = plan;
    this.#policy = policy;
    this.#random = random;
    this.#weather = weather;
  }

  bill(): Bill {
    const deadS = this.#deadMs / 1_000;
    const drops = this.#avoidableDrops + this.#otherDrops;
    return {
      beats: this.#beats,
      avoidableDrops: this.#avoidableDrops,
      otherDrops: this.#otherDrops,
      deadS,
      cost: this.#beats + RECONNECT_COST * drops + deadS / DEAD_S_PER_BEAT,
    };
  }

  /** One gap and what ends it; false once the time is over. */
  beat(): boolean {
    if (this.#nowMs >= this.#plan.untilMs) return false;
    const gapMs = this.#gapMs();
    const expiryMs = this.#expiryMs();
    const ending = gapMs > expiryMs ? this.#expire(gapMs, expiryMs) : this.#meet(gapMs);
    if (ending !== undefined) this.#comeBack(ending);
    return true;
  }

  get #isCounted(): boolean {
    return this.#nowMs >= this.#plan.countFromMs;
  }

  #gapMs(): number {
    const { intervalMs, isJittered } = this.#policy;
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (!isJittered) return intervalMs;
    if (isFirst) return uniform(this.#random, 0, intervalMs);
    return (
      intervalMs - uniform(this.#random, 0, Math.min(JITTER_SHARE * intervalMs, JITTER_MS_MAX))
    );
  }

  /** How long after the last answer the flow is forgotten. */
  #expiryMs(): number {
    const { network, change } = this.#plan;
    const isChanged = change !== undefined && this.#nowMs >= change.atMs;
    const timeoutMs = isChanged ? change.timeoutMs : network.timeoutMs;
    const sweepMs = Math.min(SWEEP_MS_MAX, SWEEP_SHARE * timeoutMs);
    const spentMs = network.isRenewedByInbound ? 0 : network.rttMs;
    return timeoutMs - spentMs + uniform(this.#weather, 0, sweepMs);
  }

  #expire(gapMs: number, expiryMs: number): Ending {
    const { mode, isCutByReset, rttMs } = this.#plan.network;
    const lostMs = this.#nowMs + expiryMs;
    const shared = { lostMs, isAvoidable: true, trouble: undefined, didPingArrive: false };
    if (mode === "cut-at-expiry") {
      const how = isCutByReset ? "reset" : "finished";
      const end = this.#end(how, expiryMs, undefined, undefined);
      return { ...shared, end, endedMs: lostMs };
    }
    this.#ping(gapMs);
    const waitedMs = mode === "silent" ? ANSWER_WITHIN_MS : rttMs;
    const how = mode === "silent" ? "silent" : "reset";
    const end = this.#end(how, gapMs + waitedMs, gapMs, waitedMs);
    return { ...shared, end, endedMs: this.#nowMs + gapMs + waitedMs };
  }

  /** The flow was kept: the ping is answered, unless there is trouble. */
  #meet(gapMs: number): Ending | undefined {
    const isTrouble = this.#weather.next() < this.#plan.troubleShare;
    const rttMs = this.#plan.network.rttMs * uniform(this.#weather, 0.9, ROUND_TRIP_SLACK);
    if (isTrouble) return this.#suffer(gapMs, drawTrouble(gapMs, this.#weather));
    this.#ping(gapMs);
    this.#nowMs += gapMs + rttMs;
    this.#policy.answered(rttMs, false, this.#now());
    return undefined;
  }

  #suffer(gapMs: number, trouble: Trouble): Ending {
    const shared = { isAvoidable: false, trouble };
    if (trouble.kind === "crash") {
      // The server died in the midst of the gap, and its kernel said so.
      const end = this.#end(trouble.how, trouble.afterMs, undefined, undefined);
      const endedMs = this.#nowMs + trouble.afterMs;
      return { ...shared, end, endedMs, lostMs: endedMs, didPingArrive: false };
    }
    this.#ping(gapMs);
    const pingedMs = this.#nowMs + gapMs;
    const latenessMs = trouble.kind === "stall" ? trouble.latenessMs : 0;
    const endedMs = pingedMs + ANSWER_WITHIN_MS + latenessMs;
    const waitedMs = ANSWER_WITHIN_MS + latenessMs;
    const end = this.#end("silent", gapMs + waitedMs, gapMs, waitedMs, latenessMs);
    const isOutage = trouble.kind === "outage";
    const lostMs = isOutage ? Math.max(this.#nowMs, pingedMs - trouble.sinceMs) : pingedMs;
    return { ...shared, end, endedMs, lostMs, didPingArrive: isOutage && trouble.didPingArrive };
  }

  #comeBack(ending: Ending): void {
    this.#nowMs = ending.endedMs;
    this.#policy.ended(ending.end, this.#now());
    const { rttMs } = this.#plan.network;
    const dialled = redial(ending.endedMs, ending.trouble, rttMs, this.#weather);
    this.#nowMs = dialled.onlineMs;
    if (this.#isCounted) {
      if (ending.isAvoidable) this.#avoidableDrops++;
      else this.#otherDrops++;
      this.#deadMs += this.#nowMs - ending.lostMs;
    }
    const back = this.#comeback(ending, dialled);
    this.#policy.returned(back, this.#now(), WALL_MS_AT_START + this.#nowMs);
    this.#seq = 0;
    this.#isFirst = true;
  }

  #comeback(ending: Ending, dialled: Redialled): Comeback {
    const { isReporting } = this.#plan.network;
    const isRestart = ending.trouble?.kind === "crash";
    const { pingSeq, heardMsAgo = 0 } = ending.end;
    const lastPingSeq = ending.didPingArrive
      ? this.#seq
      : this.#seq - (pingSeq === undefined ? 0 : 1);
    const report = {
      state: isRestart ? "unknown" : "open",
      lastPingSeq,
      lastHeardMsAgo: heardMsAgo + dialled.onlineMs - ending.endedMs,
      code: undefined,
    } as const;
    return {
      failedDials: dialled.failedDials,
      offlineMs: dialled.onlineMs - ending.endedMs,
      handshakeMs: dialled.handshakeMs,
      serverRestarted: isReporting ? isRestart : undefined,
      networkChanged: false,
      report: isReporting ? report : undefined,
    };
  }

  #ping(gapMs: number): void {
    this.#seq++;
    if (this.#isCounted) this.#beats++;
    this.#policy.pinged(gapMs, (this.#nowMs + gapMs) as Instant);
  }

  #end(
    how: ConnectionEnd["how"],
    quietMs: number,
    pingIdleMs: number | undefined,
    pingMsAgo: number | undefined,
    ourLatenessMs = 0,
  ): ConnectionEnd {
    return {
      how,
      heardMsAgo: quietMs,
      spokeMsAgo: pingMsAgo ?? quietMs,
      pingMsAgo,
      pingSeq: pingMsAgo === undefined ? undefined : this.#seq,
      pingIdleMs,
      srttMs: this.#plan.network.rttMs,
      ourLatenessMs,
    };
  }

  #now(): Instant {
    return this.#nowMs as Instant;
  }
}
