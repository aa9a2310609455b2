/**
 * Holdfast on each runtime and engine that is here.
 *
 * `holdfastContender` also makes the rows of single features and of another commit, so whatever
 * tells one row from another is an argument.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command, Contender, Missing, Variant } from "./contender.ts";
import { type Found, type Places, serverFile } from "./places.ts";
import { firstLineOf, runToEnd } from "./programs.ts";
import type { FoundRuntimes, Runtime } from "./runtimes.ts";
import type { Features, HoldfastSettings } from "./server-settings.ts";

/** All that users have, but for the budget: clients that saturate a server ping far too often. */
const FEATURES_FOR_SATURATION: Features = {
  budget: false,
  limits: true,
  records: true,
  observation: true,
};

/** What the others do, too. */
export const TIMEOUT_MS = 60_000;

export interface HoldfastParts {
  readonly id: string;
  readonly title: string;
  readonly runtime: Runtime;
  readonly engine: HoldfastSettings["engine"];
  readonly features: Features;
  /** File url of the built library. */
  readonly dist: string;
  /** The compiled bench. */
  readonly compiled: string;
  readonly protocol: "line" | "frame";
  readonly note?: string | undefined;
}

export function holdfastContender(parts: HoldfastParts): Contender {
  const { id, title, runtime, protocol, note } = parts;
  return {
    id,
    title,
    group: "holdfast",
    protocol,
    readiness: "tells",
    // Frames are always answered: that dialect has no word for a peer that wants none.
    variants: protocol === "line" ? ["answering", "silent"] : ["answering"],
    hasMessages: true,
    note,
    version: runtime.version,
    command: (variant, port) => holdfastCommand(parts, variant, port),
  };
}

function holdfastCommand(
  { runtime, engine, features, dist, compiled }: HoldfastParts,
  variant: Variant,
  port: number,
): Command {
  const silent = variant.kind === "silent";
  const settings: HoldfastSettings = {
    dist,
    port,
    silent,
    engine,
    timeoutMs: TIMEOUT_MS,
    features,
  };
  const file = serverFile({ compiled }, "holdfast-server");
  return { file: runtime.file, args: ["--expose-gc", file, JSON.stringify(settings)] };
}

export async function findHoldfast(places: Places, found: FoundRuntimes): Promise<Found> {
  const missing = found.missing.flatMap(({ id, title, kind, why }) =>
    enginesOf(kind).map((engine) => ({ ...namesOf(engine, id, title), why })),
  );
  if (!existsSync(fileURLToPath(places.dist))) {
    const why = "Holdfast is not built: `npm run build`";
    const all = found.runtimes.flatMap((runtime) => holdfastOn(runtime, places));
    return { contenders: [], missing: [...all.map((one) => missingFor(one, why)), ...missing] };
  }
  const contenders: Contender[] = [];
  for (const runtime of found.runtimes) {
    if (runtime.kind === "node") {
      contenders.push(...holdfastOn(runtime, places));
      continue;
    }
    const trial = await tryOn(runtime, places);
    const ofBun = holdfastOn(runtime, places, trial.engine);
    if (trial.why === undefined) contenders.push(...ofBun);
    else missing.push(...ofBun.map((one) => missingFor(one, trial.why)));
  }
  return { contenders, missing };
}

/** Those of one runtime. `engineTaken` is what "auto" comes to, where that was found out. */
export function holdfastOn(
  runtime: Runtime,
  places: Places,
  engineTaken?: "public" | "shared",
): Contender[] {
  const { dist, compiled } = places;
  const common = { runtime, features: FEATURES_FOR_SATURATION, dist, compiled };
  const contenders = enginesOf(runtime.kind).map((engine) => {
    const names = namesOf(engine, runtime.id, runtime.title);
    const title =
      engineTaken === undefined ? names.title : `${names.title} (${engineTaken} engine)`;
    const note =
      engineTaken === undefined
        ? undefined
        : `On ${runtime.title} Holdfast chooses its ${engineTaken} engine by itself.`;
    return holdfastContender({ ...common, ...names, title, engine, protocol: "line", note });
  });
  // One row is enough to see what frames cost beside lines.
  if (runtime.file === process.execPath) {
    const names = {
      id: `holdfast-frame-${runtime.id}`,
      title: `Holdfast, shared engine, frames, ${runtime.title}`,
    };
    const note = "Its clients speak the frame dialect, as those of Holdfast do among themselves.";
    const parts = { ...common, ...names, engine: "shared", protocol: "frame", note } as const;
    contenders.push(holdfastContender(parts));
  }
  return contenders;
}

function enginesOf(kind: Runtime["kind"]): readonly HoldfastSettings["engine"][] {
  return kind === "node" ? ["shared", "public"] : ["auto"];
}

function namesOf(
  engine: HoldfastSettings["engine"],
  runtimeId: string,
  runtimeTitle: string,
): { readonly id: string; readonly title: string } {
  const id = `holdfast-${engine}-${runtimeId}`;
  const title = engine === "auto" ? "Holdfast" : `Holdfast, ${engine} engine`;
  return { id, title: `${title}, ${runtimeTitle}` };
}

function missingFor({ id, title }: Contender, why: string): Missing {
  return { id, title, why };
}

type Trial =
  | { readonly engine: "public" | "shared"; readonly why?: undefined }
  | { readonly engine?: undefined; readonly why: string };

/**
 * Starts and ends it, first with the shared engine, which the server refuses to replace: so it is
 * known what "auto" comes to.
 */
async function tryOn(runtime: Runtime, { dist, compiled }: Places): Promise<Trial> {
  let said = "";
  for (const engine of ["shared", "public"] as const) {
    const names = namesOf(engine, runtime.id, runtime.title);
    const features = FEATURES_FOR_SATURATION;
    const parts = {
      ...names,
      runtime,
      engine,
      features,
      dist,
      compiled,
      protocol: "line",
    } as const;
    const { file, args } = holdfastCommand(parts, { kind: "answering" }, 0);
    const outcome = await runToEnd(file, args);
    if (outcome.code === 0 && outcome.said.includes('"ready"')) return { engine };
    said = outcome.said;
  }
  return { why: `it does not start on ${runtime.title}: ${firstLineOf(said)}` };
}
