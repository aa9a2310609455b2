/**
 * Guard on servers that are not ours, while their event loops stand still for longer than their
 * timeout: it ends nobody who lives, and finds who does not. What is usual for such servers goes
 * through the same beside it.
 */
import { describe, type TestContext, test } from "vitest";
import { GUARDED_PROGRAMS, type GuardedProgram, TIMES } from "../guarded/guarded-program.ts";
import { FROZEN, LIVE, STALL_MS, type StallOutcome, stallScene } from "../guarded/stall-scene.ts";
import { DIST_URL } from "../support/processes.ts";

const LIMIT_MS = 150_000;
const CONTROL_ROUNDS_MAX = 4;
/** As documented: an eighth of it for sampling, a tick, and lateness that is too small to count. */
const BOUND_MS = TIMES.timeoutMs * (1 + 1 / 8) + 25 + 250;

/** Few side by side, so that clients are served in time on two cores. */
const GROUPS = [GUARDED_PROGRAMS.slice(0, 3), GUARDED_PROGRAMS.slice(3)];

for (const group of GROUPS) {
  describe(group.map(({ id }) => id).join(", "), () => {
    test.concurrent.for(group)(
      "$id stalls: guard ends nobody who lives, and finds the frozen",
      { timeout: LIMIT_MS },
      compare,
    );
  });
}

async function compare(program: GuardedProgram, { expect }: TestContext): Promise<void> {
  // Without this the stalls would prove nothing. What is usual elsewhere may do well.
  const mustEndSome = program.id.startsWith("ws-");
  const roundsMax = mustEndSome ? CONTROL_ROUNDS_MAX : 1;
  const [guarded, usual] = await Promise.all([
    stallScene(program, "guard", DIST_URL),
    stallScene(program, "control", DIST_URL, roundsMax),
  ]);
  console.log(
    `${program.id}, ${LIVE} live clients, stalls of ${STALL_MS} ms:`,
    `guard ended ${guarded.liveEnded} in ${guarded.stalls}, ${foundText(guarded)};`,
    `${program.control} ended ${usual.liveEnded} in ${usual.stalls}, ${foundText(usual)}.`,
    `The frozen were silent ${range(guarded.ends.map(({ aliveMsAgo }) => aliveMsAgo))} ms, with`,
    `${range(guarded.ends.map(({ ourLatenessMs }) => ourLatenessMs))} ms of lateness. Clients were`,
    `late by at most ${guarded.clientsLateMs} and ${usual.clientsLateMs} ms.`,
    JSON.stringify(guarded.report),
  );
  expect(guarded.liveEnded, "live clients that guard ended").toBe(0);
  // Nobody had to be spared by the rule about many that expire together, which spares no few.
  expect(guarded.report["massExpiries"]).toBe(0);
  expect(guarded.frozenFound).toBe(FROZEN);
  expect(guarded.ends).toHaveLength(FROZEN);
  for (const { code, aliveMsAgo, ourLatenessMs, unreadMs } of guarded.ends) {
    expect(code).toBe("PEER_SILENT");
    // A look may find that the broker has not taken what came; then silence counts from the next.
    expect(aliveMsAgo).toBeLessThanOrEqual(BOUND_MS + ourLatenessMs + unreadMs);
  }
  if (mustEndSome) expect(usual.liveEnded).toBeGreaterThan(LIVE / 10);
}

function foundText({ frozenFound, foundAfterMs }: StallOutcome): string {
  if (foundAfterMs === undefined) return `closed ${frozenFound} of ${FROZEN} frozen in time`;
  // Its control may have lost them, too, while they were still alive.
  if (foundAfterMs < STALL_MS) return `had lost the ${FROZEN} before they were frozen`;
  return `found all ${FROZEN} frozen within ${foundAfterMs} ms`;
}

function range(values: readonly number[]): string {
  return `${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}`;
}
