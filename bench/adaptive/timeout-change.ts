/**
 * The timeout of the path changes in the midst of a run: how many connections are lost before the
 * policy has followed, and how close it then is to one that knew.
 */
import { seededRandom } from "../../src/base/random.ts";
import { type JudgementPlan, limitsOf, ORACLE, POLICIES } from "./judgement.ts";
import { type Bill, live, sumOf } from "./network-life.ts";
import { drawNetwork } from "./workloads.ts";

export interface ChangeRow {
  readonly policy: string;
  /** Within the two days after the change, per network. */
  readonly avoidableDrops: number;
  /** Of the network in a hundred that did worst but for its like. */
  readonly avoidableDropsP99: number;
  readonly beats: number;
  readonly deadS: number;
  readonly costRatio: number;
}

const DAY_MS = 86_400_000;
/** Long enough to have settled, and not in step with anything. */
const CHANGE_AT_MS = 3.37 * DAY_MS;
const COUNTED_MS = 2 * DAY_MS;

export function judgeChange(
  fromS: number,
  toS: number,
  plan: JudgementPlan,
  names: readonly string[],
): ChangeRow[] {
  const draw = seededRandom(plan.seed);
  const networks = Array.from({ length: plan.networks }, (_, at) => drawNetwork(fromS, at, draw));
  const change = { atMs: CHANGE_AT_MS, timeoutMs: 1_000 * toS };
  const { troubleShare } = plan;
  const span = { troubleShare, countFromMs: CHANGE_AT_MS, untilMs: CHANGE_AT_MS + COUNTED_MS };
  const billsFor = (name: string): Bill[] =>
    networks.map((network, at) => {
      const seed = plan.seed * 100_003 + at;
      const weather = seededRandom(seed + 2 ** 33);
      const random = seededRandom(seed);
      const make = POLICIES[name];
      if (make === undefined) throw new Error(`there is no policy "${name}"`);
      const changed = { ...network, timeoutMs: change.timeoutMs };
      // Who knows the timeout knows the new one; for him nothing changes.
      if (name === ORACLE) {
        const oracle = make(changed, limitsOf(plan), seed);
        return live({ ...span, network: changed }, oracle, random, weather);
      }
      const policy = make(network, limitsOf(plan), seed + 2 ** 32 / 4);
      return live({ ...span, network, change }, policy, random, weather);
    });
  const best = sumOf(billsFor(ORACLE)).cost;
  return names.map((policy) => {
    const bills = billsFor(policy);
    const sum = sumOf(bills);
    const drops = bills.map(({ avoidableDrops }) => avoidableDrops).toSorted((a, b) => a - b);
    return {
      policy,
      avoidableDrops: sum.avoidableDrops / plan.networks,
      avoidableDropsP99: drops[Math.ceil(0.99 * drops.length) - 1] ?? 0,
      beats: sum.beats / plan.networks,
      deadS: sum.deadS / plan.networks,
      costRatio: sum.cost / best,
    };
  });
}
