/** The tables of the fleet bench, for a terminal. Pure. */
import { asBlock, measuredOn, replaceSection } from "../report/page-section.ts";
import { type Column, fixed, textTable } from "../report/text-table.ts";
import { quantile } from "./arrivals.ts";
import type { FleetResult, LinksResult, StormResult } from "./results.ts";

const LINKS: readonly Column<LinksResult>[] = [
  { title: "dialect", of: ({ dialect }) => dialect, left: true },
  { title: "links", of: ({ links }) => fixed(links, 0) },
  { title: "heap KB each", of: ({ heapBytesPerLink }) => fixed(heapBytesPerLink / 1024, 2) },
  {
    title: "resident KB each",
    of: ({ residentBytesPerLink }) => fixed(residentBytesPerLink / 1024, 2),
  },
  { title: "all online, s", of: ({ onlineMs }) => fixed(onlineMs / 1000, 2) },
  {
    title: "timers: few, online, waiting",
    of: ({ timers }) => `${timers.few}, ${timers.online}, ${timers.waiting}`,
  },
  { title: "idle, % of a core", of: ({ idleShare }) => fixed(100 * idleShare, 2) },
];

const STORMS: readonly Column<StormResult>[] = [
  { title: "redial policy", of: ({ policy }) => policy, left: true },
  { title: "links", of: ({ links }) => fixed(links, 0) },
  { title: "down, s", of: ({ downMs }) => fixed(downMs / 1000, 2) },
  { title: "ideal, s", of: (storm) => fixed(idealMs(storm) / 1000, 2) },
  { title: "all back, s", of: ({ backMs }) => fixed(backMs / 1000, 2) },
  { title: "most in 1 s", of: ({ arrivalsPerSecondMax }) => fixed(arrivalsPerSecondMax, 0) },
  { title: "most in 0.1 s", of: ({ arrivalsPerTenthMax }) => fixed(arrivalsPerTenthMax, 0) },
  { title: "dials each: median, 99 %, most", of: ({ linksByDials }) => dialsText(linksByDials) },
];

/** How long the server would need if all came at once and it did nothing else. */
export function idealMs({ links, acceptsPerSecond }: StormResult): number {
  return (1000 * links) / acceptsPerSecond;
}

export function fleetTables(result: FleetResult): string {
  const tables = [];
  if (result.links.length > 0) tables.push(linksTable(result));
  if (result.storms.length > 0) tables.push(stormsTable(result));
  return tables.join("\n");
}

function linksTable({ links }: FleetResult): string {
  return textTable(links, LINKS);
}

function stormsTable({ storms }: FleetResult): string {
  return textTable(storms, STORMS);
}

/** The page with what was measured in it. */
export function fleetPage(page: string, result: FleetResult): string {
  const from = measuredOn(result);
  const links = `${from}\n\n${asBlock(linksTable(result))}`;
  const storms = asBlock(stormsTable(result));
  return replaceSection(replaceSection(page, "links", links), "storm", storms);
}

function dialsText(counts: readonly number[]): string {
  return [quantile(counts, 0.5), quantile(counts, 0.99), counts.length].join(", ");
}
