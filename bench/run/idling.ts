/**
 * What watching costs while nobody says anything, of several servers at the same time.
 *
 * A server that idles leaves the core to the others, and the clock of a process counts its own time
 * only, in nanoseconds. So windows can be long without a long run, and a fiftieth of a percent of a
 * core shows. Before the first window everybody beats once, and collectors and compilers are given
 * time to finish with what was before.
 *
 * Easy to break: 60 s of silence would end the connections, so between two windows whoever was not
 * heard for long beats once more. On a slow machine these beats take longer than the windows.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Contender } from "../contenders/contender.ts";
import type { AmountsAsked, ContenderResult, Sample } from "../results.ts";
import type { LoadAnswer, LoadGenerator } from "./load-generator.ts";
import { ordinaryVariant, unharmed } from "./measure.ts";
import type { Scene, Theatre } from "./scene.ts";

export interface Idled {
  readonly id: string;
  /** One for each window, or for each batch of a server that beats by itself. */
  readonly samples: readonly Sample[];
  readonly faults: readonly string[];
}

interface Idler {
  readonly contender: Contender;
  readonly load: LoadGenerator;
  /** When all its connections had last said something. */
  readonly heardAt: number;
}

/** All beat once, at a rate that every server can take. */
const REFRESH_PER_SECOND = 15_000;
/** A little longer than it takes: by the clock, a beat or two might be missing at the end. */
const REFRESH_SHARE = 1.05;
const AFTER_REFRESH_MS = 1_000;
/** While others are still being filled, whoever waits for them must not be silent for longer. */
const STALE_MS = 20_000;

export async function measureIdling(
  theatre: Theatre,
  contenders: readonly Contender[],
  amounts: AmountsAsked,
  tell: (batch: number, batches: number) => void,
): Promise<Idled[]> {
  const samples = new Map<string, Sample[]>(contenders.map(({ id }) => [id, []]));
  const faults = new Map<string, string[]>(contenders.map(({ id }) => [id, []]));
  const batches = batchesOf(contenders, amounts.idleTogether);
  for (const [index, batch] of batches.entries()) {
    tell(index, batches.length);
    await theatre.play(async (scene) => {
      const fail = ({ id }: Contender, why: unknown): void => {
        if (!theatre.isClosed) faults.get(id)?.push(`idling: ${sentenceOf(why)}`);
      };
      const idlers = await enter(scene, batch, amounts, fail);
      for (const { contender, answers } of await idle(idlers, amounts, fail)) {
        const found = beats(contender)
          ? [{ round: index, value: shareOf(answers) }]
          : answers.map((answer, round) => ({ round, value: shareOf([answer]) }));
        samples.get(contender.id)?.push(...found);
      }
    });
    if (theatre.isClosed) return [];
  }
  return contenders.map(({ id }) => ({
    id,
    samples: samples.get(id) ?? [],
    faults: faults.get(id) ?? [],
  }));
}

/** The results of the rounds, with what idling adds to them. */
export function withIdling(
  results: readonly ContenderResult[],
  idled: readonly Idled[],
): ContenderResult[] {
  return results.map((result) => {
    const found = idled.find(({ id }) => id === result.id);
    if (found === undefined) return result;
    const samples =
      found.samples.length === 0
        ? result.samples
        : { ...result.samples, idleCpuShare: found.samples };
    return { ...result, samples, faults: [...result.faults, ...found.faults] };
  });
}

/**
 * At most so many in one. Servers that beat by themselves are in each: a whole interval of theirs
 * has to pass, so that one batch gives one sample only.
 */
export function batchesOf(contenders: readonly Contender[], together: number): Contender[][] {
  const beating = contenders.filter(beats);
  const others = contenders.filter((one) => !beats(one));
  const room = Math.max(1, together - beating.length);
  const count = Math.max(1, Math.ceil(others.length / room));
  return Array.from({ length: count }, (_, batch) => [
    ...others.filter((_one, at) => at % count === batch),
    ...beating,
  ]);
}

function beats({ variants }: Contender): boolean {
  return variants.includes("beating");
}

