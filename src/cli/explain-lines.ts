/** What `holdfast explain` found, as text of at most 100 columns for people. Pure. */
import { type BoundPart, type Found, LAST_EVIDENCE } from "../ops/explain/bound.ts";
import type { Explanation } from "../ops/explain/explain.ts";
import type { Finding } from "../ops/explain/kernel-alone.ts";
import type { Passage, Recommendation } from "../ops/explain/passage.ts";
import { HEADER_BYTES } from "../ops/explain/traffic.ts";
import type { EndOfWay, WayToDie } from "../ops/explain/way.ts";
import { sayPrecisely, saySize, writeDuration } from "./duration.ts";

export function explanationLines(explanation: Explanation): string[] {
  const { passages, recommendation } = explanation;
  return [
    ...forceLines(explanation.inForce, explanation.dialect),
    "",
    `FOUND AT THE LATEST, counted from ${LAST_EVIDENCE} unless said otherwise`,
    "(to each comes what this process was late; kernel: what it would find without any heartbeat)",
    ...explanation.ways.flatMap((way) => ["", ...wayLines(way)]),
    "",
    ...trafficLines(explanation),
    "",
    `${"MIDDLEBOXES, by their defaults".padEnd(WIDTHS[0] + WIDTHS[1])}${"heartbeat".padEnd(
      WIDTHS[2],
    )}keepalive alone`,
    ...passages.map(passageLine),
    ...(recommendation === undefined
      ? []
      : ["", ...recommendationLines(recommendation, explanation)]),
  ];
}

const FOUND_WIDTH = 20;
const INDENT: string = " ".repeat(10 + FOUND_WIDTH);
const WIDTHS = [11, 46, 25] as const;

function forceLines(force: Explanation["inForce"], dialect: "frame" | "line"): string[] {
  const { intervalMsMin, intervalMsMax, leaseMs, graceMs, keepalive } = force;
  const server =
    dialect === "frame"
      ? `grants a lease of ${sayPrecisely(leaseMs)}, ${sayPrecisely(graceMs)} of grace, ` +
        `and ${range(force.serverAnswer)} for an answer`
      : `lets a plain peer be silent for ${sayPrecisely(force.timeoutMs)}`;
  const { clientUserTimeoutMs, serverUserTimeoutMs } = force;
  const kernel = keepalive === false ? "keepalive off" : `keepalive ${sayKeepalive(keepalive)}`;
  const every = range({ quickPathMs: intervalMsMin, ms: intervalMsMax });
  const answer = force.answersExpected
    ? `waits ${range(force.clientAnswer)} for an answer`
    : "expects no answer";
  return [
    `client   pings every ${every}, ${answer}`,
    `server   ${server}`,
    `both     ${sayPrecisely(force.drainTimeoutMs)} for output to gain 64 KiB`,
    `kernel   ${kernel}; user timeout ${sayOff(clientUserTimeoutMs)} (client), ` +
      `${sayOff(serverUserTimeoutMs)} (server)`,
  ];
}

function wayLines(way: WayToDie): string[] {
  const { title, client, server } = way;
  return [title, ...endLines("client", client), ...endLines("server", server), ...alone(way)];
}

function endLines(name: string, end: EndOfWay): string[] {
  const { found, by } = end;
  const isElse = found.kind === "within" && found.since !== LAST_EVIDENCE;
  return [
    `  ${name.padEnd(8)}${sayFound(found).padEnd(FOUND_WIDTH)}${saySum(found)}`.trimEnd(),
    ...(isElse ? [`${INDENT}from ${found.since} on`] : []),
    `${INDENT}${by}`,
  ];
}

/** What the kernels would find without any heartbeat; one line where both would do the same. */
function alone({ client, server }: WayToDie): string[] {
  if (client.alone === undefined || server.alone === undefined) return [];
  const [ofClient, ofServer] = [sayAlone("", client.alone), sayAlone("", server.alone)];
  if (ofClient === ofServer) return [`  kernel  ${ofClient}`];
  return [
    `  kernel  ${sayAlone("client ", client.alone)}`,
    `          ${sayAlone("server ", server.alone)}`,
  ];
}

function sayAlone(whose: string, { found, by }: Finding): string {
  return `${`${whose}${sayFound(found)}`.padEnd(FOUND_WIDTH)}${by}`;
}

export function sayFound(found: Found): string {
  switch (found.kind) {
    case "within":
      // In minutes it matters little how quick the path is.
      return found.ms >= 120_000 ? sayPrecisely(found.ms) : range(found);
    case "at once":
    case "never":
      return found.kind;
    case "nobody":
      return "nobody ends";
    default:
      return found satisfies never;
  }
}

