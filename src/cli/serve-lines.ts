/** What `holdfast serve` prints first and last. Pure. */
import { printable } from "../base/printable.ts";
import type { ServerStats } from "../server/server-stats.ts";
import { sayDate, sayDays } from "../transports/tls/certificate-words.ts";
import { sayDuration, saySize } from "./duration.ts";
import type { ServeSettings } from "./serve-settings.ts";

/** Where it listens, and what to try next. `program` is how the reader calls this program. */
export function startLines(
  urls: readonly string[],
  settings: Pick<ServeSettings, "accept" | "ping" | "proxyProtocol" | "webSocketPath">,
  program: string,
): readonly string[] {
  const lines = urls.map((url) => `listening on ${url}`);
  const first = urls[0];
  if (first === undefined) return lines;
  const { proxyProtocol } = settings;
  if (proxyProtocol !== undefined) {
    const who = proxyProtocol.join(", ");
    return [...lines, `balancers:   ${who}; each connection begins with a PROXY header`];
  }
  const place = reachable(first);
  const { accept } = settings;
  const isWebSocketOnly = /^wss?:/.test(first);
  const tries: string[] = [];
  const speaksFrames = accept.includes("frame") || isWebSocketOnly;
  tries.push(`${program} connect ${speaksFrames ? place : lineUrl(place)}`);
  if (accept.includes("line") && !isWebSocketOnly) {
    tries.push(`${netcat(place)}    then type: ${settings.ping ?? "ping"}`);
    const secured = urls.find((url) => url === first.replace(/^tcp:/, "tls:") && url !== first);
    if (secured !== undefined) tries.push(`${netcat(reachable(secured))}    the same over TLS`);
  }
  const webSocket = webSocketUrl(place, settings.webSocketPath);
  if (accept.includes("websocket") && webSocket !== undefined) {
    tries.push(`new WebSocket("${webSocket}")    in a page of this host`);
  }
  return [
    ...lines,
    ...tries.map((text, at) => `${at === 0 ? "try next:    " : "or:          "}${text}`),
  ];
}

/** Whom a certificate names, and how long it still lasts. Its words are somebody else's. */
export function certificateText(
  { subject, validToWallMs }: { readonly subject: string; readonly validToWallMs: number },
  wallMs: number,
): string {
  const leftMs = validToWallMs - wallMs;
  const days = leftMs < 0 ? `expired ${sayDays(-leftMs)} ago` : `${sayDays(leftMs)} left`;
  return `${printable(subject)}, valid until ${sayDate(validToWallMs)} (${days})`;
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
  return url.replace(/^(tcp|tls|wss?):\/\/(?:\[::\]|0\.0\.0\.0):/, "$1://localhost:");
}

function lineUrl(url: string): string {
  return /^(?:unix|tls|wss?):/.test(url) ? `line+${url}` : url.replace(/^tcp:/, "line:");
}

/** How a browser would say it; undefined where none gets there. */
function webSocketUrl(url: string, path: string | undefined): string | undefined {
  if (/^wss?:/.test(url)) return url;
  const plain = /^t(cp|ls):\/\/(.+)$/.exec(url);
  if (plain === null) return undefined;
  return `${plain[1] === "ls" ? "wss" : "ws"}://${plain[2] ?? ""}${path ?? ""}`;
}

function netcat(url: string): string {
  if (url.startsWith("tls:")) {
    return `openssl s_client -quiet -connect ${url.slice("tls://".length)}`;
  }
  if (url.startsWith("unix:")) return `nc -U ${url.slice("unix:".length)}`;
  const parts = /^tcp:\/\/\[?(.*?)\]?:(\d+)$/.exec(url);
  return `nc ${parts?.[1] ?? "localhost"} ${parts?.[2] ?? ""}`.trimEnd();
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
