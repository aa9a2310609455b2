/**
 * `npm run bench:adaptive`: what the adaptive interval costs beside one that knows the timeout of
 * the path, beside fixed ones, and beside a published rule, on networks drawn afresh.
 *
 * No clock is involved: lives are simulated beat by beat, so a run needs less than a minute, and
 * the same seed prints the same table again.
 */
import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { fixed, textTable } from "../report/text-table.ts";
import { runMain, wholeNumber } from "../run/command-line.ts";
import { ADAPTIVE, judge, type JudgementPlan, ORACLE, POLICIES, type Row } from "./judgement.ts";
import { type ChangeRow, judgeChange } from "./timeout-change.ts";
import { broken, brokenByChange, COST_RATIO_GOAL } from "./verdicts.ts";
import { WORKLOADS, type WorkloadName } from "./workloads.ts";

interface Flags {
  readonly seed: number;
  readonly seeds: number;
  readonly networks: number;
  readonly days: number;
  readonly json?: string;
}

interface Found {
  readonly title: string;
  readonly rows: readonly (Row | ChangeRow)[];
}

const CEILING_S = 600;
const LONG_CEILING_S = 1_740;
const TROUBLE = 0.005;
const STRESS = 0.02;
const TITLES: Readonly<Record<WorkloadName, string>> = {
  client: "client: what stands before clients",
  balanced: "balanced: load balancers as well",
  even: "even: log-uniform, no round numbers",
};
const CHANGES = [
  [600, 120],
  [120, 600],
  [350, 60],
] as const;

await runMain(async () => {
  const command = new Command("bench:adaptive")
    .description("Judges the adaptive interval on simulated networks.")
    .option("--seed <n>", "draws networks and weather", wholeNumber(0, 2 ** 31), freshSeed())
    .option("--seeds <n>", "seeds for the spread, from --seed on", wholeNumber(1, 1_000), 5)
    .option("--networks <n>", "networks for each workload", wholeNumber(10, 10_000), 400)
    .option("--days <n>", "length of a run", wholeNumber(1, 60), 7)
    .option("--json <file>", "writes what is printed")
    .exitOverride();
  await command.parseAsync();
  report(command.opts<Flags>());
});

function report(flags: Flags): void {
  const { seed, networks, days } = flags;
  const plan = { seed, networks, days, ceilingS: CEILING_S, troubleShare: TROUBLE };
  print(
    `seed ${seed}; ${networks} networks, ${days} days, interval 25 s to ${CEILING_S} s, ` +
      `${100 * TROUBLE} % of beats fail for other reasons. Per network and day.\n` +
      "J = beats + 5 for each reconnect + dead seconds / 30.\n",
  );
  const found: Found[] = [];
  const faults: string[] = [];
  for (const workload of WORKLOADS) {
    const rows = judge(workload, plan, Object.keys(POLICIES));
    found.push(shown(TITLES[workload], rows));
    faults.push(...rows.filter(isOurs).flatMap((row) => broken(workload, row)));
  }
  const spread = spreadOf(plan, flags.seeds);
  print(spreadTable(spread));
  faults.push(...spread.flatMap(({ workload, rows }) => rows.flatMap((r) => broken(workload, r))));
  const stressed = { ...plan, troubleShare: STRESS };
  found.push(shown(`${100 * STRESS} % of beats fail for other reasons`, oursOf(stressed)));
  found.push(shown(`ceiling ${LONG_CEILING_S} s`, oursOf({ ...plan, ceilingS: LONG_CEILING_S })));
  for (const [fromS, toS] of CHANGES) {
    const rows = judgeChange(fromS, toS, plan, [ORACLE, ADAPTIVE, "step rule"]);
    const title = `timeout ${fromS} s to ${toS} s, two days from then, per network`;
    print(`\n${changeTable(title, rows)}`);
    found.push({ title, rows });
    if (toS === 120) faults.push(...rows.filter(isOurs).flatMap((row) => brokenByChange(row)));
  }
  if (flags.json !== undefined) {
    const { version } = process;
    const text = JSON.stringify({ ...plan, node: version, found, spread, faults }, undefined, 2);
    writeFileSync(flags.json, `${text}\n`);
  }
  print(`\n${goalSentence(spread)}\n`);
  if (faults.length > 0) throw new Error(`not kept:\n  ${faults.join("\n  ")}`);
  print("All that must hold held.\n");
}

