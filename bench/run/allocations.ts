/**
 * What a beat allocates, by engine, from the allocation profile: a program of its own, run as
 * `npm run bench:allocation` runs it. V8 tells of Node only, so there is none for Bun.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runToEnd } from "../contenders/programs.ts";
import type { Allocation, AllocationSite, AmountsAsked } from "../results.ts";
import type { Engine } from "./engine-costs.ts";
import type { Places } from "./places.ts";

/** What the profile writes, as far as it is used here. */
interface Profile {
  readonly beats: number;
  readonly bytesPerBeat: number;
  readonly sites: readonly AllocationSite[];
}

/** Below this a site is noise of sampling, or the share of something that happens once. */
const SITE_BYTES_MIN = 0.5;

export async function measureAllocations(
  places: Places,
  engines: readonly Engine[],
  { allocationBeats }: AmountsAsked,
  isOver: () => boolean,
): Promise<Allocation[]> {
  const found: Allocation[] = [];
  for (const { name: engine, runtime } of engines) {
    if (isOver() || runtime.kind !== "node") continue;
    const folder = mkdtempSync(join(tmpdir(), "holdfast-allocation-"));
    try {
      const json = join(folder, "allocation.json");
      const program = join(places.compiled, "profile/allocation.js");
      const flags = ["--engine", engine, "--beats", String(allocationBeats), "--json", json];
      const outcome = await runToEnd(runtime.file, [program, ...flags]);
      if (outcome.code !== 0) throw new Error(`allocation profile, ${engine}: ${outcome.said}`);
      const profile = JSON.parse(readFileSync(json, "utf8")) as Profile;
      found.push(allocationOf(profile, `${engine}-${runtime.id}`, engine, runtime.title));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return found;
}

function allocationOf(profile: Profile, id: string, engine: string, on: string): Allocation {
  const { beats, bytesPerBeat, sites } = profile;
  const own = sites.filter(({ origin }) => origin === "ours");
  return {
    id,
    title: `${engine} engine, ${on}`,
    beats,
    bytesPerBeat,
    ownBytesPerBeat: own.reduce((sum, site) => sum + site.bytesPerBeat, 0),
    sites: sites.filter((site) => site.bytesPerBeat >= SITE_BYTES_MIN),
  };
}
