/**
 * Guard on servers that are not ours, when a path falls silent: it finds all that are gone within
 * the bound that its documentation states. How long the servers hold such connections without it is
 * printed beside it.
 */
import { expect } from "vitest";
import { GUARDED_PROGRAMS, TIMES } from "../guarded/guarded-program.ts";
import { COPIES, type PartitionOutcome, partitionScene } from "../guarded/partition-scene.ts";
import { canHaveLab, LAB_NEEDS } from "../lab/lab.ts";
import { DIST_URL } from "../support/processes.ts";
import { skipUnless } from "../support/requires.ts";

const WATCH_MS = 20_000;
const LIMIT_MS = 120_000;
/** What guard needs beyond the timeout: an eighth of it for sampling, a tick, small lateness. */
const SLACK_MS = TIMES.timeoutMs / 8 + 25 + 250;

const inLab = skipUnless(canHaveLab, LAB_NEEDS);
let outcomes: Promise<readonly PartitionOutcome[]> | undefined;

for (const { id, title } of GUARDED_PROGRAMS) {
  inLab(
    `${id}: guard finds a silent partition within its bound`,
    async () => {
      outcomes ??= partitionScene(DIST_URL, WATCH_MS);
      const mine = (await outcomes).filter(({ program }) => program === id);
      console.log([title, ...mine.map(describe)].join("\n  "));
      const guarded = mine.find(({ mode }) => mode === "guard");
      expect(guarded?.codes).toEqual(Array(COPIES).fill("PEER_SILENT"));
      expect(guarded?.foundAfterMs).toHaveLength(COPIES);
      expect(guarded?.foundAfterMs.at(-1)).toBeLessThanOrEqual(TIMES.timeoutMs + SLACK_MS);
      // Nothing else had found them, or the scene shows nothing.
      expect(mine.find(({ mode }) => mode === "bare")?.foundAfterMs).toEqual([]);
    },
    LIMIT_MS,
  );
}

function describe({ mode, foundAfterMs, sentences }: PartitionOutcome): string {
  const missed = COPIES - foundAfterMs.length;
  const found = foundAfterMs.length === 0 ? "" : `found after ${foundAfterMs.join(", ")} ms`;
  const rest = missed === 0 ? "" : `${missed} of ${COPIES} not found in ${WATCH_MS / 1_000} s`;
  return `${mode}: ${[found, rest, sentences[0]].filter(Boolean).join("; ")}`;
}
