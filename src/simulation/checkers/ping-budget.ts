/**
 * Rule 5.9: our links stay within the budget of pings, floods are answered within it, and a peer
 * that floods over frames is ended.
 *
 * The budget is a bucket of 50, one back per `pingIntervalMsMin`. Pings are counted as links write
 * them, answers as the server writes them; one that waited is one more at the most. A flood is
 * pings at more than twice the budget. It must end within 60 s, for which 15 s are added, as pings
 * that are written are not read yet. Plain line peers may flood up to ten times the budget.
 */
import type { EndTruth } from "../end-truth.ts";
import type { SimEvent } from "../sim-event.ts";
import type { MakeChecker, WorldView } from "../world-view.ts";
import { type CheckerTools, nameOf, toldChecker } from "./told-checker.ts";

const BURST = 50;
const PATIENCE_MS = 60_000;
const PATIENCE_SLACK_MS = 15_000;
const FORGIVEN_AFTER_MS = 5_000;

export const pingBudget: MakeChecker = toldChecker("ping-budget", (tools) => {
  const counter = new PingCounter(tools);
  return {
    onEvent: (event) => counter.onEvent(event),
    onLook: (view) => counter.onLook(view),
  };
});

/** Above the budget when it is empty; `overAt` is when that last happened. */
class Bucket {
  #left: number;
  #filledAtMs: number | undefined;
  readonly #size: number;
  readonly #intervalMs: number;

  constructor(size: number, intervalMs: number) {
    this.#size = size;
    this.#left = size;
    this.#intervalMs = intervalMs;
  }

  /** False: there is nothing left for this one. */
  take(atMs: number): boolean {
    const back = (atMs - (this.#filledAtMs ?? atMs)) / this.#intervalMs;
    this.#filledAtMs = atMs;
    this.#left = Math.min(this.#size, this.#left + back);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

interface Flood {
  readonly bucket: Bucket;
  sinceMs: number | undefined;
  aboveAtMs: number;
}

class PingCounter {
  readonly #tools: CheckerTools;
  readonly #pings: Map<EndTruth, Bucket> = new Map();
  readonly #pongs: Map<EndTruth, Bucket> = new Map();
  readonly #floods: Map<EndTruth, Flood> = new Map();

  constructor(tools: CheckerTools) {
    this.#tools = tools;
  }

  onEvent(event: SimEvent): void {
    const end = "flow" in event && "side" in event ? this.#tools.truth.end(event) : undefined;
    if (end === undefined) return;
    if (event.what === "flow-closed") {
      this.#pings.delete(end);
      this.#pongs.delete(end);
      this.#floods.delete(end);
    }
    if (event.what !== "wrote") return;
    for (const { said } of end.saidNow) {
      if (said === "ping" && end.side === "client") this.#onPing(end, event.atMs);
      if (said === "pong" && end.side === "server") this.#onPong(end, event.atMs);
    }
  }

  onLook(view: WorldView): void {
    for (const [end, flood] of this.#floods) {
      if (flood.sinceMs === undefined || view.nowMs - flood.aboveAtMs > FORGIVEN_AFTER_MS) continue;
      const server = this.#tools.truth.peer(end);
      if (server?.isWatched !== true || server.phase !== "open") continue;
      // It must have been read, by a process that ran, to be counted.
      const isHeard = (server.lastReadAtMs ?? 0) > view.nowMs - FORGIVEN_AFTER_MS;
      const trouble = this.#tools.truth.troubleEndMs(server.host, flood.sinceMs);
      if (!isHeard || trouble !== undefined || end.unackedBytes > 1_000) continue;
      const lastedMs = view.nowMs - flood.sinceMs;
      if (lastedMs < PATIENCE_MS + PATIENCE_SLACK_MS) continue;
      const sentence = `${nameOf(end)} floods with pings for ${Math.round(lastedMs)} ms`;
      this.#tools.report(`flood/${end.flow}`, view.nowMs, sentence);
    }
  }

  #intervalMs(server: EndTruth | undefined): number | undefined {
    const terms = server && this.#tools.terms.server(server.host);
    const intervalMs = terms?.pingIntervalMsMin ?? false;
    return intervalMs === false ? undefined : intervalMs;
  }

  #onPing(end: EndTruth, atMs: number): void {
    const server = this.#tools.truth.peer(end);
    const intervalMs = this.#intervalMs(server);
    if (intervalMs === undefined) return;
    if (!end.isMachine) {
      if (end.spoken.dialect === "frame") this.#onFlood(end, intervalMs, atMs);
      return;
    }
    const bucket = this.#pings.get(end) ?? new Bucket(BURST, intervalMs);
    this.#pings.set(end, bucket);
    if (bucket.take(atMs)) return;
    const sentence = `${nameOf(end)} at ${end.host} pings faster than one per ${intervalMs} ms`;
    this.#tools.report(`pings/${end.flow}`, atMs, sentence);
  }

  #onFlood(end: EndTruth, intervalMs: number, atMs: number): void {
    const flood = this.#floods.get(end) ?? {
      bucket: new Bucket(BURST, intervalMs / 2),
      sinceMs: undefined,
      aboveAtMs: Number.NEGATIVE_INFINITY,
    };
    this.#floods.set(end, flood);
    if (flood.bucket.take(atMs)) return;
    if (atMs - flood.aboveAtMs > FORGIVEN_AFTER_MS) flood.sinceMs = atMs;
    flood.aboveAtMs = atMs;
  }

  #onPong(end: EndTruth, atMs: number): void {
    const intervalMs = this.#intervalMs(end);
    if (intervalMs === undefined || !end.isMachine) return;
    const bucket = this.#pongs.get(end) ?? new Bucket(BURST + 2, intervalMs);
    this.#pongs.set(end, bucket);
    if (bucket.take(atMs)) return;
    const sentence = `${nameOf(end)} answers more pings than one per ${intervalMs} ms`;
    this.#tools.report(`pongs/${end.flow}`, atMs, sentence);
  }
}
