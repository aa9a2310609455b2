/** `holdfast simulate`, as a person at a terminal or a script meets it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { replayCommand } from "../../src/cli/simulate.ts";
import { SIMULATE_SETTINGS, type SimulateSettings } from "../../src/cli/simulate-settings.ts";
import { sendingIsHearing } from "../simulation/planted/liveness-bugs.ts";
import { holdfast } from "./cli-harness.ts";

const SMALL = ["--clients", "3", "--hours", "0.05"];

test("one seed: a report that says what died, how fast it was found, and who came", async () => {
  const command = holdfast(["simulate", "--seed", "7", ...SMALL]);
  expect(await command.exitCode).toBe(0);
  const report = command.stdout();
  expect(report).toMatch(/^seed 7: 3 clients, 0\.\d\d h, /);
  for (const part of ["ends of connections", "false deaths: 0", "pings sent", "arrivals at"]) {
    expect(report).toContain(part);
  }
  expect(report).toContain("no promise was broken");
});

test("--json: one object, and the same hash each time", async () => {
  const hashes = [];
  for (let time = 0; time < 2; time++) {
    const command = holdfast(["simulate", "--seed", "3", "--json", ...SMALL]);
    expect(await command.exitCode).toBe(0);
    const report = JSON.parse(command.stdout()) as { hash: string; seed: number };
    expect(report.seed).toBe(3);
    hashes.push(report.hash);
  }
  expect(hashes[0]).toBe(hashes[1]);
});

test("--seeds: what occurred in all of them together", async () => {
  const command = holdfast(["simulate", "--seeds", "1..3", ...SMALL]);
  expect(await command.exitCode).toBe(0);
  expect(command.stdout()).toMatch(/^3 seeds, /);
  expect(command.stdout()).toContain("what occurred: faults");
});

test("--for: fresh seeds for so long, and from where on", async () => {
  const command = holdfast(["simulate", "--for", "300ms", ...SMALL]);
  expect(await command.exitCode).toBe(0);
  expect(command.stdout()).toMatch(/^seeds from \d+ on\nseeds \d+\.\.\d+ were run\n\d+ seeds, /);
});

test("--for begins where it is told to", async () => {
  const command = holdfast(["simulate", "--for", "50ms", "--seed", "90", ...SMALL]);
  expect(await command.exitCode).toBe(0);
  expect(command.stdout()).toContain("seeds from 90 on");
});

test("a broken promise: its sentence, the seed, the command that shows it again", async () => {
  onTestFinished(sendingIsHearing());
  const command = holdfast(["simulate", "--seeds", "7..8", "--clients", "6", "--hours", "0.2"]);
  expect(await command.exitCode).toBe(1);
  const report = command.stdout();
  expect(report).toMatch(/^promises broken: [1-9]/m);
  expect(report).toMatch(/^death-in-bound: flow \d+ /m);
  expect(report).toMatch(
    /^seed [78]; to see it again: holdfast simulate --seed [78] --clients 6 --hours 0\.2$/m,
  );
});

const BROKEN = ["--seed", "8", "--clients", "6", "--hours", "0.2"];

/** A file of this test alone. */
function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-plan-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "world.json");
  writeFileSync(file, text);
  return file;
}

interface Shrunk {
  readonly finding: { readonly checker: string; readonly sentence: string };
  readonly eventsBefore: number;
  readonly runs: number;
  readonly plan: { readonly events: readonly unknown[]; readonly clients: readonly unknown[] };
}

test("--shrink --json, and --plan: the file breaks it again until the bug is out", async () => {
  const undo = sendingIsHearing();
  onTestFinished(undo);
  const command = holdfast(["simulate", ...BROKEN, "--shrink", "--json"]);
  expect(await command.exitCode).toBe(1);
  const { finding, eventsBefore, runs, plan } = JSON.parse(command.stdout()) as Shrunk;
  expect(plan.events.length).toBeLessThan(eventsBefore);
  expect(plan.clients.length).toBeLessThan(6);
  expect(runs).toBeLessThanOrEqual(200);
  const file = fileWith(command.stdout());
  const again = holdfast(["simulate", "--plan", file]);
  expect(await again.exitCode).toBe(1);
  expect(again.stdout()).toContain(`${finding.checker}: ${finding.sentence}`);
  expect(again.stdout()).toContain(`to see it again: holdfast simulate --plan ${file}`);
  undo();
  const mended = holdfast(["simulate", "--plan", file]);
  expect(await mended.exitCode).toBe(0);
  expect(mended.stdout()).toContain("no promise was broken");
});

test("--shrink: the smaller world in plain words", async () => {
  onTestFinished(sendingIsHearing());
  const command = holdfast(["simulate", ...BROKEN, "--shrink"]);
  expect(await command.exitCode).toBe(1);
  const report = command.stdout();
  expect(report).toMatch(/^promise broken: death-in-bound\n {2}at \d+\.\d{3} s: flow /);
  expect(report).toMatch(/^seed 8, cut in \d+ runs: from \d+ events to \d, from 6 clients to \d$/m);
  expect(report).toMatch(/^clients\n {2}client-\d to server-\d, from /m);
  expect(report).toMatch(/^faults, until .*\n {2}(at \d+\.\d{3} s: [a-z-]+ of |none)/m);
});

