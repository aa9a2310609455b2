/**
 * A report in plain text: what a run, or a sweep, has shown.
 *
 * The figures are those that decide whether somebody trusts the thing: how deaths were found and
 * how fast, whether anybody was ended who lived, how the crowd came back.
 */
import type { DetectionFigures } from "./run-statistics.ts";
import type { RunReport } from "./run.ts";
import type { SweepReport } from "./sweep.ts";
import type { Finding } from "./world-view.ts";

const BARS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;
const FINDINGS_SHOWN = 5;

export function runLines(report: RunReport, realMs: number): readonly string[] {
  const { figures, findings, clients, simulatedMs, steps } = report;
  const { detection, arrivalPeaks, pingsSent, beatsAnswered } = figures;
  const answered = beatsAnswered.client + beatsAnswered.server;
  const falseDeaths = findings.filter(({ checker }) => checker === "false-death").length;
  const hours = simulatedMs / 3_600_000;
  return [
    `seed ${report.seed}: ${clients} clients, ${hours.toFixed(2)} h, ${grouped(steps)} steps, ` +
      `${(hours / Math.max(realMs / 1_000, 0.001)).toFixed(2)} h simulated per second`,
    `trace ${report.hash}${report.isComplete ? "" : " (stopped before its end)"}`,
    "",
    "ends of connections, by who kept them and why",
    ...countLines(figures.endsByCause),
    "",
    "silence until the end for silence",
    `  at clients  ${detectionText(detection.client)}`,
    `  at servers  ${detectionText(detection.server)}`,
    `false deaths: ${falseDeaths}`,
    `pings sent: ${grouped(pingsSent.client)} by clients, ` +
      `${grouped(pingsSent.server)} by servers; answered: ${grouped(answered)}`,
    `messages received: ${grouped(figures.messages)}`,
    "",
    `arrivals at servers: ${grouped(figures.arrivals)}; most in one second, over the whole run ` +
      `(highest ${Math.max(0, ...arrivalPeaks)})`,
    `  ${chart(arrivalPeaks)}`,
    "",
    ...findingLines(findings),
  ];
}

export function sweepLines(report: SweepReport, realMs: number): readonly string[] {
  const { seeds, findings, coverage, missing, simulatedMs } = report;
  const hours = simulatedMs / 3_600_000;
  const rate = hours / Math.max(realMs / 1_000, 0.001);
  return [
    `${seeds} seeds, ${hours.toFixed(1)} h simulated, ${rate.toFixed(2)} h per second`,
    "",
    ...Object.entries(coverage).flatMap(([subject, counts]) => [
      `what occurred: ${subject}`,
      ...countLines(counts),
    ]),
    "",
    missing.length === 0
      ? "everything that can occur did occur"
      : `never occurred: ${missing.join(", ")}`,
    ...findingLines(findings),
  ];
}

/** The most in each part, as a row of bars. */
function chart(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  return values
    .map((value) => {
      if (value === 0) return " ";
      return BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))] ?? " ";
    })
    .join("");
}

function findingLines(findings: readonly (Finding & { readonly seed?: number })[]): string[] {
  if (findings.length === 0) return ["no promise was broken"];
  const shown = findings.slice(0, FINDINGS_SHOWN).map(({ checker, atMs, sentence, seed }) => {
    const where = seed === undefined ? "" : `seed ${seed}, `;
    return `  ${checker} (${where}at ${(atMs / 1_000).toFixed(3)} s): ${sentence}`;
  });
  const rest = findings.length - shown.length;
  return [
    `promises broken: ${findings.length}`,
    ...shown,
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}

function countLines(counts: Readonly<Record<string, number>>): readonly string[] {
  const entries = Object.entries(counts);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, count]) => `  ${name.padEnd(width)}  ${grouped(count)}`);
}

function detectionText({ count, p50Ms, p99Ms, maxMs }: DetectionFigures): string {
  if (count === 0) return "none";
  const [half, most, all] = [p50Ms, p99Ms, maxMs].map((ms) => `${(ms / 1_000).toFixed(1)} s`);
  return `${grouped(count)} deaths: half within ${half}, 99 % within ${most}, all within ${all}`;
}

/** With a thin gap between thousands, whatever the language of the machine. */
function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, " ");
}