function saySum(found: Found): string {
  if (found.kind === "nobody")
    return `by at most ${sayPrecisely(found.movesMsMax)} for one verdict`;
  if (found.kind !== "within") return "";
  return found.parts.map(sayPart).join(" + ");
}

function sayPart(part: BoundPart): string {
  return `${range(part)} ${part.name}`;
}

/** `45 s`, or `35 to 45 s` where it depends on the path. */
function range({ quickPathMs, ms }: { readonly quickPathMs: number; readonly ms: number }): string {
  const [least, most] = [sayPrecisely(quickPathMs), sayPrecisely(ms)];
  if (least === most) return most;
  const unit = / [a-z]+$/.exec(most)?.[0] ?? "";
  const isPlain = /^[\d.]+ [a-z]+$/.test(least) && least.endsWith(unit);
  return `${isPlain ? least.slice(0, -unit.length) : least} to ${most}`;
}

function trafficLines({ traffic, inForce }: Explanation): string[] {
  const each = inForce.answersExpected ? "4 packets" : "2 packets";
  return [
    `TRAFFIC of an idle connection (IPv4 and TCP headers of ${HEADER_BYTES} bytes; ` +
      `at worst ${each} a ping)`,
    ...traffic.flatMap((one) => [
      `  every ${sayPrecisely(one.intervalMs)}: ${count(one.pingsPerDay)} pings a day, ` +
        `ping ${one.pingBytes} and answer ${one.pongBytes} bytes at most`,
      `    a day: ${count(one.packetsPerDay)} packets, ${saySize(one.wireBytesPerDay)} ` +
        `(${saySize(one.payloadBytesPerDay)} of payload), ` +
        `${count(one.wakeupsPerDay)} radio wakeups`,
      ...(one.keepalivePacketsPerDay === 0
        ? []
        : [`    of the packets ${count(one.keepalivePacketsPerDay)} are keepalive of the kernel`]),
      ...(one.all.connections === 1 ? [] : [`    ${sayAll(one.all)}`]),
    ]),
  ];
}

function sayAll(all: Explanation["traffic"][number]["all"]): string {
  return (
    `${count(all.connections)} connections: ${rate(all.pingsPerSecond)} pings, ` +
    `${rate(all.packetsPerSecond)} packets, ${saySize(all.wireBytesPerSecond)} a second; ` +
    `${saySize(all.wireBytesPerDay)} a day`
  );
}

function passageLine({ box, verdict, marginMs, keepaliveAlone }: Passage): string {
  const idle = box.idleMs === false ? "never" : sayPrecisely(box.idleMs);
  const cells = [idle, box.name, `${verdict}${sayMargin(verdict, marginMs)}`, keepaliveAlone];
  return cells
    .map((cell, at) => cell.padEnd(WIDTHS[at] ?? 0))
    .join("")
    .trimEnd();
}

/** Only where the server would have to speak is a cut no matter of time. */
function sayMargin(verdict: Passage["verdict"], marginMs: number | null): string {
  if (verdict === "cut") return marginMs === null ? " without answers" : "";
  return marginMs === null ? "" : `, ${sayPrecisely(marginMs)} left`;
}

function recommendationLines(
  recommended: Recommendation,
  { dialect, inForce }: Explanation,
): string[] {
  const { box, idleMs, intervalMs, unsettledIntervalMs, serverMsMin } = recommended;
  const isFrame = dialect === "frame";
  const allowedMs = isFrame ? inForce.leaseMsMax : inForce.timeoutMs;
  const flag = isFrame ? "--lease-max" : "--timeout";
  return [
    `RECOMMENDED behind ${box.name} (${sayPrecisely(idleMs)})`,
    `  --interval ${writeDuration(intervalMs)}: a half of that, ` +
      "so that one late ping costs nothing",
    `  --interval ${writeDuration(unsettledIntervalMs)}: a third, ` +
      "on a network that loses packets",
    ...(serverMsMin <= allowedMs
      ? []
      : [`  the half needs ${flag} ${writeDuration(serverMsMin)} or more at the server`]),
  ];
}

function sayKeepalive({ idleMs, intervalMs, count: probes }: KeepaliveShown): string {
  return `${sayPrecisely(idleMs)}, then ${probes} times every ${sayPrecisely(intervalMs)}`;
}

type KeepaliveShown = Exclude<Explanation["inForce"]["keepalive"], false>;

function sayOff(ms: number | false): string {
  return ms === false ? "off" : sayPrecisely(ms);
}

function count(value: number): string {
  return Math.round(value)
    .toString()
    .replaceAll(/\B(?=(?:\d{3})+$)/g, ",");
}

function rate(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : count(perSecond);
}