test("--shrink-runs: no more than that, and it is told that more might go", async () => {
  onTestFinished(sendingIsHearing());
  const command = holdfast(["simulate", ...BROKEN, "--shrink", "--shrink-runs", "3"]);
  expect(await command.exitCode).toBe(1);
  expect(command.stdout()).toMatch(/^seed 8, cut in 3 runs: /m);
  expect(command.stdout()).toContain("stopped before everything was tried");
});

test("--shrink of a world that keeps every promise is its report", async () => {
  const command = holdfast(["simulate", "--seed", "7", "--shrink", ...SMALL]);
  expect(await command.exitCode).toBe(0);
  expect(command.stdout()).toContain("no promise was broken");
});

test("Ctrl-C while it shrinks: the smallest world so far, and 130", async () => {
  onTestFinished(sendingIsHearing());
  const many = ["--seed", "8", "--clients", "12", "--hours", "1", "--shrink"];
  const command = holdfast(["simulate", ...many], { terminal: { stderr: true } });
  await command.says(/shrinking: \d+ of at most 200 runs, \d+ events and \d+ clients left/);
  command.signal("SIGINT");
  expect(await command.exitCode).toBe(130);
  expect(command.stdout()).toMatch(/^promise broken: /);
  expect(command.stdout()).toContain("stopped before everything was tried");
});

test.each([
  ["no JSON", "{", /expected JSON, got a text of which the parser says/],
  ["another file", '{"name":"x"}', /the plan: expected a plan as --shrink --json writes it/],
  ["a broken plan", '{"seed":1,"events":[]}', /faultsMs: expected a number from 1 .*got nothing/],
])("--plan with %s: one sentence", async (_, text, sentence) => {
  const command = holdfast(["simulate", "--plan", fileWith(text)]);
  expect(await command.exitCode).toBe(2);
  expect(command.stderr()).toMatch(sentence);
  expect(command.stderr()).toContain("world.json");
});

test("Ctrl-C ends it with what is known, and 130", async () => {
  const terminal = { stderr: true };
  const command = holdfast(["simulate", "--clients", "200", "--hours", "500"], { terminal });
  await command.says(/online/);
  command.signal("SIGINT");
  expect(await command.exitCode).toBe(130);
  expect(command.stdout()).toContain("(stopped before its end)");
});

test.each<[string, readonly string[], RegExp]>([
  [
    "a range backwards",
    ["--seeds", "9..1"],
    /--seeds: expected a range of seeds such as 1\.\.1000/,
  ],
  ["a fault that is none", ["--faults", "rain"], /--faults: expected swarm, none, or a list of/],
  ["no hours at all", ["--hours", "0"], /--hours: expected a number of hours/],
  ["too many clients", ["--clients", "5001"], /--clients: expected 1 to 5000, got 5001/],
  ["to shrink many", ["--shrink", "--seeds", "1..2"], /--shrink: .*got it with --seeds/],
  ["to shrink for long", ["--shrink", "--for", "1s"], /--shrink: .*got it with --for/],
  [
    "a plan and a seed",
    ["--plan", "x", "--seed", "1", "--clients", "2"],
    /--plan: .*got it with --seed and --clients/,
  ],
  ["a plan and faults", ["--plan", "x", "--faults", "none"], /--plan: .*got it with --faults/],
  ["no such plan", ["--plan", "/nowhere"], /--plan: expected a file that can be read, got ENOENT/],
  ["runs of nothing", ["--shrink-runs", "3"], /--shrink-runs: expected it with --shrink/],
  ["no runs", ["--shrink", "--shrink-runs", "0"], /--shrink-runs: expected 1 or more, got 0/],
  ["two ways to choose", ["--seeds", "1..2", "--seed", "1"], /--seeds: expected it alone/],
])("%s is refused in one sentence", async (_, flags, sentence) => {
  const command = holdfast(["simulate", ...flags]);
  expect(await command.exitCode).toBe(2);
  expect(command.stderr()).toMatch(sentence);
});

test("the command that replays a world names all that makes it", () => {
  const settings = Object.fromEntries(
    Object.entries(SIMULATE_SETTINGS).map(([name, { fallback }]) => [name, fallback]),
  ) as unknown as SimulateSettings;
  expect(replayCommand(12, settings)).toBe("holdfast simulate --seed 12");
  const special = { ...settings, clients: 5, hours: 0.5, faults: ["outage", "drain"] } as const;
  expect(replayCommand(12, special)).toBe(
    "holdfast simulate --seed 12 --clients 5 --hours 0.5 --faults outage,drain",
  );
});
