/**
 * The whole report as sections, the same for the terminal and for Markdown.
 *
 * What could not be measured is said as plainly as what was: the missing, the faults and the marks
 * are sections of their own, and say so when they are empty.
 */
import { FIGURE_IDS, type FigureId, factsOf } from "../figures.ts";
import type { Amounts, ContenderResult, Machine, RunResult } from "../results.ts";
import { allocationSection } from "./allocation-table.ts";
import { cReference, defaultEngine } from "./comparison.ts";
import { type Block, type Section, textBlock } from "./document.ts";
import { engineCostSection } from "./engine-cost-table.ts";
import { featureTable, hasTwin } from "./feature-table.ts";
import { advantageTable, measuredFigures, medianTable, ratioTable } from "./figure-tables.ts";
import { thousands } from "./numbers.ts";
import { FLAG, saturationNotes } from "./saturation.ts";
import { targetSection } from "./target-table.ts";
import { watchingSection } from "./watching-table.ts";

const GIGABYTE = 1024 ** 3;

const MODES: Readonly<Record<RunResult["mode"], string>> = {
  full: "full",
  quick: "quick: a first look, too short to quote",
  tiny: "tiny: shows that everything runs, and its figures mean nothing",
};

export function sectionsOf(result: RunResult): Section[] {
  const figures = measuredFigures(result.contenders);
  return [
    runSection(result),
    targetSection(result),
    medianSection(result, figures),
    ratioSection(result.contenders, figures),
    advantageSection(result.contenders, figures),
    engineCostSection(result),
    featureSection(result),
    watchingSection(result),
    allocationSection(result),
    marksSection(result.contenders, figures),
    {
      title: "Not measured, and why",
      blocks: [listOr(missingItems(result, figures), "Everything was measured.")],
    },
    {
      title: "Faults",
      blocks: [listOr(result.contenders.flatMap(faultItems), "Nothing went wrong.")],
    },
    { title: "Servers", blocks: [listOr(result.contenders.map(serverItem), "There were none.")] },
    {
      title: "What the figures mean",
      blocks: [listOr(figures.map(figureItem), "There are none.")],
    },
  ];
}

/** `2026-03-01 10:00` of an ISO date, or the text itself if it is none. */
export function minuteOf(iso: string): string {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(iso);
  return found === null ? iso : `${found[1]} ${found[2]}`;
}

export function machineText({ cpu, cores, memoryBytes, kernel }: Machine): string {
  const memory = `${Math.round(memoryBytes / GIGABYTE)} GB`;
  return `${cpu}, ${countText(cores, "core")}, ${memory}, ${kernel}`;
}

/** The versions of what ran Holdfast. */
export function nodeText(contenders: readonly ContenderResult[]): string {
  const ours = contenders.filter(({ group }) => group === "holdfast");
  return [...new Set(ours.map(({ version }) => version))].join(", ");
}

