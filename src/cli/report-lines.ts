/**
 * What `holdfast serve` tells, as text for people and as JSON for programs. Pure.
 *
 * Peer text (messages, reasons) passes through `printable` in every text line; in JSON it stays
 * whole, escaped by jsonLine, unless `textCharactersMax` says that a person is reading.
 */
import { toHex } from "../base/bytes.ts";
import type { TransportKind } from "../base/transport-kind.ts";
import type { ErrorCode } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import type { Beat, Dialect, Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Verdict } from "../liveness/monitor.ts";
import { sayDuration, saySize } from "./duration.ts";
import { jsonLine } from "./json-line.ts";

export type Report =
  | {
      readonly event: "accepted";
      readonly id: string;
      readonly address: string;
      /** The balancer that it came by. */
      readonly via?: string | undefined;
    }
  | {
      readonly event: "open";
      readonly id: string;
      readonly address: string;
      readonly transport: TransportKind;
      /** The version of TLS. */
      readonly tls: string | undefined;
      readonly dialect: Dialect | undefined;
    }
  | { readonly event: "message"; readonly id: string; readonly data: Message }
  | {
      readonly event: "verdict";
      readonly dialect: Dialect | undefined;
      readonly id: string;
      readonly verdict: Verdict;
      readonly was: Verdict;
    }
  | { readonly event: "beat"; readonly id: string; readonly beat: Beat }
  | { readonly event: "end"; readonly record: EndRecord }
  | {
      readonly event: "rejected";
      readonly code: ErrorCode;
      readonly address: string;
      readonly detail?: string | undefined;
    }
  /** Lines that nobody read in time, by their event. */
  | { readonly event: "dropped"; readonly counts: Readonly<Record<string, number>> }
  | { readonly event: "notice"; readonly text: string };

/**
 * As one line of text. `time` stands in front, such as 12:03:04, and then which worker it is about,
 * where there are any.
 */
export function reportText(report: Report, time: string, worker?: number): string {
  const [subject, name, detail] = textParts(report);
  const who = worker === undefined ? "" : `${`w${worker}`.padEnd(3)} `;
  return `${time} ${who}${subject.padEnd(8)} ${name.padEnd(8)} ${detail}`.trimEnd();
}

function textParts(report: Report): readonly [string, string, string] {
  switch (report.event) {
    case "accepted":
      return [shortId(report.id), "accepted", `from ${report.address}${sayVia(report.via)}`];
    case "open":
      return [shortId(report.id), "open", sayOpen(report)];
    case "message":
      return [shortId(report.id), "message", messageText(report.data)];
    case "verdict":
      return [shortId(report.id), report.verdict, sayVerdict(report.verdict, report.dialect)];
    case "beat":
      return [shortId(report.id), "beat", sayBeat(report.beat)];
    case "end":
      // A sentence is safe as it is: what the peer said in it was escaped when it was made.
      return [shortId(report.record.id), "end", report.record.sentence];
    case "rejected":
      return ["", "rejected", `${report.address} (${report.code})${sayDetail(report.detail)}`];
    case "dropped":
      return ["", "dropped", sayDropped(report.counts)];
    case "notice":
      return ["", "notice", printable(report.text)];
    default:
      return report satisfies never;
  }
}

/** As one JSON object. `textCharactersMax` cuts texts for a reader at a terminal. */
export function reportJson(
  report: Report,
  wallMs: number,
  textCharactersMax: number,
  worker?: number,
): string {
  const time = new Date(wallMs).toISOString();
  const who = worker === undefined ? {} : { worker };
  return jsonLine({ time, event: report.event, ...who, ...jsonFields(report, textCharactersMax) });
}

function jsonFields(report: Report, textCharactersMax: number): Readonly<Record<string, unknown>> {
  switch (report.event) {
    case "accepted":
      return { id: report.id, address: report.address, via: report.via };
    case "open":
      return {
        id: report.id,
        address: report.address,
        transport: report.transport,
        tls: report.tls,
        dialect: report.dialect,
      };
    case "message":
      return { id: report.id, ...messageFields(report.data, textCharactersMax) };
    case "verdict":
      return { id: report.id, verdict: report.verdict, was: report.was };
    case "beat":
      return { id: report.id, ...report.beat };
    case "end":
      return recordFields(report.record);
    case "rejected":
      return { code: report.code, address: report.address, detail: report.detail };
    case "dropped":
      return { counts: report.counts };
    case "notice":
      return { text: report.text };
    default:
      return report satisfies never;
  }
}

/** A message for a terminal or a text log. */
export function messageText(data: Message): string {
  if (typeof data === "string") return printable(data);
  const shown = toHex(data.subarray(0, 16));
  return `<${saySize(data.length)} of binary: ${shown}${data.length > 16 ? "…" : ""}>`;
}

/** A message as fields of a JSON object: `text`, or `base64` for bytes. */
export function messageFields(
  data: Message,
  textCharactersMax: number,
): Readonly<Record<string, unknown>> {
  const whole = typeof data === "string" ? data : Buffer.from(data).toString("base64");
  const key = typeof data === "string" ? "text" : "base64";
  if (whole.length <= textCharactersMax) return { [key]: whole };
  return { [key]: whole.slice(0, textCharactersMax), cut: true };
}

/** An end record without the messages themselves. */
export function recordFields(record: EndRecord): Readonly<Record<string, unknown>> {
  const { undelivered: _, cause, ...rest } = record;
  return { ...rest, ...(cause === undefined ? {} : { cause: cause.message }) };
}

/** A connection's id in text lines: enough to tell connections apart. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

/** `12:03:04` on the clock of this machine. */
export function clockText(wallMs: number): string {
  const at = new Date(wallMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** `3, answered in 2 ms` or `3, ping heard, the next is due within 30 s`. */
export function sayBeat(beat: Beat): string {
  if (beat.of === "ours") {
    if (beat.rttMs === undefined) return `${beat.seq}, answered`;
    return `${beat.seq}, answered in ${sayDuration(beat.rttMs)}`;
  }
  const next = beat.nextMs > 0 ? `, the next is due within ${sayDuration(beat.nextMs)}` : "";
  return `${beat.seq}, ping heard${next}`;
}

function sayVia(via: string | undefined): string {
  return via === undefined ? "" : ` via ${via}`;
}

function sayDetail(detail: string | undefined): string {
  return detail === undefined ? "" : `: ${detail}`;
}

function sayDropped(counts: Readonly<Record<string, number>>): string {
  const said = Object.entries(counts).map(([name, count]) => `${count} of "${name}"`);
  return `lines that nobody read in time: ${said.join(", ")}`;
}

function sayOpen({ address, dialect, transport, tls }: Extract<Report, { event: "open" }>): string {
  const over = [...(transport === "websocket" ? ["WebSocket"] : []), ...(tls ? [tls] : [])];
  const way = over.length === 0 ? "" : ` over ${over.join(" and ")}`;
  return `${address} speaks ${sayDialect(dialect)}${way}`;
}

function sayDialect(dialect: Dialect | undefined): string {
  return dialect === undefined ? "nothing yet" : `the ${dialect} dialect`;
}

function sayVerdict(verdict: Verdict, dialect: Dialect | undefined): string {
  switch (verdict) {
    case "alive":
      return "a sign of life came";
    case "slow":
      return "it takes output slowly, but it does take it";
    case "suspect":
      // A plain program may not know our ping, so it is not asked.
      return dialect === "frame"
        ? "no sign of life in time; it is being asked"
        : "no sign of life, and its time is nearly over";
    case "dead":
      return "nothing speaks for it any more";
    default:
      return verdict satisfies never;
  }
}
