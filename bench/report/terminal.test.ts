import { describe, expect, test } from "vitest";
import type { RunResult } from "../results.ts";
import { SAMPLE_RESULT } from "./sample-result.ts";
import { terminalReport } from "./terminal.ts";

const REPORT = terminalReport(SAMPLE_RESULT);

function sectionOf(report: string, title: string): string {
  const from = report.indexOf(`\n${title}\n${"=".repeat(title.length)}\n`);
  expect(from, `no section ${title}`).toBeGreaterThan(-1);
  const to = report.indexOf("\n\n\n", from);
  return report.slice(from, to === -1 ? undefined : to);
}

/** What stands in the row and the column with these names; heads are folded over lines. */
function cellOf(section: string, row: string, column: string): string | undefined {
  for (const part of section.split("\n\n")) {
    const lines = part.split("\n");
    const rule = lines.findIndex((line) => /^-+(?: {2}-+)*$/.test(line));
    if (rule === -1) continue;
    let from = 0;
    for (const dashes of (lines[rule] ?? "").split("  ")) {
      const cut = (line: string): string => line.slice(from, from + dashes.length).trim();
      const head = lines.slice(0, rule).map(cut).join(" ").trim();
      const found = lines.slice(rule + 1).find((line) => line.startsWith(`${row}  `));
      if (head.startsWith(column) && found !== undefined) return cut(found);
      from += dashes.length + 2;
    }
  }
  return undefined;
}

function withSamples(change: (result: RunResult) => RunResult): string {
  return terminalReport(change(SAMPLE_RESULT));
}

describe("the head of a report", () => {
  test("fits 160 columns, and leaves no blanks at ends of lines", () => {
    const lines = REPORT.split("\n");
    expect(Math.max(...lines.map((line) => Array.from(line).length))).toBeLessThanOrEqual(160);
    expect(lines.filter((line) => /\s$/.test(line))).toEqual([]);
  });

  test("tells what was measured, on what and when", () => {
    const run = sectionOf(REPORT, "The run");
    for (const text of [
      "mode     full",
      "date     2026-03-01 10:00 to 11:24 UTC",
      "commit   0123abc, with changes that are not committed",
      "AMD EPYC 7763 64-Core Processor, 2 cores, 16 GB, Linux 6.18.0",
      "Node     v20.20.2 ran the bench; Holdfast ran on v20.20.2, v26.4.0",
      "server on core 0, load generator on core 1",
      "rounds   3, interleaved",
    ]) {
      expect(run).toContain(text);
    }
  });

  test("says when cores were shared, and when a run is not to be quoted", () => {
    const report = withSamples((result) => ({
      ...result,
      mode: "quick",
      machine: { ...result.machine, pinned: undefined },
    }));
    expect(sectionOf(report, "The run")).toContain("no: server and load generator shared cores");
    expect(sectionOf(report, "The run")).toContain("quick: a first look, too short to quote");
  });
});

describe("the figures of a report", () => {
  test("every contender has a row of figures, a row of ratios and a line with its version", () => {
    for (const { id, title, version } of SAMPLE_RESULT.contenders) {
      const column = "accepts per second";
      expect(cellOf(sectionOf(REPORT, "Figures"), title, column), title).toMatch(/^\d/);
      expect(cellOf(sectionOf(REPORT, "Ratios to C"), title, column), title).toMatch(/^\d/);
      const servers = sectionOf(REPORT, "Servers").replaceAll(/\n +/g, " ");
      expect(servers).toContain(`- ${title} (${id}, ${version})`);
    }
  });

  test("shows medians with their spread, and the generator's share beside them", () => {
    const figures = sectionOf(REPORT, "Figures");
    expect(cellOf(figures, "C, epoll", "heartbeats per second ↑")).toBe("171,700  ±4%");
    expect(cellOf(figures, "C, epoll", "memory per idle connection, KB ↓")).toBe("0.01 ±0.9%");
    expect(cellOf(figures, "nats-server 2.9.10", "load generator while")).toBe("57.0");
    expect(cellOf(figures, "socket.io 4.8, Node 26", "heartbeats per second")).toBe("–");
  });

  test("marks what was not saturated, in figures and ratios, and nothing else", () => {
    const marked = {
      "Bun.serve with WebSocket, Bun 1.3": 5,
      "nats-server 2.9.10": 5,
      "Go 1.19": 1,
    };
    for (const title of ["Figures", "Ratios to C"]) {
      const section = sectionOf(REPORT, title);
      for (const contender of SAMPLE_RESULT.contenders) {
        const rows = section.split("\n").filter((line) => line.startsWith(`${contender.title}  `));
        const count = rows.join("").split("†").length - 1;
        const expected = new Map(Object.entries(marked)).get(contender.title) ?? 0;
        expect(count, `${title}, ${contender.title}`).toBe(expected);
      }
    }
    expect(sectionOf(REPORT, "Marks (†)").match(/^- † /gm)).toHaveLength(11);
  });
});

