/**
 * Promise 2: no live connection is ended by our own fault.
 *
 * Five ways in which an end says "the peer is to blame" and the truth says otherwise:
 * - "unread": bytes of the peer had arrived and waited in our kernel, since before the verdict,
 *   while we were reading. Never right, whatever else happened.
 * - "early": a verdict of silence sooner than the shortest time that rules 5.2, 5.3, 5.5 and 5.6
 *   allow: a line client before its timeout; anybody who can be asked before a ping was written and
 *   the answer time over. An answer time is shorter after a sleep of our process (1 s) and for the
 *   second question of a mass expiry (half).
 * - "worked": everything that either process wrote was acknowledged by the other kernel, no bytes
 *   took longer than a second since the ping, the peer's process ran all the time and its machine
 *   was open, and still it was called silent. Outages and lost mappings leave unacknowledged
 *   bytes, so they need no list of excuses.
 * - "moving": the peer took output of ours less than a third of an answer time before it was called
 *   silent (rule 5.4; before two thirds are over nobody is suspected, and kernels are not read), or
 *   read 128 KiB within the time in which 64 KiB would have been enough. Over frames a stranger is
 *   let off: it confirms nothing of what it reads.
 * - "paused": `READER_TOO_SLOW` although something was read within the time allowed.
 *
 * A page does not see what kernels acknowledge, only what the peer says. So "moving" is not held
 * against its verdicts of silence; what the peer read, as said above, is.
 */
import type { EndRecord } from "../../connection/end-record.ts";
import type { EndTruth } from "../end-truth.ts";
import type { SimEvent } from "../sim-event.ts";
import type { ClientTerms, MakeChecker, ServerTerms } from "../world-view.ts";
import { answerMsMin } from "./detection-bound.ts";
import { Taken } from "./taken.ts";
import { type CheckerTools, nameOf, toldChecker } from "./told-checker.ts";

/** Alarms are asked for in fractions of a millisecond; events carry rounded ones. */
const ROUNDING_MS = 2;
/** Kernels are read once a second for all who ask, so what moves last is not seen. */
const UNSEEN_MS = 1_250;
const READING_MS = 1_500;
const PROGRESS_BYTES = 128 * 1024;
/** Two kernel buffers may fill, and a rounded second pass, after our reading stopped. */
const PAUSE_SLACK_MS = 1_500;
/** More than this hides a question, as promised, with a margin for what is not a message. */
const AHEAD_BYTES_MAX = 66 * 1024;
/** A peer that ran, but a little late, answered in time all the same if it had most of it. */
const PEER_LATE_SHARE = 0.1;

const BLAMES_PEER: ReadonlySet<string> = new Set([
  "PEER_SILENT",
  "HANDSHAKE_TIMEOUT",
  "UNFINISHED_TOO_LONG",
  "DIAL_TIMEOUT",
]);

export const falseDeath: MakeChecker = toldChecker("false-death", (tools) => {
  const court = new Court(tools);
  return { onEvent: (event) => court.onEvent(event) };
});

interface Case {
  readonly end: EndTruth;
  readonly peer: EndTruth | undefined;
  readonly terms: ClientTerms | ServerTerms;
  readonly record: EndRecord;
  readonly atMs: number;
}

class Court {
  readonly #tools: CheckerTools;
  readonly #taken = new Taken();

  constructor(tools: CheckerTools) {
    this.#tools = tools;
  }

  onEvent(event: SimEvent): void {
    if (event.what === "read") this.#taken.onRead(event);
    if (event.what === "flow-closed") this.#taken.onClosed(event);
    if (event.what === "end") this.#onEnd(event);
  }

