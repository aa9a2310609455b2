/**
 * Promise 1: who falls silent is found dead within the documented bound.
 *
 * E is the last byte read, or the last time that some output was acknowledged while more waited
 * behind it. (A kernel acknowledges pings for a frozen process, too. The product takes that for
 * evidence once in a silence, until it has seen the count at 0; no later than that it counts here.)
 * From there the
 * README's table counts, plus ticks, plus our own lateness in sum; after a sleep of our
 * own process it counts once more from the awakening; and one answer time is added where the
 * mass-expiry rule may have held the verdict. A machine that is still there after that is found by
 * looking, not only by its end. A page is told of whole messages and of no kernel, so for it E is
 * the last message alone.
 *
 * Two seconds more are granted where E is output that moved: kernels are read once a second. While
 * our reading is paused silence is ours, so the clock starts anew when it goes on; that is known by
 * the fault, or by looking, five seconds late at the most. Nothing is judged while our own process
 * is in trouble.
 */
import type { EndTruth } from "../end-truth.ts";
import type { FaultKind, SimEvent } from "../sim-event.ts";
import type { MakeChecker, WorldView } from "../world-view.ts";
import {
  answerMsMax,
  clientBoundMs,
  farewellBoundMs,
  serverBoundMs,
  slackMs,
} from "./detection-bound.ts";
import { type CheckerTools, nameOf, toldChecker } from "./told-checker.ts";

const SLOW_READER: ReadonlySet<FaultKind> = new Set(["slow-reader"]);
const MOVED_LATE_MS = 2_000;
const WAKE_SPREAD_MS = 1_000;
const LOOK_EVERY_MS = 5_000;
/** From so many on the mass-expiry rule may hold verdicts. */
const CROWD = 50;
/** A verdict that was held while there were many is still held when most of them are gone. */
const CROWD_GONE_MS = 60_000;

export const deathInBound: MakeChecker = toldChecker("death-in-bound", (tools) => {
  const watch = new BoundWatch(tools);
  return {
    onEvent(event): void {
      if (event.what === "end") watch.onEnd(event);
    },
    onLook: (view) => watch.onLook(view),
  };
});

class BoundWatch {
  readonly #tools: CheckerTools;
  /** When reading was last seen paused. */
  readonly #pausedAtMs: Map<EndTruth, number> = new Map();
  /** When each server was last seen with a crowd. */
  readonly #crowdAtMs: Map<string, number> = new Map();

  constructor(tools: CheckerTools) {
    this.#tools = tools;
  }

  onEnd(event: SimEvent & { what: "end" }): void {
    const end = this.#tools.truth.end(event);
    if (end === undefined || event.record.by === "here") return;
    this.#judge(end, event.atMs, event.record.evidence.heldForMassExpiry);
    this.#pausedAtMs.delete(end);
  }

  onLook(view: WorldView): void {
    for (const { host, open } of view.servers) {
      if (open >= CROWD) this.#crowdAtMs.set(host, view.nowMs);
    }
    // A page cannot be looked into; what makes it pause can be seen.
    const behind = new Set(
      view.links
        .filter(({ terms, behindSinceMs }) => terms.isPage && behindSinceMs !== undefined)
        .map(({ host }) => host),
    );
    for (const flow of this.#tools.truth.flows.values()) {
      for (const end of [flow.client, flow.server]) {
        if (end?.isWatched !== true) continue;
        const isPaused = view.machine(end.flow, end.side)?.look().reading.isPaused;
        if (isPaused ?? behind.has(end.host)) this.#pausedAtMs.set(end, view.nowMs);
        this.#judge(end, view.nowMs, false);
      }
    }
  }

