/** What watching very many connections costs. */
import type { RunResult, Sample } from "../results.ts";
import { summarise } from "../stats/summary.ts";
import { type Section, textBlock } from "./document.ts";
import { sharePercent, spreadOf, thousands } from "./numbers.ts";

export function watchingSection({ watching }: RunResult): Section {
  const title = "What watching costs";
  if (watching === undefined) {
    return { title, blocks: [textBlock("Watching was not measured in this run.")] };
  }
  const { slots, beatsPerSecond, samples, controlSamples } = watching;
  return {
    title,
    blocks: [
      textBlock(
        `The deadlines of ${thousands(slots)} connections behind one timer, ` +
          `${thousands(beatsPerSecond)} of them moved each second as beats move them, take ` +
          `${shareText(samples)} of a core more than the same loop that only notes who was heard,` +
          ` which takes ${shareText(controlSamples)}.`,
      ),
    ],
  };
}

function shareText(samples: readonly Sample[]): string {
  const summary = summarise(samples.map(({ value }) => value));
  if (summary === undefined) return "nothing that was measured";
  const write = (value: number): string => `${sharePercent(value)}%`;
  const spread = spreadOf(summary, write);
  return write(summary.median) + (spread === "" ? "" : ` (${spread})`);
}
