/** The pictures of guides are drawn from what `explain` computes. `npm run docs` redraws them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { withCaption } from "../../scripts/pictures/caption.ts";
import { type CostRow, costSvg, costTitle } from "../../scripts/pictures/cost-picture.ts";
import {
  type DetectionData,
  detectionSvg,
  detectionTitle,
  type FoundWithin,
} from "../../scripts/pictures/detection-picture.ts";
import { type BoxPicture, boxesSvg, boxesTitle } from "../../scripts/pictures/middlebox-picture.ts";
import { sayDuration, sayPrecisely } from "../../src/cli/duration.ts";
import { explain, type Explanation, type Found } from "../../src/index.ts";

const GUIDE = "docs/guides/choosing-intervals.md";
const BALANCERS = "docs/guides/behind-a-load-balancer.md";
const USUAL_MS = explain().inForce.intervalMsMax;
const MINUTE_MS = 60_000;

const detection: DetectionData = {
  rows: [5, 10, 15, 20, 30, 45, 60, 90, 120].map((seconds) => detectionRow(seconds * 1_000)),
  usualMs: USUAL_MS,
  keepaliveMs: aloneMs(),
};
const cost: readonly CostRow[] = [10_000, 25_000, 30_000, 60_000, 120_000, 240_000, 600_000].map(
  costRow,
);
const boxes: BoxPicture = {
  intervalMs: USUAL_MS,
  interval: sayPrecisely(USUAL_MS),
  boxes: explain().passages.map(({ box, verdict }) => ({
    name: box.name,
    idleMs: box.idleMs,
    idle: box.idleMs === false ? "never" : sayPrecisely(box.idleMs),
    verdict,
    countsAnyPacket: box.counts === "any packet",
  })),
};

const PICTURES = [
  { name: "detection-times", svg: detectionSvg(detection), title: detectionTitle(detection) },
  { name: "heartbeat-cost", svg: costSvg(cost), title: costTitle(cost) },
  { name: "middlebox-timeouts", svg: boxesSvg(boxes), title: boxesTitle(boxes) },
];

function detectionRow(intervalMs: number): DetectionData["rows"][number] {
  const options = { heartbeat: { intervalMs }, timeoutMs: 2 * intervalMs };
  const [frame, line] = (["frame", "line"] as const).map((dialect) =>
    vanished(explain({ ...options, dialect })),
  );
  if (frame === undefined || line === undefined) throw new Error("explain tells of two dialects");
  return {
    intervalMs,
    client: within(frame.client.found),
    frameServer: within(frame.server.found),
    lineServer: within(line.server.found),
  };
}

function vanished({ ways }: Explanation): Explanation["ways"][number] {
  const way = ways.find(({ id }) => id === "vanished");
  if (way === undefined) throw new Error("explain tells of a vanished peer");
  return way;
}

function within(found: Found): FoundWithin {
  if (found.kind !== "within") throw new Error(`a bound was expected, not "${found.kind}"`);
  return { ms: found.ms, quickPathMs: found.quickPathMs };
}

/** A server that takes lines has no user timeout, so this is keepalive and nothing else. */
function aloneMs(): number {
  const { alone } = vanished(explain()).server;
  if (alone === undefined) throw new Error("explain tells what the kernel alone would find");
  return within(alone.found).ms;
}

function costRow(intervalMs: number): CostRow {
  const { traffic } = explain({ heartbeat: { intervalMs }, leaseMsMax: 2 * 10 * MINUTE_MS });
  const [first] = traffic;
  if (first === undefined || first.intervalMs !== intervalMs) {
    throw new Error(`the interval that is explained should be ${intervalMs} ms`);
  }
  return { title: sayDuration(intervalMs), ...first };
}

test("the guide shows them, with what is in them in words; if not, `npm run docs`", async () => {
  const page = readFileSync(join(ROOT, GUIDE), "utf8");
  const wanted = PICTURES.reduce((text, { name, title }) => withCaption(text, name, title), page);
  await expect(wanted).toMatchFileSnapshot(`../../${GUIDE}`);
});

test("the guide for balancers shows where they cut; if not, `npm run docs`", async () => {
  const page = readFileSync(join(ROOT, BALANCERS), "utf8");
  const wanted = withCaption(page, "middlebox-timeouts", boxesTitle(boxes));
  await expect(wanted).toMatchFileSnapshot(`../../${BALANCERS}`);
});

test("a page that does not show a picture is found", () => {
  expect(withCaption("![old](../pictures/a.svg)\n", "a", "new")).toBe(
    "![new](../pictures/a.svg)\n",
  );
  expect(() => withCaption("![old](../pictures/ab.svg)\n", "a", "new")).toThrow("should show");
});

describe.each(PICTURES)("docs/pictures/$name.svg", ({ name, svg }) => {
  test("is what explain says today; if not, run `npm run docs`", async () => {
    await expect(svg).toMatchFileSnapshot(`../../docs/pictures/${name}.svg`);
  });

  test("holds no script, no style sheet, nothing from elsewhere, and no broken figure", () => {
    expect(svg).not.toMatch(/<script|<style|<image|<foreignObject|\son\w+=|@import|url\(/);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(svg.match(/https?:\/\/[^"]+/g)).toEqual([
      "http://www.w3.org/2000/svg",
      "http://www.w3.org/1999/xlink",
    ]);
    expect(svg.length).toBeLessThan(60_000);
  });
});

test("another bound, another cost and another timeout change their pictures", () => {
  const [first, ...others] = detection.rows;
  if (first === undefined) throw new Error("there is a row");
  const later = { ...first, client: { ms: 30_000, quickPathMs: 20_000 } };
  expect(detectionSvg({ ...detection, rows: [later, ...others] })).not.toBe(PICTURES[0]?.svg);
  const dearer = cost.map((row) => ({ ...row, pingsPerDay: row.pingsPerDay + 1 }));
  expect(costSvg(dearer)).not.toBe(PICTURES[1]?.svg);
  const shorter = boxes.boxes.map((box) => ({ ...box, verdict: "cut" as const }));
  expect(boxesTitle({ ...boxes, boxes: shorter })).toContain(" 0 of ");
  expect(boxesSvg({ ...boxes, boxes: shorter })).not.toBe(PICTURES[2]?.svg);
});

test("the row that is marked has to be there", () => {
  expect(() => detectionSvg({ ...detection, usualMs: 1 })).toThrow("must have one for 1 ms");
});
