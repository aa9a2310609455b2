/** Which flags of `holdfast simulate` exclude each other; each refusal names them. */
import type { SimulateSettings } from "./simulate-settings.ts";
import { UsageError } from "./usage-error.ts";

const CLIENTS_MAX = 5_000;

/** @throws UsageError */
export function refuseContradictions(settings: SimulateSettings): void {
  const { seeds, forMs, clients, seed, hours, faults, plan, shrink, shrinkRuns } = settings;
  if (seeds !== undefined && (forMs !== undefined || seed !== undefined)) {
    throw new UsageError("--seeds: expected it alone, got it with --seed or --for");
  }
  if (clients !== undefined && (clients < 1 || clients > CLIENTS_MAX)) {
    throw new UsageError(`--clients: expected 1 to ${CLIENTS_MAX}, got ${clients}`);
  }
  const given = {
    "--seed": seed !== undefined,
    "--seeds": seeds !== undefined,
    "--for": forMs !== undefined,
    "--clients": clients !== undefined,
    "--hours": hours !== undefined,
    "--faults": faults !== "swarm",
  };
  const among = (flags: readonly (keyof typeof given)[]): string =>
    flags.filter((flag) => given[flag]).join(" and ");
  const manyWorlds = among(["--seeds", "--for"]);
  if (shrink && manyWorlds !== "") {
    throw new UsageError(
      `--shrink: expected one world (--seed or --plan), got it with ${manyWorlds}`,
    );
  }
  const otherWorld = among(["--seed", "--seeds", "--for", "--clients", "--hours", "--faults"]);
  if (plan !== undefined && otherWorld !== "") {
    throw new UsageError(
      `--plan: expected it to say everything of the world, got it with ${otherWorld}`,
    );
  }
  if (shrinkRuns === undefined) return;
  if (!shrink) throw new UsageError("--shrink-runs: expected it with --shrink, got it alone");
  if (shrinkRuns < 1) throw new UsageError(`--shrink-runs: expected 1 or more, got ${shrinkRuns}`);
}
