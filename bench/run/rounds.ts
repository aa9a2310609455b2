/**
 * Runs all contenders in rounds: each round measures every contender once, in another order.
 *
 * A machine drifts (heat, neighbours), so whoever is compared must be measured within minutes of
 * one another, and not always in the same place of the order. A contender that fails in one round
 * is named with what went wrong, and tried again in the next.
 */
import type { Contender } from "../contenders/contender.ts";
import { FIGURE_IDS } from "../figures.ts";
import type { AmountsAsked, ContenderResult, Sample, Samples } from "../results.ts";
import { type Figures, measure } from "./measure.ts";
import type { Theatre } from "./scene.ts";

export interface Progress {
  readonly round: number;
  readonly rounds: number;
  readonly done: number;
  readonly total: number;
  readonly title: string;
  readonly figures: Figures | undefined;
  readonly fault: string | undefined;
  readonly seconds: number;
}

export interface RoundsOutcome {
  /** Rounds that were begun and not interrupted. */
  readonly rounds: number;
  readonly contenders: readonly ContenderResult[];
}

interface Record {
  readonly contender: Contender;
  readonly figures: (Figures | undefined)[];
  readonly faults: string[];
}

export async function runRounds(
  theatre: Theatre,
  contenders: readonly Contender[],
  amounts: AmountsAsked,
  tell: (progress: Progress) => void,
): Promise<RoundsOutcome> {
  const records = contenders.map((contender): Record => ({ contender, figures: [], faults: [] }));
  const total = contenders.length * amounts.rounds;
  let done = 0;
  let rounds = 0;
  for (let round = 0; round < amounts.rounds; round++) {
    for (const record of rotated(records, round)) {
      const startedAt = performance.now();
      const fault = await runOne(theatre, record, round, amounts);
      if (theatre.isClosed) return outcomeOf(records, rounds);
      done += 1;
      const seconds = (performance.now() - startedAt) / 1000;
      const { title } = record.contender;
      const figures = record.figures[round];
      tell({ round, rounds: amounts.rounds, done, total, title, figures, fault, seconds });
    }
    rounds += 1;
  }
  return outcomeOf(records, rounds);
}

function outcomeOf(records: readonly Record[], rounds: number): RoundsOutcome {
  return { rounds, contenders: records.map((record) => toResult(record, rounds)) };
}

async function runOne(
  theatre: Theatre,
  record: Record,
  round: number,
  amounts: AmountsAsked,
): Promise<string | undefined> {
  try {
    record.figures[round] = await measure(theatre, record.contender, amounts);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (!theatre.isClosed) record.faults.push(`round ${round + 1}: ${why}`);
    return why;
  }
}

/** Every second round backwards, and each begins elsewhere: neighbours change, too. */
export function rotated<T>(items: readonly T[], round: number): T[] {
  const from = items.length === 0 ? 0 : (round * 5) % items.length;
  const turned = [...items.slice(from), ...items.slice(0, from)];
  return round % 2 === 0 ? turned : turned.toReversed();
}

/** Of a round that was broken off nothing is told: not everybody was in it. */
function toResult({ contender, figures, faults }: Record, rounds: number): ContenderResult {
  const { id, title, group, version, note } = contender;
  const samples: { -readonly [Id in keyof Samples]: Sample[] } = {};
  for (const figure of FIGURE_IDS) {
    const found = figures.slice(0, rounds).flatMap((one, round) => {
      const measured = one?.[figure];
      return measured === undefined ? [] : [{ round, ...measured }];
    });
    if (found.length > 0) samples[figure] = found;
  }
  return { id, title, group, version, note, samples, faults };
}
