/**
 * What occurred in a run, or in many: a mild world proves nothing.
 *
 * A sweep is only worth something when everything that can happen did happen somewhere in it. So
 * the lists of what has to occur are derived from the tables of the product, less what cannot occur
 * here, each with its reason.
 */
import { ERRORS, type ErrorCode } from "../base/errors.ts";
import { NEXT, type Phase } from "../connection/phases.ts";
import type { Verdict } from "../liveness/monitor.ts";
import { FAULT_KINDS, type FaultKind, type SimEvent } from "./sim-event.ts";

export type Subject =
  | "faults"
  | "phases"
  | "verdicts"
  | "ends"
  | "statuses"
  | "link ends"
  | "observed";

export type CoverageCounts = Readonly<Record<Subject, Readonly<Record<string, number>>>>;

/** Boxes that were in the way of somebody prove nothing: a flow has to be lost in one. */
const BOX_KINDS: readonly FaultKind[] = [
  "mapping-lost-silent",
  "mapping-lost-reset",
  "expired-reset",
  "expired-finish",
];

/** Codes that no end of a connection can carry here, and why. */
const NOT_ENDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  OPTION_INVALID: "thrown at the call",
  URL_INVALID: "thrown at the call",
  LISTEN_FAILED: "nobody else listens there",
  MESSAGE_NOT_A_LINE: "thrown at the call",
  MESSAGE_TOO_LONG: "thrown at the call",
  OUTBOX_FULL: "thrown at the call",
  NOT_OPEN: "thrown at the call",
  ABORTED: "no application here uses an AbortSignal",
  VERSION_UNSUPPORTED: "there is one version",
  ADDRESS_MAX: "each host has an address of its own",
  UNAUTHORIZED: "every application here lets everybody in",
  TURNED_AWAY: "no server here says never to come back",
  REDIAL_EXHAUSTED: "the end of a link",
  GAVE_UP: "the end of a link",
  REDIRECTS_MAX: "no server here redirects",
  DIAL_FAILED: "there was no connection",
  PAGE_AWAY: "no page here is put away",
  PROXY_HEADER_INVALID: "no balancer in this network speaks for others",
  PROXY_UNTRUSTED: "no balancer in this network speaks for others",
  CERTIFICATE_INVALID: "no TLS in this network",
  CERTIFICATE_REFUSED: "no TLS in this network",
  TLS_FAILED: "no TLS in this network",
  UPGRADE_REFUSED: "no WebSocket in this network",
  UPGRADE_UNAVAILABLE: "no WebSocket in this network",
  WEBSOCKET_INVALID: "no WebSocket in this network",
};

/** Moves that cannot occur here, and why. */
const NOT_MOVES: readonly string[] = [];

const LINK_ENDS: readonly ErrorCode[] = ["CLOSED_HERE", "REDIAL_EXHAUSTED", "GAVE_UP"];

const OBSERVED = [
  "stall",
  "mass-expiry",
  "rejected CONNECTIONS_MAX",
  "rejected ACCEPT_RATE",
  "rejected HANDSHAKES_MAX",
] as const;

const STATUSES = ["connecting", "online", "suspect", "waiting", "ended"] as const;

/** Not "alive>slow": most peers that are slow are suspects first, and the rest is too rare. */
const VERDICTS: readonly string[] = [
  "alive>suspect",
  "slow>alive",
  "suspect>alive",
  "suspect>dead",
];

export class Coverage {
  readonly #counts: Record<Subject, Map<string, number>> = {
    faults: new Map(),
    phases: new Map(),
    verdicts: new Map(),
    ends: new Map(),
    statuses: new Map(),
    "link ends": new Map(),
    observed: new Map(),
  };

  onEvent(event: SimEvent): void {
    switch (event.what) {
      case "fault":
        if (!BOX_KINDS.includes(event.kind)) this.#count("faults", event.kind);
        return;
      case "flow-lost":
        return this.#count("faults", event.how);
      case "phase":
        return this.#countMoves(event.from, event.to);
      case "verdict":
        return this.#count("verdicts", verdictMove(event.was, event.verdict));
      case "end":
        return this.#count("ends", event.record.code);
      case "status":
        return this.#count("statuses", event.status.name);
      case "link-end":
        return this.#count("link ends", event.record.code);
      case "observed":
        return this.#count("observed", event.observation);
      default:
    }
  }

  get counts(): CoverageCounts {
    const entries = Object.entries(this.#counts).map(([subject, counts]) => [
      subject,
      Object.fromEntries([...counts].toSorted(([one], [other]) => (one < other ? -1 : 1))),
    ]);
    return Object.fromEntries(entries) as CoverageCounts;
  }

  merge(counts: CoverageCounts): void {
    for (const [subject, byName] of Object.entries(counts)) {
      for (const [name, count] of Object.entries(byName)) {
        this.#count(subject as Subject, name, count);
      }
    }
  }

  /** What has to occur and did not, as `ends: PING_FLOOD`. */
  missing(): readonly string[] {
    const missing: string[] = [];
    for (const [subject, names] of Object.entries(REQUIRED)) {
      const counts = this.#counts[subject as Subject];
      for (const name of names) if (!counts.has(name)) missing.push(`${subject}: ${name}`);
    }
    return missing;
  }

  /** One look from outside may see a connection several moves further. */
  #countMoves(from: Phase, to: Phase): void {
    const path = pathBetween(from, to);
    for (let at = 1; at < path.length; at++) this.#count("phases", `${path[at - 1]}>${path[at]}`);
  }

  #count(subject: Subject, name: string, by = 1): void {
    const counts = this.#counts[subject];
    counts.set(name, (counts.get(name) ?? 0) + by);
  }
}

const REQUIRED: Readonly<Record<Subject, readonly string[]>> = {
  faults: FAULT_KINDS,
  phases: allMoves().filter((move) => !NOT_MOVES.includes(move)),
  verdicts: VERDICTS,
  ends: Object.keys(ERRORS).filter((code) => !Object.hasOwn(NOT_ENDS, code)),
  statuses: STATUSES,
  "link ends": LINK_ENDS,
  observed: OBSERVED,
};

function allMoves(): readonly string[] {
  const moves = new Set<string>();
  for (const [from, triggers] of Object.entries(NEXT)) {
    for (const to of Object.values(triggers)) moves.add(`${from}>${to}`);
  }
  return [...moves];
}

function verdictMove(was: Verdict, verdict: Verdict): string {
  return `${was}>${verdict}`;
}

/** The shortest way in the table of phases; just the two ends where there is none. */
function pathBetween(from: Phase, to: Phase): readonly Phase[] {
  const paths: Phase[][] = [[from]];
  const seen = new Set<Phase>([from]);
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    const last = path.at(-1) as Phase;
    for (const next of Object.values(NEXT[last])) {
      if (next === to) return [...path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      paths.push([...path, next]);
    }
  }
  return [from, to];
}