export function countText(count: number, noun: string): string {
  return `${thousands(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function runSection(result: RunResult): Section {
  const { pinned } = result.machine;
  const commit = result.commit.replace(/\+$/, "");
  const isChanged = commit !== result.commit;
  const runtimes = nodeText(result.contenders) || "none";
  const facts: (readonly [string, string])[] = [
    ["mode", MODES[result.mode]],
    ["date", periodText(result)],
    ["commit", isChanged ? `${commit}, with changes that are not committed` : commit],
    ["machine", machineText(result.machine)],
    ["Node", `${result.machine.node} ran the bench; Holdfast ran on ${runtimes}`],
    [
      "pinned",
      pinned === undefined
        ? "no: server and load generator shared cores, so expect wider spreads"
        : `server on core ${pinned.server}, load generator on core ${pinned.load}`,
    ],
    ["rounds", result.amounts.rounds > 1 ? `${result.amounts.rounds}, interleaved` : "1"],
    ["amounts", amountsText(result.amounts)],
  ];
  return { title: "The run", blocks: [{ kind: "facts", facts }] };
}

/** The day once, if it was one. */
function periodText({ startedAt, endedAt }: RunResult): string {
  const [from, to] = [minuteOf(startedAt), minuteOf(endedAt)];
  const isOneDay = from.slice(0, 10) === to.slice(0, 10);
  return `${from} to ${isOneDay ? to.slice(11) : to} UTC`;
}

function amountsText(amounts: Amounts): string {
  const { burstCount, idleWindows } = amounts;
  const windows = idleWindows === undefined ? "" : `${countText(idleWindows, "window")} of `;
  const bursts = burstCount === undefined ? [] : [`${countText(burstCount, "burst")} a round`];
  return [
    `memory between ${thousands(amounts.slopeFrom)} and ${thousands(amounts.slopeTo)} connections`,
    `storms of ${thousands(amounts.stormConnections)}`,
    `${thousands(amounts.idleConnections)} idle for ${windows}` +
      countText(amounts.idleSeconds, "second"),
    ...bursts,
    `${thousands(amounts.beatRate)} beats per second for ${amounts.beatSeconds} s`,
    `${amounts.saturateWindow} beats in flight for ${amounts.saturateSeconds} s`,
    `echoes for ${amounts.echoSeconds} s`,
    `broadcasts to ${thousands(amounts.broadcastConnections)} for ${amounts.broadcastSeconds} s`,
  ].join("; ");
}

function medianSection(result: RunResult, figures: readonly FigureId[]): Section {
  const { rounds } = result.amounts;
  const spread = rounds === 1 ? "" : "; ±: half of the way from the least to the most";
  return {
    title: "Figures",
    blocks: [
      textBlock(
        `Medians of ${countText(rounds, "round")}${spread}. ` +
          "↑: more is better, ↓: less is better. " +
          `–: not measured, or without a meaning for this server. ${FLAG}: the server was not ` +
          "saturated, see the marks below.",
      ),
      medianTable(result.contenders, figures),
    ],
  };
}

function ratioSection(
  contenders: readonly ContenderResult[],
  figures: readonly FigureId[],
): Section {
  const reference = cReference(contenders);
  const title = "Ratios to C";
  if (reference === undefined) {
    return { title, blocks: [textBlock("No server in C was measured, so there are none.")] };
  }
  return {
    title,
    blocks: [
      textBlock(
        `Each figure divided by that of "${reference.title}", round by round; medians. ` +
          "↑: more is better, ↓: less is better. > and <: one of the two is too near to nothing " +
          "to divide by, so this is a bound; –: both are, or one was not measured.",
      ),
      ratioTable(contenders, figures, reference),
    ],
  };
}

function advantageSection(
  contenders: readonly ContenderResult[],
  figures: readonly FigureId[],
): Section {
  const ours = defaultEngine(contenders);
  if (ours === undefined) {
    return {
      title: "Holdfast beside each of the others",
      blocks: [textBlock("No Holdfast server was measured, so there is nothing to compare.")],
    };
  }
  const others = contenders.filter(({ group }) => group !== "holdfast");
  return {
    title: "Holdfast beside each of the others",
    blocks: [
      textBlock(
        `"${ours.title}" against each server, round by round; medians. More than 1 always means ` +
          "that Holdfast is better, less than 1 that it is worse: where less of a figure is " +
          "better, the ratio is turned over.",
      ),
      advantageTable(ours, others, figures),
    ],
  };
}

function featureSection({ features, amounts }: RunResult): Section {
  const title = "What features cost";
  if (features.length === 0) {
    return { title, blocks: [textBlock("Features were not measured in this run.")] };
  }
  const noise = hasTwin(features)
    ? "Within the noise: the same server once more differed by as much."
    : "The same server was not measured once more, so how much of this is noise is not known.";
  return {
    title,
    blocks: [
      textBlock(
        "What switching each of them off changes against the server that has them all, measured " +
          "side by side; + is more. ↑: more is better, ↓: less is better. " +
          `Medians of ${countText(amounts.featureStarts, "start")}, with the least and the most. ` +
          noise,
      ),
      featureTable(features),
    ],
  };
}

function marksSection(
  contenders: readonly ContenderResult[],
  figures: readonly FigureId[],
): Section {
  const items = saturationNotes(contenders, figures).map((note) => `${FLAG} ${note}`);
  return {
    title: `Marks (${FLAG})`,
    blocks: [listOr(items, "Every server was saturated where it had to be.")],
  };
}

function missingItems(result: RunResult, figures: readonly FigureId[]): string[] {
  const absent = FIGURE_IDS.filter((id) => !figures.includes(id));
  return [
    ...result.missing.map(({ id, title, why }) => `${title} (${id}): ${why}`),
    ...absent.map((id) => `${factsOf(id).title}: of no server`),
  ];
}

function faultItems({ title, faults }: ContenderResult): string[] {
  return faults.map((fault) => `${title}: ${fault}`);
}

function serverItem({ id, title, version, note }: ContenderResult): string {
  return `${title} (${id}, ${version})${note === undefined ? "" : `: ${note}`}`;
}

function figureItem(id: FigureId): string {
  const { title, how } = factsOf(id);
  return `${title}: ${how}`;
}

function listOr(items: readonly string[], otherwise: string): Block {
  return items.length === 0 ? textBlock(otherwise) : { kind: "list", items };
}
