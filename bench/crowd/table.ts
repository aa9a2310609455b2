/** The report of the crowd bench, for a terminal, and what is wrong in it. Pure. */
import { asBlock, measuredOn, replaceSection } from "../report/page-section.ts";
import { fixed, textTable } from "../report/text-table.ts";
import type { CrowdResult } from "./results.ts";

/** Up to here a server does not notice that it is late, so it says nothing of it. */
const UNNOTICED_MS = 250;

export function crowdTable(result: CrowdResult): string {
  const { amounts, silent } = result;
  const grown = result.residentBytes - result.residentBytesBefore;
  const share = result.cpuSeconds / result.cpuWindowSeconds;
  const usPerBeat = (1e6 * share) / result.beatsPerSecond;
  const where =
    result.servers === "workers" ? "workers on one port" : "servers, each on a port of its own";
  const rows: readonly (readonly [string, string])[] = [
    ["connections", `${fixed(amounts.connections, 0)}, ${amounts.workers} ${where}`],
    ["opened in", `${fixed(result.openSeconds, 1)} s`],
    [
      "memory of the servers",
      `${fixed(result.residentBytes / 1024 ** 2, 0)} MiB, ` +
        `${fixed(grown / amounts.connections / 1024, 2)} KB for each connection`,
    ],
    [
      "processor while all beat",
      `${fixed(100 * share, 1)} % of a core for ${fixed(result.beatsPerSecond, 0)} beats per ` +
        `second, ${fixed(usPerBeat, 0)} us each`,
    ],
    ["ends told", codesText(result.endsByCode)],
    [
      "silence until the end",
      `${fixed(silent.earliestMs, 0)} to ${fixed(silent.latestMs, 0)} ms ` +
        `(timeout ${fixed(amounts.timeoutMs, 0)}); beyond the bound: ` +
        `${fixed(silent.beyondBoundMs, 0)} ms`,
    ],
    ["the same, seen by the peers", `at the latest after ${fixed(result.mutedLatestMs, 0)} ms`],
    ["of those stopped, ended", fixed(result.stoppedEnded, 0)],
    ["of those that beat no more, ended", fixed(result.mutedEnded, 0)],
    ["of the others, ended", fixed(result.othersEnded, 0)],
    ["of the others, still open", fixed(result.othersOpen, 0)],
  ];
  return textTable(rows, [
    { title: "what", of: ([what]) => what, left: true },
    { title: "found", of: ([, found]) => found, left: true },
  ]);
}

/** The page with what was measured in it. */
export function crowdPage(page: string, result: CrowdResult): string {
  const text = `${measuredOn(result)}\n\n${asBlock(crowdTable(result))}`;
  return replaceSection(page, "crowd", text);
}

/** A sentence for each promise that was not kept. */
export function brokenPromises(result: CrowdResult): string[] {
  const { connections, frozen, timeoutMs } = result.amounts;
  const { silent } = result;
  const others = connections - frozen;
  const broken: string[] = [];
  const demand = (isKept: boolean, sentence: string): void => {
    if (!isKept) broken.push(sentence);
  };
  demand(
    result.stoppedEnded + result.mutedEnded === frozen,
    `${frozen} fell silent, and ${result.stoppedEnded + result.mutedEnded} of them were ended`,
  );
  demand(result.othersEnded === 0, `${result.othersEnded} that did beat were ended`);
  demand(result.othersOpen === others, `${result.othersOpen} of ${others} others are open`);
  demand(silent.count === frozen, `${silent.count} records say PEER_SILENT, not ${frozen}`);
  demand(
    silent.count === 0 || silent.earliestMs >= timeoutMs,
    `one was ended after ${silent.earliestMs} ms`,
  );
  demand(
    silent.beyondBoundMs <= UNNOTICED_MS,
    `one was ended ${Math.round(silent.beyondBoundMs)} ms after its bound`,
  );
  return broken;
}

function codesText(codes: Readonly<Record<string, number>>): string {
  const parts = Object.entries(codes).map(([code, count]) => `${code} ${fixed(count, 0)}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}
