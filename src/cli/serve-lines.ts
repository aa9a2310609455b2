/** What `holdfast serve` prints first and last. Pure. */
import type { ServerStats } from "../server/server-stats.ts";
import { sayDuration, saySize } from "./duration.ts";
import type { ServeSettings } from "./serve-settings.ts";

/** Where it listens, and what to try next. `program` is how the reader calls this program. */
export function startLines(
  urls: readonly string[],
  settings: Pick<ServeSettings, "accept" | "ping">,
  program: string,
): readonly string[] {
  const accept = settings.accept ?? ["line", "frame"];
  const lines = urls.map((url) => `listening on ${url}`);
  const first = urls[0];
  if (first === undefined) return lines;
  const place = reachable(first);
  const tries: string[] = [];
  if (accept.includes("frame")) tries.push(`${program} connect ${place}`);
  else tries.push(`${program} connect ${lineUrl(place)}`);
  if (accept.includes("line")) {
    tries.push(`${netcat(place)}    then type: ${settings.ping ?? "ping"}`);
  }
  return [
    ...lines,
    ...tries.map((text, at) => `${at === 0 ? "try next:    " : "or:          "}${text}`),
  ];
}

export function summaryLines(stats: ServerStats, uptimeMs: number): readonly string[] {
  const ended = Object.entries(stats.ended).map(([code, count]) => `${code} ${count}`);
  const rejected = Object.entries(stats.rejected).map(([code, count]) => `${code} ${count}`);
  const totals = [
    counted(stats.accepted, "connection"),
    counted(stats.messagesIn, "message"),
    `at most ${saySize(stats.bufferedBytesPeak)} buffered`,
  ];
  return [
    `served for ${sayDuration(uptimeMs)}: ${totals.join(", ")}`,
    ...(ended.length === 0 ? [] : [`ended:    ${ended.join(", ")}`]),
    ...(rejected.length === 0 ? [] : [`rejected: ${rejected.join(", ")}`]),
    ...(stats.stalls === 0 ? [] : [`this process was late ${counted(stats.stalls, "time")}`]),
  ];
}

/** An address that listens everywhere is reached on this machine as localhost. */
function reachable(url: string): string {
  return url.replace(/^tcp:\/\/(?:\[::\]|0\.0\.0\.0):/, "tcp://localhost:");
}

function lineUrl(url: string): string {
  return url.startsWith("unix:") ? `line+${url}` : url.replace(/^tcp:/, "line:");
}

function netcat(url: string): string {
  if (url.startsWith("unix:")) return `nc -U ${url.slice("unix:".length)}`;
  const parts = /^tcp:\/\/\[?(.*?)\]?:(\d+)$/.exec(url);
  return `nc ${parts?.[1] ?? "localhost"} ${parts?.[2] ?? ""}`.trimEnd();
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
