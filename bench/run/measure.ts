/**
 * All figures of one contender in one round, each from a fresh process that lived through the same
 * things in the same order.
 *
 * What is easy to break: the server's CPU time is taken by the load generator for exactly the
 * window that it measured, so no figure here divides one clock's work by another clock's time.
 */
import type { Contender, Variant } from "../contenders/contender.ts";
import type { FigureId } from "../figures.ts";
import type { AmountsAsked } from "../results.ts";
import { median } from "../stats/summary.ts";
import type { LoadAnswer, LoadGenerator } from "./load-generator.ts";
import type { Scene, Theatre } from "./scene.ts";
import type { ServerProcess } from "./server-process.ts";

export interface Measured {
  readonly value: number;
  readonly serverShare?: number;
  readonly loadShare?: number;
}

export type Figures = Partial<Record<FigureId, Measured>>;

/** What people set for servers that beat; only how often they are asked depends on it. */
const ORDINARY_BEAT_MS = 25_000;
/** Beats of the server, at the rate of the other way round: connections over interval. */
const SERVER_BEAT_MS = 500;
/** Before a share of the time that is measured, so that code is compiled and buffers have grown. */
const WARM_UP_SHARE = 0.2;
const ECHO_WINDOW = 256;
const MICROSECONDS = 1e6;
/** All pings have left long before, on any machine that can be measured on. */
const HOLD_MS_MAX = 5_000;
/** What a server may open for itself once somebody was there. */
const OWN_DESCRIPTORS = 16;

/** @throws Error that says which contender and which order failed. */
export async function measure(
  theatre: Theatre,
  contender: Contender,
  amounts: AmountsAsked,
): Promise<Figures> {
  const has = (kind: Variant["kind"]): boolean => contender.variants.includes(kind);
  const figures = await theatre.play((scene) =>
    new Visit(scene, contender, amounts).wholeLife(ordinaryVariant(contender)),
  );
  if (has("silent")) {
    const oneWay = await theatre.play((scene) => new Visit(scene, contender, amounts).oneWay());
    Object.assign(figures, oneWay);
  }
  if (has("beating")) {
    const beats = await theatre.play((scene) => new Visit(scene, contender, amounts).serverBeats());
    Object.assign(figures, beats);
  }
  return figures;
}

/** How people run it. */
export function ordinaryVariant({ variants }: Contender): Variant {
  if (variants.includes("answering")) return { kind: "answering" };
  return { kind: "beating", beatIntervalMs: ORDINARY_BEAT_MS };
}

/** One process of a contender, from its start to its end. */
class Visit {
  readonly #scene: Scene;
  readonly #contender: Contender;
  readonly #amounts: AmountsAsked;

  constructor(scene: Scene, contender: Contender, amounts: AmountsAsked) {
    this.#scene = scene;
    this.#contender = contender;
    this.#amounts = amounts;
  }

