import { describe, expect, test } from "vitest";
import type { RunResult } from "../results.ts";
import { chartSvg } from "./chart.ts";
import { scaleFor } from "./chart-panel.ts";
import { chartData } from "./chart-rows.ts";
import { SAMPLE_RESULT } from "./sample-result.ts";

const SVG = chartSvg(SAMPLE_RESULT);

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** All text of the chart; a name in two lines is two texts. */
function textOf(svg: string): string {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text).join(" ");
}

/** Tags that are opened and not closed, or the other way round. */
function unbalanced(svg: string): string[] {
  const open: string[] = [];
  for (const [, closing, name = "", , self] of svg.matchAll(
    /<(\/?)([a-z][\w:]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/gi,
  )) {
    if (closing === "/") {
      if (open.at(-1) !== name) return [...open, `/${name}`];
      open.pop();
    } else if (self !== "/") open.push(name);
  }
  return open;
}

function chartOf(change: Partial<RunResult>): string {
  return chartSvg({ ...SAMPLE_RESULT, ...change });
}

describe("chartSvg", () => {
  test("is one balanced SVG element of 900 pixels with a title", () => {
    expect(SVG).toMatch(/^<svg [^>]*width="900"[^>]*>\n<title>[^<]+<\/title>/);
    expect(SVG.trimEnd()).toMatch(/<\/svg>$/);
    expect(unbalanced(SVG)).toEqual([]);
    // Text stands in texts only, and what could be taken for a tag or an entity is escaped.
    const texts = /<(text|title)\b[^>]*>(?:[^<&]|&(?:amp|lt|gt|quot|#\d+);)*<\/\1>/g;
    const rest = SVG.replaceAll(texts, "").replaceAll(/<[^<>]*>/g, "");
    expect(rest.trim()).toBe("");
  });

  test("holds no script, no style sheet, and nothing from elsewhere", () => {
    expect(SVG).not.toMatch(/<script|<style|<image|<foreignObject|\son\w+=|@import|url\(/);
    expect(SVG.match(/https?:\/\/[^"]+/g)).toEqual([
      "http://www.w3.org/2000/svg",
      "http://www.w3.org/1999/xlink",
    ]);
    expect(SVG.length).toBeLessThan(60_000);
  });

  test("is the same for the same result, however many charts came before", () => {
    chartOf({ contenders: SAMPLE_RESULT.contenders.slice(0, 3) });
    expect(chartSvg(SAMPLE_RESULT)).toBe(SVG);
  });

  test("names each contender, and who is missing", () => {
    const text = textOf(SVG);
    for (const { title } of [...SAMPLE_RESULT.contenders, ...SAMPLE_RESULT.missing]) {
      expect(text).toContain(escaped(title));
    }
  });

  test("says on what, when and how often it was measured", () => {
    const text = textOf(SVG);
    expect(text).toContain("AMD EPYC 7763 64-Core Processor, 2 cores, 16 GB, Linux 6.18.0");
    expect(text).toContain("2026-03-01 · Node v20.20.2, v26.4.0 · commit 0123abc+ · 3 rounds");
    expect(text).not.toContain("not to be quoted");
    expect(textOf(chartOf({ mode: "quick" }))).toContain("a quick run, not to be quoted");
  });

  test("carries the mark and its meaning, and neither without cause", () => {
    expect(textOf(SVG)).toContain("0.89†");
    expect(textOf(SVG)).toContain("† Not saturated");
    const contenders = SAMPLE_RESULT.contenders.filter(({ id }) => !/^(?:ws-bun|nats)/.test(id));
    expect(textOf(chartOf({ contenders }))).not.toContain("†");
  });

  test("can be drawn of nothing at all", () => {
    const svg = chartOf({ contenders: [], missing: [], features: [] });
    expect(unbalanced(svg)).toEqual([]);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe("chartData", () => {
  test("sorts by speed, and those without by memory", () => {
    const { rows, speedTitle } = chartData(SAMPLE_RESULT.contenders);
    expect(speedTitle).toBe("Heartbeats per second, C = 1");
    const speeds = rows.map(({ speed }) => speed?.value ?? -1);
    expect(speeds).toEqual(speeds.toSorted((a, b) => b - a));
    expect(rows.slice(-2).map(({ title }) => title)).toEqual([
      "socket.io 4.8, Node 26",
      "socket.io 4.8, Node 20",
    ]);
  });

  test("shows the figures themselves where there is no C", () => {
    const contenders = SAMPLE_RESULT.contenders.filter(({ id }) => id !== "c-epoll");
    const { rows, speedTitle } = chartData(contenders);
    expect(speedTitle).toBe("Heartbeats per second");
    expect(rows[0]?.speed?.label).toBe("152,700†");
  });

  test("whiskers go from the least to the most", () => {
    const row = chartData(SAMPLE_RESULT.contenders).rows.find(({ title }) =>
      title.startsWith("nats"),
    );
    const { memory } = row ?? expect.fail();
    const all = SAMPLE_RESULT.contenders.find(({ id }) => id === "nats-server")?.samples;
    const values = (all?.memoryPerConnection ?? []).map(({ value }) => value / 1024);
    expect([memory?.min, memory?.max]).toEqual([Math.min(...values), Math.max(...values)]);
  });
});

describe("scaleFor", () => {
  test("leaves room for the value, and has round lines", () => {
    expect(scaleFor(1, 300).interval).toBe(0.25);
    expect(scaleFor(20, 300).interval).toBe(5);
    for (const end of [0.01, 1, 7, 19.3, 170_000]) {
      const { max, interval } = scaleFor(end, 300);
      expect((1 - end / max) * 300).toBeCloseTo(56, 6);
      expect(max / interval).toBeGreaterThan(2);
      expect(max / interval).toBeLessThanOrEqual(5);
    }
  });
});
