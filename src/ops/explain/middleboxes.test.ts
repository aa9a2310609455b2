import { expect, test } from "vitest";
import { boxesNamed, idleOf, MIDDLEBOXES } from "./middleboxes.ts";
import type { Middlebox } from "./middlebox.ts";
import { type Beats, passageOf, recommend } from "./passage.ts";

const KEEPALIVE = { idleMs: 60_000, intervalMs: 10_000, count: 5 };

function box(id: string): Middlebox {
  const found = MIDDLEBOXES.find((one) => one.id === id);
  if (found === undefined) throw new Error(`there is no box ${id}`);
  return found;
}

function passes(id: string, beats: Partial<Beats>): string {
  const all = { silenceMs: 30_000, answersExpected: true, keepalive: KEEPALIVE, ...beats };
  const { verdict, keepaliveAlone } = passageOf(box(id), all);
  return `${verdict}; alone: ${keepaliveAlone}`;
}

test.each(MIDDLEBOXES.map((one): [string, Middlebox] => [one.id, one]))(
  "%s has a name, a source and a year, and its figure can be",
  (_, { id, name, source, year, range, idleMs, atEnd }) => {
    expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(name.length).toBeLessThanOrEqual(45);
    expect(source).toMatch(/^\S.{15,}[^.\s]$/);
    expect(year).toBeGreaterThan(2000);
    expect(year).toBeLessThanOrEqual(2026);
    expect(range).not.toBe("");
    if (idleMs === false) expect(atEnd).toBe("nothing");
    else expect(idleMs).toBeGreaterThanOrEqual(30_000);
  },
);

test("ids are unique, and the most impatient stands first", () => {
  expect(new Set(MIDDLEBOXES.map(({ id }) => id)).size).toBe(MIDDLEBOXES.length);
  const idle = MIDDLEBOXES.map(idleOf);
  expect(idle).toEqual(idle.toSorted((a, b) => a - b));
});

test("an id names one box, a word of ids all that have it", () => {
  const ids = (names: readonly string[]): string[] => boxesNamed(names).boxes.map(({ id }) => id);
  expect(ids(["aws-nlb"])).toEqual(["aws-nlb"]);
  expect(ids(["ALB"])).toEqual(["gcp-alb", "aws-alb"]);
  expect(ids(["nat"])).toEqual(["azure-nat", "aws-nat", "gcp-nat", "rfc5382-nat"]);
  expect(ids(["nlb", "aws-nlb"])).toEqual(["aws-nlb"]);
  expect(boxesNamed(["nlb", "what"])).toMatchObject({ boxes: [], unknown: "what" });
});

test("a box keeps what fits into its timeout with the grace of a late beat", () => {
  // 60 s of an ALB; 10 % of the silence, at least 2 s, is what a beat may be late.
  expect(passes("aws-alb", { silenceMs: 54_000 })).toMatch(/^kept/);
  expect(passes("aws-alb", { silenceMs: 55_000 })).toMatch(/^at the edge/);
  expect(passes("aws-alb", { silenceMs: 59_999 })).toMatch(/^at the edge/);
  expect(passes("aws-alb", { silenceMs: 60_000 })).toMatch(/^cut/);
  expect(passes("fly", { silenceMs: 86_400_000 })).toMatch(/^kept/);
});

test("where the server has to speak, pings without answers keep nothing open", () => {
  expect(passes("nginx-http", {})).toMatch(/^kept/);
  expect(passes("nginx-http", { answersExpected: false })).toMatch(/^cut/);
  expect(passes("oci-http", { answersExpected: false })).toMatch(/^cut/);
  expect(passes("aws-alb", { answersExpected: false })).toMatch(/^kept/);
});

test("keepalive alone counts where packets do, and only if it comes in time", () => {
  expect(passes("aws-nlb", {})).toMatch(/alone: keeps it$/);
  const slow = { idleMs: 400_000, intervalMs: 10_000, count: 5 };
  expect(passes("aws-nlb", { keepalive: slow })).toMatch(/alone: too late$/);
  expect(passes("aws-nlb", { keepalive: false })).toMatch(/alone: off$/);
  expect(passes("aws-alb", {})).toMatch(/alone: does not count$/);
  expect(passes("azure-gateway", {})).toMatch(/alone: not known$/);
});

test("a half of what the strictest allows is recommended, and what the server needs for it", () => {
  const boxes = boxesNamed(["aws-nlb", "home-router", "fly"]).boxes;
  expect(recommend(boxes, "frame", true)).toMatchObject({
    box: { id: "home-router" },
    intervalMs: 119_000,
    unsettledIntervalMs: 79_000,
    serverMsMin: 119_000,
  });
  expect(recommend(boxes, "line", true)).toMatchObject({ serverMsMin: 238_000 });
  expect(recommend([box("fly")], "frame", true)).toBeUndefined();
  // Without answers no interval helps where the server has to speak.
  const proxies = [box("nginx-http"), box("nginx-stream")];
  expect(recommend(proxies, "line", false)).toMatchObject({ box: { id: "nginx-stream" } });
  expect(recommend([box("nginx-http")], "line", false)).toBeUndefined();
});