  async wholeLife(variant: Variant): Promise<Figures> {
    const { server, load } = await this.#open(variant);
    const empty = { bytes: await server.weigh(), descriptors: server.descriptorCount() };
    const figures = await this.#crowd(server, load);
    if (variant.kind === "answering") {
      if (this.#contender.hasTimers) figures.burstLateness = await this.#bursts(server, load);
      Object.assign(figures, await this.#heartbeats(load));
    } else await load.closeTo(this.#amounts.idleConnections);
    if (this.#contender.hasMessages) Object.assign(figures, await this.#messages(load));
    await load.closeTo(0);
    await server.hasLetGo(empty.descriptors + OWN_DESCRIPTORS);
    figures.memoryAfter = { value: (await server.weigh()) - empty.bytes };
    return figures;
  }

  async oneWay(): Promise<Figures> {
    const { idleConnections, beatRate, beatSeconds } = this.#amounts;
    const { load } = await this.#open({ kind: "silent" });
    await load.openSilent(Math.ceil(idleConnections / 3));
    await load.oneWay(beatRate, beatSeconds * WARM_UP_SHARE);
    const beats = unharmed(await load.oneWay(beatRate, beatSeconds));
    return { cpuPerOneWayBeat: cpuEach(beats, beats.sent) };
  }

  async serverBeats(): Promise<Figures> {
    const { broadcastConnections, beatSeconds } = this.#amounts;
    const { load } = await this.#open({ kind: "beating", beatIntervalMs: SERVER_BEAT_MS });
    await load.open(broadcastConnections);
    const wholeIntervals = Math.max(1, Math.round((beatSeconds * 1000) / SERVER_BEAT_MS));
    await load.idle(SERVER_BEAT_MS / 1000);
    const beats = unharmed(await load.idle((wholeIntervals * SERVER_BEAT_MS) / 1000));
    return { cpuPerServerBeat: cpuEach(beats, beats.beats) };
  }

  /** Memory by the slope, and the storm on the way there. */
  async #crowd(server: ServerProcess, load: LoadGenerator): Promise<Figures> {
    const { slopeFrom, slopeTo, stormConnections } = this.#amounts;
    await load.open(slopeFrom);
    const few = await server.weigh();
    const storm = unharmed(await load.open(slopeFrom + stormConnections));
    await load.open(slopeTo);
    const many = await server.weigh();
    return {
      acceptsPerSecond: { value: storm.perSecond, ...shares(storm) },
      memoryPerConnection: { value: (many - few) / (slopeTo - slopeFrom) },
    };
  }

  /**
   * The server is held back until all have pinged, so that it finds all pings at once. What sending
   * them took says whether it was held for long enough; if not, it is held for longer.
   */
  async #bursts(server: ServerProcess, load: LoadGenerator): Promise<Measured> {
    const { burstCount, burstHoldMs } = this.#amounts;
    const latenesses: number[] = [];
    let heldMs = burstHoldMs;
    while (latenesses.length < burstCount) {
      await server.hold(heldMs);
      const burst = unharmed(await load.burst());
      const latenessMs = await server.latenessMs();
      if (burst.seconds * 1000 < heldMs) latenesses.push(latenessMs);
      else if ((heldMs *= 2) > HOLD_MS_MAX) throw new Error("pinging all took too long");
    }
    return { value: median(latenesses) ?? Number.NaN };
  }

  async #heartbeats(load: LoadGenerator): Promise<Figures> {
    const { idleConnections, beatRate, beatSeconds, saturateWindow, saturateSeconds } =
      this.#amounts;
    await load.closeTo(idleConnections);
    await load.beat(beatRate, beatSeconds * WARM_UP_SHARE);
    const steady = unharmed(await load.beat(beatRate, beatSeconds));
    await load.saturate(saturateWindow, saturateSeconds * WARM_UP_SHARE);
    const flat = unharmed(await load.saturate(saturateWindow, saturateSeconds));
    const figures: Figures = {
      cpuPerBeat: cpuEach(steady, steady.count),
      beatsPerSecond: { value: flat.perSecond, ...shares(flat) },
    };
    if (flat.p50Us !== undefined) figures.answerP50 = { value: flat.p50Us };
    if (flat.p99Us !== undefined) figures.answerP99 = { value: flat.p99Us };
    return figures;
  }

  async #messages(load: LoadGenerator): Promise<Figures> {
    const { echoSeconds, broadcastConnections, broadcastSeconds } = this.#amounts;
    const echo = async (bytes: number): Promise<Measured> => {
      await load.echo(bytes, ECHO_WINDOW, echoSeconds * WARM_UP_SHARE);
      const echoes = unharmed(await load.echo(bytes, ECHO_WINDOW, echoSeconds));
      return { value: echoes.perSecond, ...shares(echoes) };
    };
    const echo64PerSecond = await echo(64);
    const echo1024PerSecond = await echo(1024);
    await load.closeTo(broadcastConnections);
    await load.broadcast(64, broadcastSeconds * WARM_UP_SHARE);
    const all = unharmed(await load.broadcast(64, broadcastSeconds));
    const broadcastPerSecond = { value: all.perSecond, ...shares(all) };
    return { echo64PerSecond, echo1024PerSecond, broadcastPerSecond };
  }

  async #open(variant: Variant): Promise<{ server: ServerProcess; load: LoadGenerator }> {
    const server = await this.#scene.server(this.#contender, variant);
    const { protocol, handshakesMax } = this.#contender;
    return { server, load: this.#scene.load(server, protocol, handshakesMax) };
  }
}

/** A server that closed somebody, or left somebody unanswered, has no figure. */
export function unharmed(answer: LoadAnswer): LoadAnswer {
  const { closedByServer, lost, sent } = answer;
  if (closedByServer > 0) throw new Error(`the server closed ${closedByServer} connections`);
  if (lost > sent / 1000) throw new Error(`${lost} of ${sent} were not answered within a second`);
  return answer;
}

/**
 * How busy the server's core was. The process's own time does not hold what the kernel's threads
 * do there for its sake, which is a tenth of a core and more when thousands beat.
 */
function shares(answer: LoadAnswer): { serverShare: number; loadShare: number } {
  const { seconds, serverCpuSeconds, serverCoreIdleSeconds: idle, loadCpuSeconds } = answer;
  const busySeconds = idle === undefined ? serverCpuSeconds : seconds - idle;
  return { serverShare: busySeconds / seconds, loadShare: loadCpuSeconds / seconds };
}

function cpuEach(answer: LoadAnswer, count: number): Measured {
  if (count === 0) throw new Error("nothing was sent or answered while CPU was measured");
  return { value: (answer.serverCpuSeconds / count) * MICROSECONDS, ...shares(answer) };
}
