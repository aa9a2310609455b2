/**
 * All policies on the same networks in the same weather, and their bills side by side.
 */
import { seededRandom } from "../../src/base/random.ts";
import {
  adaptive,
  constant,
  type Limits,
  type LinkPolicy,
  oracle,
  stepRule,
} from "./link-policy.ts";
import { type Bill, live, sumOf } from "./network-life.ts";
import { drawNetworks, type Network, type WorkloadName } from "./workloads.ts";

export interface JudgementPlan {
  readonly seed: number;
  readonly networks: number;
  readonly days: number;
  readonly ceilingS: number;
  readonly troubleShare: number;
}

/** Per network and day. */
export interface Row {
  readonly policy: string;
  readonly beats: number;
  readonly avoidableDrops: number;
  readonly drops: number;
  readonly deadS: number;
  readonly cost: number;
  /** Beats and cost over those of the oracle. */
  readonly rho: number;
  readonly costRatio: number;
}

const INTERVAL_MS_MIN = 25_000;
const DAY_MS = 86_400_000;

type Maker = (network: Network, limits: Limits, seed: number) => LinkPolicy;

export const ADAPTIVE = "adaptive";
export const ORACLE = "oracle";
export const POLICIES: Readonly<Record<string, Maker>> = {
  [ORACLE]: oracle,
  [ADAPTIVE]: (_network, limits, seed) => adaptive(limits, seededRandom(seed)),
  "step rule": () => stepRule(),
  "fixed 30 s": () => constant(30_000),
  "fixed 60 s": () => constant(60_000),
  "fixed 270 s": () => constant(270_000),
};

export function judge(
  workload: WorkloadName,
  plan: JudgementPlan,
  names: readonly string[] = Object.keys(POLICIES),
): Row[] {
  const networks = drawNetworks(workload, plan.networks, seededRandom(plan.seed));
  const bills = names.map((name) => sumOf(billsOf(POLICIES[name] as Maker, networks, plan)));
  const best = bills[names.indexOf(ORACLE)] as Bill;
  const share = plan.networks * plan.days;
  return names.map((policy, at) => {
    const bill = bills[at] as Bill;
    return {
      policy,
      beats: bill.beats / share,
      avoidableDrops: bill.avoidableDrops / share,
      drops: (bill.avoidableDrops + bill.otherDrops) / share,
      deadS: bill.deadS / share,
      cost: bill.cost / share,
      rho: bill.beats / best.beats,
      costRatio: bill.cost / best.cost,
    };
  });
}

export function limitsOf({ ceilingS }: JudgementPlan): Limits {
  return { intervalMsMin: INTERVAL_MS_MIN, intervalMsMax: 1_000 * ceilingS };
}

function billsOf(make: Maker, networks: readonly Network[], plan: JudgementPlan): Bill[] {
  const limits = limitsOf(plan);
  return networks.map((network, at) => {
    const seed = plan.seed * 100_003 + at;
    const { troubleShare } = plan;
    const life = { network, troubleShare, untilMs: plan.days * DAY_MS, countFromMs: 0 };
    const policy = make(network, limits, seed + 0.25 * 2 ** 32);
    return live(life, policy, seededRandom(seed), seededRandom(seed + 2 ** 33));
  });
}