/** Those that could be filled, settled, each of whose connections has just been heard. */
async function enter(
  scene: Scene,
  batch: readonly Contender[],
  amounts: AmountsAsked,
  fail: (contender: Contender, why: unknown) => void,
): Promise<Idler[]> {
  const { idleConnections, idleSettleSeconds } = amounts;
  let idlers: Idler[] = [];
  for (const contender of batch) {
    idlers = await refreshed(idlers, amounts, STALE_MS, fail);
    try {
      const server = await scene.server(contender, ordinaryVariant(contender));
      const load = scene.load(server, contender.protocol, contender.handshakesMax);
      unharmed(await load.open(idleConnections));
      await server.collect();
      idlers.push({ contender, load, heardAt: performance.now() });
    } catch (error) {
      fail(contender, error);
    }
  }
  await delay(idleSettleSeconds * 1000);
  idlers = await refreshed(idlers, amounts, 0, fail);
  await delay(Math.min(AFTER_REFRESH_MS, idleSettleSeconds * 1000));
  return idlers;
}

/** All connections of those that were not heard for so long beat once; who cannot, goes. */
async function refreshed(
  idlers: readonly Idler[],
  { idleConnections }: AmountsAsked,
  staleMs: number,
  fail: (contender: Contender, why: unknown) => void,
): Promise<Idler[]> {
  const kept: Idler[] = [];
  for (const idler of idlers) {
    const { contender, load, heardAt } = idler;
    const isStale = performance.now() - heardAt >= staleMs;
    if (!isStale || !contender.variants.includes("answering")) {
      kept.push(idler);
      continue;
    }
    try {
      const seconds = (REFRESH_SHARE * idleConnections) / REFRESH_PER_SECOND;
      unharmed(await load.beat(REFRESH_PER_SECOND, seconds));
      kept.push({ ...idler, heardAt: performance.now() });
    } catch (error) {
      fail(contender, error);
    }
  }
  return kept;
}

interface Answers {
  readonly contender: Contender;
  readonly answers: readonly LoadAnswer[];
}

/** One window as long as all for servers that beat by themselves, several for all others. */
async function idle(
  idlers: readonly Idler[],
  amounts: AmountsAsked,
  fail: (contender: Contender, why: unknown) => void,
): Promise<Answers[]> {
  const { idleSeconds, idleWindows } = amounts;
  const beating = idlers.filter(({ contender }) => beats(contender));
  const long = windowOf(beating, idleSeconds * idleWindows, fail);
  let others = idlers.filter(({ contender }) => !beats(contender));
  const answers = new Map<Contender, LoadAnswer[]>(others.map(({ contender }) => [contender, []]));
  for (let index = 0; index < idleWindows; index += 1) {
    if (index > 0) {
      others = await refreshed(others, amounts, STALE_MS, fail);
      await delay(Math.min(AFTER_REFRESH_MS, idleSeconds * 1000));
    }
    const found = await windowOf(others, idleSeconds, fail);
    for (const [contender, answer] of found) answers.get(contender)?.push(answer);
    others = others.filter(({ contender }) => found.has(contender));
  }
  for (const [contender, answer] of await long) answers.set(contender, [answer]);
  return [...answers]
    .map(([contender, each]) => ({ contender, answers: each }))
    .filter(({ answers: each }) => each.length > 0);
}

/** All at the same time; who lost a connection is not in the answer. */
async function windowOf(
  idlers: readonly Idler[],
  seconds: number,
  fail: (contender: Contender, why: unknown) => void,
): Promise<Map<Contender, LoadAnswer>> {
  const found = new Map<Contender, LoadAnswer>();
  const all = idlers.map(async ({ contender, load }) => {
    try {
      found.set(contender, unharmed(await load.idle(seconds)));
    } catch (error) {
      fail(contender, error);
    }
  });
  await Promise.all(all);
  return found;
}

function shareOf(answers: readonly LoadAnswer[]): number {
  const cpuSeconds = answers.reduce((sum, { serverCpuSeconds }) => sum + serverCpuSeconds, 0);
  return cpuSeconds / answers.reduce((sum, { seconds }) => sum + seconds, 0);
}

function sentenceOf(why: unknown): string {
  return why instanceof Error ? why.message : String(why);
}
