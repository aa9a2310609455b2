/** `holdfast simulate`, as a person at a terminal or a script meets it. */
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
  expect(command.stdout()).toMatch(/^seeds from \d+ on\n\d+ seeds, /);
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
