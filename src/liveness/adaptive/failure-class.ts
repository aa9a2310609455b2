/**
 * What the end of a connection says about the path: did a box in between forget the flow, or was it
 * the network, the server, or we ourselves?
 *
 * Judged only once the next connection stands, since most of the evidence comes with it: dials that
 * failed, a slow handshake, the server's report on the connection before.
 *
 * Easy to break: a success is proof, a failure is only evidence. Whatever has another explanation
 * is no evidence about the path, and must not shorten anything.
 */

/** How a connection ended, as this side saw it. */
export interface ConnectionEnd {
  /**
   * "silent": no answer came. "reset": RST. "finished": FIN without a word. "told": the peer said
   * so, or we closed. "ours": our own fault (a stall, an abort, a reader too slow).
   */
  readonly how: "silent" | "reset" | "finished" | "told" | "ours" | "other";
  readonly heardMsAgo: number | undefined;
  readonly spokeMsAgo: number | undefined;
  /** Age and number of the unanswered ping, and the idle time before it, if there is one. */
  readonly pingMsAgo: number | undefined;
  readonly pingSeq: number | undefined;
  readonly pingIdleMs: number | undefined;
  readonly srttMs: number | undefined;
  readonly ourLatenessMs: number;
}

/** What is known once the link is online again. */
export interface Comeback {
  readonly failedDials: number;
  readonly offlineMs: number;
  /** What the handshake of the dial that succeeded took. */
  readonly handshakeMs: number;
  /** Undefined where it cannot be known, as in the line dialect. */
  readonly serverRestarted: boolean | undefined;
  readonly networkChanged: boolean;
  /** The server's report on the previous connection; undefined without one. */
  readonly report: PreviousConnectionReport | undefined;
}

export interface PreviousConnectionReport {
  readonly state: "open" | "ended" | "unknown";
  readonly lastPingSeq: number;
  readonly lastHeardMsAgo: number | undefined;
  /** How it ended there: a code such as PEER_SILENT or DRAINED. */
  readonly code: string | undefined;
}

/**
 * - "own-stall", "network-changed", "network-down", "server": no evidence about the path.
 * - "answer-lost": the ping had arrived there, so the path had kept the flow.
 * - "cut-while-idle": FIN or RST in the midst of silence, which is how a box says what it forgot.
 * - "reset-on-send": RST as the reply to a ping after silence.
 * - "swallowed": the server is well, and says that this ping never arrived.
 * - "unheard": no answer, and nobody to ask.
 * - "unexplained": none of these.
 */
export type FailureClass =
  | "own-stall"
  | "network-changed"
  | "network-down"
  | "server"
  | "answer-lost"
  | "cut-while-idle"
  | "reset-on-send"
  | "swallowed"
  | "unheard"
  | "unexplained";

/**
 * "certain": a packet said so, and the server did not send it. "strong": all known causes but an
 * outage that was over in time, or a server that nobody can ask, are excluded. "weak": no more than
 * that an answer is missing.
 */
export type EvidenceStrength = "certain" | "strong" | "weak";

export interface Judgement {
  readonly class: FailureClass;
  /** The gap that broke and how sure that is; undefined where the end says nothing of the path. */
  readonly broken: { readonly gapMs: number; readonly strength: EvidenceStrength } | undefined;
}

/** Our own lateness that spoils a measurement: a second, or a tenth of what was measured. */
const LATENESS_MS = 1_000;
const LATENESS_SHARE = 0.1;
/** A lost SYN is sent again after a second (RFC 6298, 2.1): a handshake that slow met trouble. */
const HANDSHAKE_MS_OF_TROUBLE = 1_000;
/** TCP, TLS and the greeting take up to four round trips; twice that is trouble, too. */
const HANDSHAKE_RTTS_OF_TROUBLE = 8;
/** A reset that answers a ping comes within a round trip; two allow for variance. */
const RESET_RTTS = 2;
const RESET_MS_MIN = 1_000;
/** Codes of a server that had seen its peer vanish, and had no reason of its own. */
const PEER_LOST_CODES: readonly string[] = ["PEER_SILENT", "PEER_RESET", "PEER_VANISHED"];

export function judgeFailure(end: ConnectionEnd, back: Comeback): Judgement {
  const excuse = excuseFor(end, back);
  if (excuse !== undefined) return { class: excuse, broken: undefined };
  if (end.how === "silent") return judgeSilence(end, back.report);
  if (end.how === "reset" || end.how === "finished")
    return judgeCut(end, back.report !== undefined);
  return { class: "unexplained", broken: undefined };
}

/** Every cause that needs no forgetful box. */
function excuseFor(end: ConnectionEnd, back: Comeback): FailureClass | undefined {
  if (back.networkChanged) return "network-changed";
  const measuredMs = end.pingIdleMs ?? end.heardMsAgo ?? 0;
  const toleratedMs = Math.max(LATENESS_MS, LATENESS_SHARE * measuredMs);
  if (end.how === "ours" || end.ourLatenessMs > toleratedMs) return "own-stall";
  if (end.how === "told" || back.serverRestarted === true) return "server";
  const { report } = back;
  if (report?.state === "ended" && !PEER_LOST_CODES.includes(report.code ?? "")) return "server";
  const troubleMs = Math.max(
    HANDSHAKE_MS_OF_TROUBLE,
    HANDSHAKE_RTTS_OF_TROUBLE * (end.srttMs ?? 0),
  );
  if (back.failedDials > 0 || back.handshakeMs >= troubleMs) return "network-down";
  return undefined;
}

function judgeSilence(end: ConnectionEnd, report: Comeback["report"]): Judgement {
  const { pingIdleMs: gapMs, pingSeq } = end;
  if (gapMs === undefined) return { class: "unexplained", broken: undefined };
  if (report === undefined || report.state === "unknown" || pingSeq === undefined) {
    return { class: "unheard", broken: { gapMs, strength: "weak" } };
  }
  if (report.lastPingSeq >= pingSeq) return { class: "answer-lost", broken: undefined };
  return { class: "swallowed", broken: { gapMs, strength: "strong" } };
}

function judgeCut(end: ConnectionEnd, isServerAsked: boolean): Judgement {
  const { pingMsAgo, pingIdleMs } = end;
  if (pingMsAgo === undefined || pingIdleMs === undefined) {
    if (end.heardMsAgo === undefined) return { class: "unexplained", broken: undefined };
    const gapMs = Math.min(end.heardMsAgo, end.spokeMsAgo ?? end.heardMsAgo);
    // A plain server may hang up without a word; one that reports would have said so.
    const strength = isServerAsked ? "certain" : "strong";
    return { class: "cut-while-idle", broken: { gapMs, strength } };
  }
  const isReply = pingMsAgo <= Math.max(RESET_MS_MIN, RESET_RTTS * (end.srttMs ?? 0));
  if (end.how === "reset" && isReply) {
    return { class: "reset-on-send", broken: { gapMs: pingIdleMs, strength: "certain" } };
  }
  return { class: "unexplained", broken: undefined };
}