  #judge(end: EndTruth, atMs: number, wasHeld: boolean): void {
    const { truth, view, report } = this.#tools;
    const troubleMs = truth.troubleEndMs(end.host, end.heardAtMs);
    if (troubleMs !== undefined && troubleMs >= atMs) return;
    const boundMs = this.#boundMs(end, wasHeld);
    if (boundMs === undefined) return;
    const fromMs = this.#evidenceAtMs(end, troubleMs ?? 0);
    const lateMs = view.latenessMs(end.host, fromMs, atMs);
    const deadByMs = Math.max(fromMs + boundMs + lateMs, (troubleMs ?? 0) + boundMs);
    if (atMs <= deadByMs) return;
    const silentMs = Math.round(atMs - fromMs);
    const sentence =
      `${nameOf(end)} at ${end.host} was silent for ${silentMs} ms and was not found dead ` +
      `by then; the bound is ${Math.round(deadByMs - fromMs)} ms`;
    report(`${end.flow}/${end.side}`, atMs, sentence);
  }

  #boundMs(end: EndTruth, wasHeld: boolean): number | undefined {
    const { truth, view, terms } = this.#tools;
    const own = end.side === "client" ? terms.link(end.host)?.terms : terms.server(end.host);
    if (own === undefined) return undefined;
    const slack = slackMs(own);
    if (end.phase === "closing" || end.phase === "finishing") return farewellBoundMs() + slack;
    if ("intervalMs" in own) {
      // A dial has a deadline of its own, and a peer that never answers another bound.
      if (end.phase !== "open") return own.redial.attemptTimeoutMs + slack;
      return own.answersExpected ? clientBoundMs(own, end) + slack : undefined;
    }
    const boundMs = serverBoundMs(own, end, truth.peer(end)) + slack;
    const crowdAtMs = this.#crowdAtMs.get(end.host) ?? Number.NEGATIVE_INFINITY;
    const mayHold = wasHeld || crowdAtMs > view.nowMs - CROWD_GONE_MS;
    const answerMs = own.answerWithinMs === false ? 15_000 : own.answerWithinMs;
    return mayHold ? boundMs + answerMs : boundMs;
  }

  #evidenceAtMs(end: EndTruth, troubleMs: number): number {
    const isPage = end.side === "client" && this.#tools.terms.link(end.host)?.terms.isPage === true;
    const takenAtMs = Math.max(end.movedAtMs ?? 0, this.#takenAtMs(end, troubleMs));
    const movedAtMs = isPage ? 0 : takenAtMs;
    const paused = this.#pausedAtMs.get(end);
    return Math.max(
      end.heardAtMs,
      movedAtMs === 0 ? 0 : movedAtMs + MOVED_LATE_MS,
      paused === undefined ? 0 : paused + LOOK_EVERY_MS,
      this.#slowUntilMs(end),
      end.phaseAtMs, // How long we take to decide, or to say goodbye, has bounds of its own.
    );
  }

  /** Until when an application did not read, at either end, since the last byte was heard. */
  #slowUntilMs(end: EndTruth): number {
    const { truth } = this.#tools;
    const host = truth.flows.get(end.flow)?.client?.host ?? end.host;
    const pauses = truth.touching(host, SLOW_READER, end.heardAtMs, truth.nowMs);
    return Math.max(0, ...pauses.map(({ untilMs }) => untilMs ?? truth.nowMs));
  }

  /**
   * A kernel that is read while an answer is doubted, and has less left than at the reading before,
   * took output, if it had not taken everything before. From outside: the last time that it
   * acknowledged anything between the question (the last byte heard, where none can be asked) and
   * the second reading after doubt began.
   */
  #takenAtMs(end: EndTruth, troubleMs: number): number {
    const { askedAtMs, ackedAtMs, heardAtMs } = end;
    const { terms } = this.#tools;
    const own = end.side === "client" ? terms.link(end.host)?.terms : terms.server(end.host);
    if (ackedAtMs === undefined || own === undefined) return 0;
    if (ackedAtMs < (askedAtMs ?? heardAtMs)) return 0;
    // Whoever cannot be asked is doubted before its timeout is over, and not after.
    if (askedAtMs === undefined) {
      return Math.min(ackedAtMs, Math.max(heardAtMs, troubleMs) + own.timeoutMs);
    }
    // After an awakening it is asked anew, within a second.
    const askedMs = Math.max(askedAtMs, troubleMs === 0 ? 0 : troubleMs + WAKE_SPREAD_MS);
    const doubtMs = (answerMsMax(own, end) * 2) / 3;
    return Math.min(ackedAtMs, askedMs + doubtMs + MOVED_LATE_MS);
  }
}
