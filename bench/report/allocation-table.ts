/** What a beat allocates, by engine and by place: in our files, and in the runtime for our sake. */
import type { Allocation, AllocationSite, RunResult } from "../results.ts";
import { type Block, type Section, type Table, textBlock } from "./document.ts";
import { ratio, thousands } from "./numbers.ts";

/** The rest is summed up in one row. */
const SITES_SHOWN = 12;

export function allocationSection({ allocations }: RunResult): Section {
  const title = "What a beat allocates";
  if (allocations === undefined || allocations.length === 0) {
    return { title, blocks: [textBlock("Allocation was not measured in this run.")] };
  }
  return {
    title,
    blocks: [
      textBlock(
        "Bytes on V8's heap for one ping and its answer, sampled while the server runs optimised." +
          " A place is a function, with what the optimiser put into it. The promise is: none in " +
          "our files. What Node allocates for a read, a write and a moment of its clock is " +
          "listed for what it is; the clock was weighed by itself, since V8 puts it into a " +
          "function of ours.",
      ),
      ...allocations.flatMap(blocksOf),
    ],
  };
}

function blocksOf(allocation: Allocation): Block[] {
  const { title, beats, bytesPerBeat, ownBytesPerBeat } = allocation;
  return [
    textBlock(
      `${title}: ${ratio(bytesPerBeat)} bytes per beat, ${ratio(ownBytesPerBeat)} of them in our ` +
        `files (${thousands(beats)} beats).`,
    ),
    siteTable(allocation),
  ];
}

function siteTable({ sites, bytesPerBeat }: Allocation): Table {
  const own = sites.filter(({ origin }) => origin === "ours");
  const others = sites.filter(({ origin }) => origin !== "ours");
  const shown = [...own, ...others].slice(0, Math.max(SITES_SHOWN, own.length));
  const rest = bytesPerBeat - shown.reduce((sum, site) => sum + site.bytesPerBeat, 0);
  return {
    kind: "table",
    columns: [
      { title: "function", group: "" },
      { title: "where", group: "site" },
      { title: "whose", group: "site" },
      { title: "bytes per beat", group: "site" },
    ],
    rows: [
      ...shown.map((site) => [
        { main: site.name },
        { main: site.where === "" ? "–" : site.where },
        { main: WHOSE[site.origin] },
        { main: ratio(site.bytesPerBeat) },
      ]),
      [{ main: "the rest" }, { main: "–" }, { main: "–" }, { main: ratio(Math.max(0, rest)) }],
    ],
  };
}

const WHOSE: Readonly<Record<AllocationSite["origin"], string>> = {
  ours: "ours",
  node: "Node",
  native: "V8",
  bench: "the bench",
};