  #onEnd({ flow, side, host, atMs, record }: SimEvent & { what: "end" }): void {
    const { truth, terms } = this.#tools;
    const end = truth.end({ flow, side, host });
    const own = side === "client" ? terms.link(host)?.terms : terms.server(host);
    if (end === undefined || own === undefined || record.by === "peer") return;
    const peer = truth.peer(end);
    const here: Case = { end, peer, terms: own, record, atMs };
    if (BLAMES_PEER.has(record.code)) this.#checkUnread(here);
    if (record.code === "PEER_SILENT") this.#onSilent(here);
    if (record.code === "PEER_TAKES_NOTHING") this.#checkProgress(here);
    if (record.code === "READER_TOO_SLOW") this.#checkPause(here);
  }

  #onSilent(here: Case): void {
    const { end, terms, record } = here;
    if ("answersExpected" in terms && !terms.answersExpected) return;
    const isAsked = end.side === "client" || end.spoken.dialect === "frame";
    if (isAsked && record.wasOpen) {
      this.#checkAsked(here);
      if (!isPage(terms)) this.#checkMoving(here);
      if (end.spoken.dialect === "frame") this.#checkWorked(here);
    } else this.#checkTimeout(here);
  }

  #checkUnread(here: Case): void {
    const { end, atMs } = here;
    const since = end.unreadSinceMs;
    if (since === undefined || since >= atMs - ROUNDING_MS) return;
    const waited = Math.round(atMs - since);
    this.#tell(here, "unread", `although bytes of the peer had waited unread for ${waited} ms`);
  }

  #checkTimeout(here: Case): void {
    const { end, terms, atMs } = here;
    const silentMs = atMs - end.heardAtMs;
    if (silentMs >= terms.timeoutMs - ROUNDING_MS) return;
    this.#tell(here, "early", `after ${Math.round(silentMs)} ms, before its timeout`);
  }

  #checkAsked(here: Case): void {
    const { end, terms, record, atMs } = here;
    if (end.isRefused) return; // The question stands behind what the kernel does not take.
    if (end.askedAtMs === undefined) {
      this.#tell(here, "early", "without a ping since its last byte");
      return;
    }
    const slept = this.#tools.truth.troubleEndMs(end.host, end.heardAtMs) !== undefined;
    const answerMs = answerMsMin(terms, slept, record.evidence.heldForMassExpiry);
    const leastMs = isBehind(here) ? Math.max(answerMs, terms.drainTimeoutMs) : answerMs;
    const waitedMs = atMs - end.askedAtMs;
    if (waitedMs >= leastMs - ROUNDING_MS) return;
    const waited = Math.round(waitedMs);
    this.#tell(here, "early", `${waited} ms after it was asked; ${leastMs} ms are the least`);
  }

  #checkMoving(here: Case): void {
    const { end, terms, atMs } = here;
    const { movedAtMs, askedAtMs, wasEmptySinceAsked } = end;
    if (movedAtMs === undefined || askedAtMs === undefined || movedAtMs < askedAtMs) return;
    const ago = atMs - movedAtMs;
    if (wasEmptySinceAsked || ago < UNSEEN_MS) return;
    if (ago < answerMsMin(terms, false, false) / 3)
      this.#tell(here, "moving", `${Math.round(ago)} ms after it took output`);
  }

  #checkWorked(here: Case): void {
    const { end, peer, atMs } = here;
    const { truth, view } = this.#tools;
    const flow = truth.flows.get(end.flow);
    if (flow === undefined || peer?.isWatched !== true || peer.phase !== "open") return;
    if (end.unackedBytes > 0 || peer.unackedBytes > 0) return;
    const fromMs = end.askedAtMs ?? end.heardAtMs;
    if (flow.lostAtMs !== undefined) return;
    if (flow.lateBytesAtMs !== undefined && flow.lateBytesAtMs >= fromMs) return;
    if (truth.troubleEndMs(peer.host, fromMs) !== undefined) return;
    const lateMs = view.latenessMs(peer.host, fromMs, atMs);
    if (lateMs > PEER_LATE_SHARE * (atMs - fromMs)) return;
    this.#tell(here, "worked", "although the path carried everything and the peer's process ran");
  }

  #checkProgress(here: Case): void {
    const { end, peer, terms, atMs } = here;
    if (peer === undefined || (end.spoken.dialect === "frame" && !peer.isMachine)) return;
    const fromMs = atMs - terms.drainTimeoutMs + READING_MS;
    const takenBytes = this.#taken.bytesBetween(peer, fromMs, atMs - READING_MS);
    if (takenBytes < PROGRESS_BYTES) return;
    // What the peer said of it may not have come back.
    if (peer.unackedBytes > 0 && peer.unackedSinceMs > fromMs) return;
    if (peer.unackedBytes > 0 && end.spoken.dialect === "frame") return;
    this.#tell(here, "moving", `although it had read ${takenBytes} bytes in that time`);
  }

  #checkPause(here: Case): void {
    const { end, terms } = here;
    if (isPage(terms)) return this.#checkBehind(here);
    // From that moment on it says goodbye, and reads again what it throws away.
    const ago = end.phaseAtMs - (end.heardBeforePhaseMs ?? end.openedAtMs);
    if (end.phase !== "closing" || ago >= terms.pauseMsMax - PAUSE_SLACK_MS) return;
    this.#tell(here, "paused", `although it had read ${Math.round(ago)} ms before`);
  }

  /** A page reads on; it is its application that is behind. */
  #checkBehind(here: Case): void {
    const { end, terms, atMs } = here;
    const link = this.#tools.view.links.find(({ host }) => host === end.host);
    const sinceMs = link?.behindSinceMs ?? atMs;
    const ago = atMs - Math.max(sinceMs, end.openedAtMs);
    if (ago >= terms.pauseMsMax - PAUSE_SLACK_MS) return;
    this.#tell(here, "paused", `although it was behind for ${Math.round(ago)} ms only`);
  }

  #tell({ end, record, atMs }: Case, what: string, why: string): void {
    const sentence = `${nameOf(end)} at ${end.host} ended its peer with ${record.code} ${why}`;
    this.#tools.report(`${what}/${end.flow}/${end.side}`, atMs, sentence);
  }
}

/**
 * A page cannot know that what it wrote before the question was taken, and nobody tells it where
 * there are only lines: the answer has as long as output may stand still.
 */
function isBehind({ end, terms }: Case): boolean {
  const isMuch = end.askedBehindBytes > AHEAD_BYTES_MAX;
  return isPage(terms) && end.spoken.dialect === "line" && isMuch;
}

function isPage(terms: ClientTerms | ServerTerms): boolean {
  return "isPage" in terms && terms.isPage;
}