describe("the ratios of a report", () => {
  test("a reference that was not saturated marks all ratios to it", () => {
    const report = withSamples((result) => ({
      ...result,
      contenders: result.contenders.map((one) => {
        if (one.id !== "c-epoll") return one;
        const beatsPerSecond = (one.samples.beatsPerSecond ?? []).map((sample) => ({
          ...sample,
          serverShare: 0.9,
        }));
        return { ...one, samples: { ...one.samples, beatsPerSecond } };
      }),
    }));
    const ratios = sectionOf(report, "Ratios to C");
    for (const { title, samples } of SAMPLE_RESULT.contenders) {
      if (samples.beatsPerSecond === undefined) continue;
      expect(cellOf(ratios, title, "heartbeats per second"), title).toContain("†");
    }
  });

  test("ratios to C are not turned, those of Holdfast to others are", () => {
    const ratios = sectionOf(REPORT, "Ratios to C");
    const ours = sectionOf(REPORT, "Holdfast beside each of the others");
    const engine = "Holdfast, shared engine, Node 20";
    expect(cellOf(ratios, engine, "CPU per heartbeat")).toMatch(/^1\.44 /);
    expect(cellOf(ours, "CPU per heartbeat", "C, epoll")).toMatch(/^0\.69 /);
    expect(cellOf(ratios, engine, "heartbeats per second")).toMatch(/^0\.76 /);
    expect(cellOf(ours, "heartbeats per second", "C, epoll")).toMatch(/^0\.76 /);
    expect(cellOf(ours, "memory per idle connection", "nats-server")).toMatch(/^6\.50 /);
    expect(ours.replaceAll("\n", " ")).toContain(
      "More than 1 always means that Holdfast is better",
    );
  });
});

describe("the rest of a report", () => {
  test("names what is missing, what failed and what was measured of nobody", () => {
    const missing = sectionOf(REPORT, "Not measured, and why");
    for (const { title, why } of SAMPLE_RESULT.missing) {
      expect(missing).toContain(title);
      expect(missing).toContain(why);
    }
    expect(missing).toContain("CPU per beat of the server: of no server");
    expect(sectionOf(REPORT, "Faults")).toContain("socket.io 4.8, Node 20: round 2: exited");
  });

  test("has something to say of a run that measured nothing", () => {
    const report = withSamples((result) => ({
      ...result,
      contenders: [],
      missing: [],
      features: [],
    }));
    expect(sectionOf(report, "Ratios to C")).toContain("No server in C was measured");
    expect(sectionOf(report, "Faults")).toContain("Nothing went wrong.");
    expect(sectionOf(report, "What features cost")).toContain("not measured in this run");
  });

  test("shows what features cost, and what is noise", () => {
    const features = sectionOf(REPORT, "What features cost");
    expect(cellOf(features, "without end records kept", "whole lives")).toBe(
      "+7.0% +5.0% to +9.0%",
    );
    expect(cellOf(features, "without end records kept", "heartbeats")).toContain(
      "within the noise",
    );
  });
});