function shown(title: string, rows: readonly Row[]): Found {
  print(`\n${judgementTable(title, rows)}`);
  return { title, rows };
}

/** Oracle and ours on all three workloads, where the others add nothing. */
function oursOf(plan: JudgementPlan): Row[] {
  return WORKLOADS.flatMap((workload) =>
    judge(workload, plan, [ORACLE, ADAPTIVE]).map((row) => ({
      ...row,
      policy: `${workload}: ${row.policy}`,
    })),
  );
}

function isOurs({ policy }: { readonly policy: string }): boolean {
  return policy === ADAPTIVE;
}

interface Spread {
  readonly workload: WorkloadName;
  readonly rows: readonly Row[];
}

function spreadOf(plan: JudgementPlan, seeds: number): Spread[] {
  return WORKLOADS.map((workload) => ({
    workload,
    rows: Array.from({ length: seeds }, (_, at) => ({ ...plan, seed: plan.seed + at }))
      .flatMap((one) => judge(workload, one, [ORACLE, ADAPTIVE]))
      .filter(isOurs),
  }));
}

function judgementTable(title: string, rows: readonly Row[]): string {
  return textTable(rows, [
    { title, of: ({ policy }) => policy, left: true },
    { title: "beats", of: ({ beats }) => fixed(beats, 0) },
    { title: "rho", of: ({ rho }) => fixed(rho, 3) },
    { title: "avoidable drops", of: ({ avoidableDrops }) => fixed(avoidableDrops, 2) },
    { title: "all drops", of: ({ drops }) => fixed(drops, 2) },
    { title: "dead s", of: ({ deadS }) => fixed(deadS, 0) },
    { title: "J", of: ({ cost }) => fixed(cost, 0) },
    { title: "J / oracle", of: ({ costRatio }) => fixed(costRatio, 3) },
  ]);
}

function changeTable(title: string, rows: readonly ChangeRow[]): string {
  return textTable(rows, [
    { title, of: ({ policy }) => policy, left: true },
    { title: "beats", of: ({ beats }) => fixed(beats, 0) },
    { title: "avoidable drops", of: ({ avoidableDrops }) => fixed(avoidableDrops, 2) },
    { title: "p99", of: ({ avoidableDropsP99 }) => fixed(avoidableDropsP99, 0) },
    { title: "dead s", of: ({ deadS }) => fixed(deadS, 0) },
    { title: "J / oracle", of: ({ costRatio }) => fixed(costRatio, 3) },
  ]);
}

function spreadTable(spread: readonly Spread[]): string {
  const range = (values: readonly number[], digits: number): string =>
    `${fixed(Math.min(...values), digits)} to ${fixed(Math.max(...values), digits)}`;
  const count = spread[0]?.rows.length ?? 0;
  return `\n${textTable(spread, [
    { title: `adaptive over ${count} seeds`, of: ({ workload }) => workload, left: true },
    {
      title: "J / oracle",
      of: ({ rows }) =>
        range(
          rows.map((row) => row.costRatio),
          3,
        ),
    },
    {
      title: "avoidable drops",
      of: ({ rows }) =>
        range(
          rows.map((r) => r.avoidableDrops),
          2,
        ),
    },
    {
      title: "dead s",
      of: ({ rows }) =>
        range(
          rows.map(({ deadS }) => deadS),
          0,
        ),
    },
  ])}`;
}

function goalSentence(spread: readonly Spread[]): string {
  const worst = Math.max(...spread.flatMap(({ rows }) => rows.map(({ costRatio }) => costRatio)));
  const verdict = worst <= COST_RATIO_GOAL ? "reached" : "missed";
  return `The goal, ${COST_RATIO_GOAL} on each workload, is ${verdict}: worst ${worst.toFixed(3)}.`;
}

function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

function print(text: string): void {
  process.stdout.write(text);
}
