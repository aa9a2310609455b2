/** What `holdfast explain` prints: for people, for programs, and in its guide. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { type Explanation, explain } from "../../src/ops/explain/explain.ts";
import { MIDDLEBOXES } from "../../src/ops/explain/middleboxes.ts";
import { holdfast, type Running } from "./cli-harness.ts";

async function explained(...flags: readonly string[]): Promise<Running> {
  const running = holdfast(["explain", ...flags]);
  expect(await running.exitCode).toBe(0);
  return running;
}

const COMBINATIONS: readonly (readonly string[])[] = [
  [],
  ["--interval", "30s", "--timeout", "60s"],
  ["--dialect", "line"],
  ["--no-pong"],
  ["--interval", "4m", "--lease-max", "10m", "--connections", "1000000"],
  ["--adaptive", "25s..10m", "--lease-max", "10m", "--behind", "alb,nat"],
  ["--interval", "24h", "--lease-max", "24h", "--keepalive", "off", "--user-timeout", "off"],
  ["--dead-within", "5s", "--accept", "frame"],
];

test.each(COMBINATIONS.map((flags): [string, readonly string[]] => [flags.join(" "), flags]))(
  "explain %s: no line is over 100 columns, and no number is lost",
  async (_, flags) => {
    const running = await explained(...flags);
    const lines = running.stdout().split("\n");
    expect(lines.length).toBeGreaterThan(60);
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(lines.filter((line) => / $|NaN|Infinity|undefined|\.\d{3}/.test(line))).toEqual([]);
  },
);

test("each way to die: both ends, the sum, what decides, and the kernel alone", async () => {
  const running = await explained("--interval", "30s", "--timeout", "60s");
  const text = running.stdout();
  expect(text).toMatch(/^client {3}pings every 30 s, waits 5 to 15 s for an answer\n/);
  expect(text).toContain(
    "  client  35 to 45 s          30 s interval + 5 to 15 s answer + 10 ms tick\n",
  );
  expect(text).toMatch(
    / {2}server {2}38 to 48 s +30 s lease \+ 3 s grace \+ 5 to 15 s answer \+ 25 ms tick\n/,
  );
  expect(text).toMatch(/frozen process.*\n(.*\n){4} {2}kernel {2}never +the peer's kernel goes on/);
  expect(text).toMatch(/killed process.*\n {2}client {2}at once\n/);
  expect(text).toMatch(/our own process was late.*\n {2}client {2}nobody ends +by at most 30 s/);
  expect(text).toMatch(/ {2}every 30 s: 2,954 pings a day, ping 7 and answer 5 bytes at most\n/);
  for (const { name } of MIDDLEBOXES) expect(text).toContain(name);
  expect(running.stderr()).toBe("");
});

test("--dialect line and --no-pong change what can be found", async () => {
  const line = (await explained("--dialect", "line")).stdout();
  expect(line).toMatch(
    / {2}server {2}60 s +60 s timeout \+ 25 ms tick\n +its timeout is over; a plain/,
  );
  const mute = (await explained("--no-pong")).stdout();
  expect(mute).toMatch(/frozen process.*\n {2}client {2}never\n/);
  expect(mute).toMatch(/at worst 2 packets a ping/);
  expect(mute).toMatch(/nginx, WebSocket \(proxy_read_timeout\) +cut without answers /);
});

test("--behind tells of these boxes only, and recommends an interval", async () => {
  const text = (await explained("--behind", "nlb", "--behind", "azure-nat")).stdout();
  const boxes = text.slice(text.indexOf("MIDDLEBOXES")).split("\n");
  expect(boxes[1]).toMatch(/^4 min +Azure NAT Gateway +kept, 3 min 30 s left +keeps it$/);
  expect(boxes[2]).toMatch(/^5 min 50 s AWS Network Load Balancer +kept/);
  expect(boxes.slice(3)).toEqual([
    "",
    "RECOMMENDED behind Azure NAT Gateway (4 min)",
    "  --interval 2m: a half of that, so that one late ping costs nothing",
    "  --interval 80s: a third, on a network that loses packets",
    "  the half needs --lease-max 2m or more at the server",
    "",
  ]);
  const cut = (
    await explained("--interval", "5m", "--lease-max", "5m", "--behind", "azure-nat")
  ).stdout();
  expect(cut).toMatch(/^4 min +Azure NAT Gateway +cut +keeps it$/m);
});

test("--connections: the traffic of all of them", async () => {
  const text = (await explained("--connections", "10000")).stdout();
  const { traffic } = explain({ connections: 10_000 });
  const pings = Math.round(traffic[0]?.all.pingsPerSecond ?? 0);
  expect(text).toContain(`    10,000 connections: ${pings} pings, `);
});

test("--json: the whole of it as one object, as the library returns it", async () => {
  const flags = ["--interval", "20s", "--timeout", "60s", "--behind", "alb", "--json"];
  const running = await explained(...flags);
  const lines = running.stdout().split("\n");
  expect(lines).toHaveLength(2);
  const told = JSON.parse(lines[0] ?? "") as Explanation;
  expect(told).toEqual(
    explain({ heartbeat: { intervalMs: 20_000 }, timeoutMs: 60_000, behind: ["alb"] }),
  );
  expect(running.stderr()).toBe("");
});

test("what is unwise is said in terms of flags: on stderr, or in the object", async () => {
  const flags = ["--interval", "5m", "--dialect", "line"];
  const running = await explained(...flags);
  const warning =
    "--interval (5m) is over half of --timeout (1m): a line server cannot be told of it, " +
    "so it is pinged every 30s";
  expect(running.stderr()).toBe(`holdfast: ${warning}\n`);
  expect(running.stdout()).toMatch(/^client {3}pings every 30 s,/);
  const json = JSON.parse((await explained(...flags, "--json")).stdout()) as Explanation;
  expect(json.warnings).toEqual([warning]);
});

test("settings come from the environment, too", async () => {
  const env = { HOLDFAST_INTERVAL: "10s", HOLDFAST_BEHIND: "alb nat" };
  const running = holdfast(["explain"], { env });
  expect(await running.exitCode).toBe(0);
  expect(running.stdout()).toMatch(/^client {3}pings every 10 s,/);
  expect(running.stdout()).toContain("RECOMMENDED behind Google Cloud Application Load Balancer");
});

test.each<[readonly string[], RegExp]>([
  [["--interval", "30"], /--interval: expected a duration such as 250ms.*got "30"/],
  [["--interval", "3ms"], /--interval must be a duration from 10ms to 24h, got 3ms/],
  [["--dead-within", "45s", "--timeout", "60s"], /--dead-within derives --timeout: give one/],
  [["--user-timeout", "10s"], /--user-timeout \(10s\) must exceed --drain-timeout \(1m\)/],
  [["--adaptive", "1s..2s", "--interval", "5s"], /--adaptive replaces --interval/],
  [["--no-pong", "--dialect", "frame"], /--pong "none" needs --dialect "line"/],
  [["--behind", "alb,wat"], /--behind must name what .*\(alb, .*\), got "wat"/],
  [["--behind", ","], /--behind: expected one or more names, with commas between, got ","/],
  [["--connections", "0"], /--connections must be a whole number from 1 to 100000000, got 0/],
  [["--dialect", "morse"], /--dialect: expected one of frame, line, got "morse"/],
  [["tcp://x:1"], /too many arguments for 'explain'.*expected flags only/],
])("%j is wrong usage", async (flags, sentence) => {
  const running = holdfast(["explain", ...flags]);
  expect(await running.exitCode).toBe(2);
  expect(running.stderr()).toMatch(sentence);
  expect(running.stderr().split("\n")).toHaveLength(2);
  expect(running.stdout()).toBe("");
});

test("a reader that goes away is no error", async () => {
  const running = holdfast(["explain"]);
  running.breakStdout();
  expect(await running.exitCode).toBe(0);
});

test("the guide shows what the command prints today", async () => {
  const guide = readFileSync(join(ROOT, "docs/guides/explaining-numbers.md"), "utf8");
  const command = /^```text\n\$ holdfast explain(.*?)(?: \| tail -n (\d+))?\n([\s\S]*?)^```$/gm;
  const blocks = [...guide.matchAll(command)];
  expect(blocks.length).toBeGreaterThanOrEqual(2);
  for (const [, flags = "", tail, shown] of blocks) {
    const running = await explained(...flags.split(" ").filter((flag) => flag !== ""));
    const lines = running.stdout().split("\n");
    const from = tail === undefined ? 0 : lines.length - 1 - Number(tail);
    expect(lines.slice(from).join("\n")).toBe(shown);
  }
});
