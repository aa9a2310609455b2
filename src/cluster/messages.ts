/**
 * What a primary and its workers say to each other: plain objects, checked where they arrive.
 *
 * The two may be of different releases, since a rolling restart starts whatever stands on the disk
 * by then: so the first message of each side carries the version, and any other is refused. Every
 * list and text is bounded; what breaks a bound is no message, and its sender is given up.
 */
import type { CertificateInForce } from "../transports/tls/certificates-in-force.ts";
import type { PortSharing } from "../transports/tcp/tcp-engine.ts";
import type { ListenerKernelOptions } from "../server/server.ts";
import type { ConnectionInfo } from "../server/server-connection.ts";
import type { ServerStats } from "../server/server-stats.ts";
import type { LimitName, LimitUse } from "../server/shared-limits.ts";

export const VERSION = 1;

/** A batch is cut at the first line that reaches it, and a line holds one message at most. */
export const BATCH_CHARACTERS = 65_536;
const LINES_CHARACTERS_MAX = 1024 ** 3;
export const ROWS_MAX = 500;
/** Some more than the addresses that a server notes, and the three other limits. */
const USES_MAX = 1_100;
const PARTS_MAX = 1_100;
/** A server has at most 64 addresses, and an address at most two urls. */
const URLS_MAX = 128;

export type ToWorker =
  | {
      readonly kind: "start";
      readonly version: number;
      readonly id: number;
      /** For the program of the worker, which checks it. */
      readonly work: unknown;
      readonly sharing: PortSharing;
      readonly parts: readonly (readonly [LimitName, number])[];
    }
  | { readonly kind: "limit"; readonly name: LimitName; readonly value: number }
  /** So many batches of lines have been written. */
  | { readonly kind: "taken"; readonly batches: number }
  | { readonly kind: "tell-rows"; readonly ask: number }
  /** `atOnce`: nobody waits for peers to leave. */
  | { readonly kind: "drain"; readonly atOnce: boolean };

/** What a server is, once it listens. */
export interface Listening {
  readonly urls: readonly string[];
  readonly kernel: readonly ListenerKernelOptions[];
  readonly certificates: readonly CertificateInForce[];
}

export type ToPrimary =
  | { readonly kind: "hello"; readonly version: number }
  | ({ readonly kind: "listening" } & Listening)
  | { readonly kind: "failed"; readonly code: string; readonly text: string }
  | {
      readonly kind: "state";
      readonly uses: readonly LimitUse[];
      readonly stats: ServerStats;
    }
  | { readonly kind: "obeyed"; readonly name: LimitName; readonly value: number }
  | { readonly kind: "lines"; readonly text: string }
  | {
      readonly kind: "rows";
      readonly ask: number;
      readonly rows: readonly ConnectionInfo[];
      readonly isLast: boolean;
    }
  /** The worker was told by a signal, and not by its primary, to go. */
  | { readonly kind: "leaving" }
  /** The last word. */
  | { readonly kind: "gone"; readonly stats: ServerStats };

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const TO_WORKER: Readonly<Record<ToWorker["kind"], Readonly<Record<string, Check>>>> = {
  start: {
    version: isCount,
    id: isCount,
    work: isObject,
    sharing: (value) => value === "reuse-port" || value === "one-handle",
    parts: listOf(PARTS_MAX, (one) => Array.isArray(one) && isLimit(one[0]) && isCount(one[1])),
  },
  limit: { name: isLimit, value: isCount },
  taken: { batches: isCount },
  "tell-rows": { ask: isCount },
  drain: { atOnce: (value) => typeof value === "boolean" },
};

const TO_PRIMARY: Readonly<Record<ToPrimary["kind"], Readonly<Record<string, Check>>>> = {
  hello: { version: isCount },
  listening: {
    urls: listOf(URLS_MAX, (url) => isText(url, 4_096)),
    kernel: listOf(URLS_MAX, isObject),
    certificates: listOf(1_000, isObject),
  },
  failed: { code: (value) => isText(value, 100), text: (value) => isText(value, 65_536) },
  state: { uses: listOf(USES_MAX, isUse), stats: isStats },
  obeyed: { name: isLimit, value: isCount },
  lines: { text: (value) => isText(value, LINES_CHARACTERS_MAX) },
  rows: {
    ask: isCount,
    rows: listOf(ROWS_MAX, (row) => isObject(row) && isText((row as Fields)["id"], 100)),
    isLast: (value) => typeof value === "boolean",
  },
  leaving: {},
  gone: { stats: isStats },
};

/** Undefined for anything that is no message of a primary. */
export function readToWorker(value: unknown): ToWorker | undefined {
  return isKnown(value, TO_WORKER) ? (value as ToWorker) : undefined;
}

/** Undefined for anything that is no message of a worker. */
export function readToPrimary(value: unknown): ToPrimary | undefined {
  return isKnown(value, TO_PRIMARY) ? (value as ToPrimary) : undefined;
}

function isKnown(value: unknown, table: Readonly<Record<string, Record<string, Check>>>): boolean {
  if (!isObject(value)) return false;
  const fields = value as Fields;
  const { kind } = fields;
  if (typeof kind !== "string" || !Object.hasOwn(table, kind)) return false;
  return Object.entries(table[kind] ?? {}).every(([name, check]) => check(fields[name]));
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isText(value: unknown, charactersMax: number): boolean {
  return typeof value === "string" && value.length <= charactersMax;
}

function isLimit(value: unknown): boolean {
  if (!isText(value, 200)) return false;
  return /^(?:connections|rate|buffer|address:.+)$/.test(value as string);
}

function isUse(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { name, used, wanted, hunger } = value as Fields;
  return isLimit(name) && isCount(used) && isCount(wanted) && [0, 1, 2].includes(hunger as number);
}

/** Counts, and counts by code. */
function isStats(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { ended, rejected, ...counts } = value as Fields;
  const byCode = [ended, rejected].every(
    (one) => isObject(one) && Object.values(one as Fields).every(isCount),
  );
  return byCode && isCount(counts["open"]) && Object.values(counts).every(isCount);
}

function listOf(lengthMax: number, check: Check): Check {
  return (value) => Array.isArray(value) && value.length <= lengthMax && value.every(check);
}
