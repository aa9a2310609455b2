/**
 * Holdfast on each runtime and engine that is here.
 *
 * `holdfastContender` also makes the rows of single features and of another commit, so whatever
 * tells one row from another is an argument. An engine that users have to ask for, or that only one
 * runtime has, is tried first: where it does not start there is no row, but a reason.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bareContender } from "./bare-contenders.ts";
import type { Command, Contender, Missing, Protocol, Variant } from "./contender.ts";
import { type Found, type Places, serverFile } from "./places.ts";
import { firstLineOf, runToEnd } from "./programs.ts";
import type { FoundRuntimes, MissingRuntime, Runtime } from "./runtimes.ts";
import type { EngineName, Features, HoldfastSettings } from "./server-settings.ts";

/** All that users have. */
export const ALL_FEATURES: Features = {
  budget: true,
  limits: true,
  records: true,
  observation: true,
};

/** Without the budget: clients that saturate a server ping far too often. */
const FEATURES_FOR_SATURATION: Features = { ...ALL_FEATURES, budget: false };

/** What the others do, too. */
export const TIMEOUT_MS = 60_000;

type OurProtocol = Extract<Protocol, "line" | "frame" | "websocket" | "websocket-line">;

export interface HoldfastParts {
  readonly id: string;
  readonly title: string;
  readonly runtime: Runtime;
  readonly engine: EngineName;
  readonly features: Features;
  /** File url of the built library. */
  readonly dist: string;
  /** The compiled bench. */
  readonly compiled: string;
  readonly protocol: OurProtocol;
  readonly note?: string | undefined;
}

export function holdfastContender(parts: HoldfastParts): Contender {
  const { id, title, runtime, protocol, note } = parts;
  // Frames and texts over WebSocket are always answered: no peer of theirs wants silence.
  const canBeSilent = protocol === "line" || protocol === "websocket";
  return {
    id,
    title,
    group: "holdfast",
    protocol,
    readiness: "tells",
    hasTimers: true,
    variants: canBeSilent ? ["answering", "silent"] : ["answering"],
    // Messages are the same whatever the pings are.
    hasMessages: protocol !== "websocket-line",
    note,
    version: runtime.version,
    command: (variant, port) => holdfastCommand(parts, variant, port),
  };
}

function holdfastCommand(parts: HoldfastParts, variant: Variant, port: number): Command {
  const { runtime, engine, features, dist, compiled, protocol } = parts;
  const settings: HoldfastSettings = {
    dist,
    port,
    silent: variant.kind === "silent",
    engine,
    webSocket: protocol.startsWith("websocket"),
    timeoutMs: TIMEOUT_MS,
    features,
  };
  const file = serverFile({ compiled }, "holdfast-server");
  return { file: runtime.file, args: ["--expose-gc", file, JSON.stringify(settings)] };
}

export async function findHoldfast(places: Places, found: FoundRuntimes): Promise<Found> {
  const contenders: Contender[] = [];
  const bare: Contender[] = [];
  const missing = found.missing.map(missingOn);
  const isBuilt = existsSync(fileURLToPath(places.dist));
  for (const runtime of found.runtimes) {
    for (const row of rowsOf(runtime)) {
      const contender = contenderOf(row, runtime, places);
      const why = isBuilt ? await faultOf(contender, row) : "it is not built: `npm run build`";
      if (why === undefined) {
        contenders.push(contender);
        if (row.hasBare) bare.push(bareContender(runtime, row.engine, places));
      } else missing.push({ id: contender.id, title: contender.title, why });
    }
  }
  return { contenders: [...contenders, ...bare], missing };
}

/** All that there would be on one runtime. */
export function holdfastOn(runtime: Runtime, places: Places): Contender[] {
  return rowsOf(runtime).map((row) => contenderOf(row, runtime, places));
}

interface Row {
  /** With the id of the runtime behind it, the id of the contender. */
  readonly name: string;
  readonly what: string;
  readonly engine: Exclude<EngineName, "auto">;
  readonly protocol?: OurProtocol;
  /** Its engine is also measured bare. */
  readonly hasBare?: boolean;
  readonly note?: string;
}

const LEAN: Row = {
  name: "holdfast-lean",
  what: "lean engine",
  engine: "lean",
  note: 'Asked for by `engine: "lean"`.',
};

/** Those of a second Node are the ones that differ there; the others would repeat the first. */
function rowsOf(runtime: Runtime): Row[] {
  const shared: Row = { name: "holdfast-shared", what: "shared engine", engine: "shared" };
  if (runtime.kind === "bun") {
    const note = "What Holdfast takes on Bun by itself.";
    return [{ name: "holdfast", what: "native engine", engine: "bun", hasBare: true, note }];
  }
  if (runtime.file !== process.execPath) return [shared, LEAN];
  return [
    { ...shared, hasBare: true },
    { ...LEAN, hasBare: true },
    { name: "holdfast-public", what: "public engine", engine: "public" },
    {
      name: "holdfast-frame",
      what: "shared engine, frames",
      engine: "shared",
      protocol: "frame",
      note: "Its clients speak the frame dialect, as those of Holdfast do among themselves.",
    },
    {
      name: "holdfast-ws",
      what: "WebSocket",
      engine: "shared",
      protocol: "websocket",
      note: "The pings are those of WebSocket itself, as they are at `ws`.",
    },
    {
      name: "holdfast-wsline",
      what: "WebSocket, text pings",
      engine: "shared",
      protocol: "websocket-line",
      note: "The pings are texts, as a browser sends them, which cannot send WebSocket's own.",
    },
  ];
}

function contenderOf(row: Row, runtime: Runtime, { dist, compiled }: Places): Contender {
  const { name, what, engine, protocol = "line", note } = row;
  return holdfastContender({
    id: `${name}-${runtime.id}`,
    title: `Holdfast, ${what}, ${runtime.title}`,
    runtime,
    engine,
    features: FEATURES_FOR_SATURATION,
    dist,
    compiled,
    protocol,
    note,
  });
}

function missingOn({ id, title, kind, why }: MissingRuntime): Missing {
  const names = kind === "bun" ? ["holdfast", "native"] : ["holdfast-shared", "shared"];
  return { id: `${names[0]}-${id}`, title: `Holdfast, ${names[1]} engine, ${title}`, why };
}

/** Why it does not start; those that every runtime of its kind has are not tried. */
async function faultOf(contender: Contender, { engine }: Row): Promise<string | undefined> {
  if (engine === "public" || engine === "shared") return undefined;
  const { file, args } = contender.command({ kind: "answering" }, 0, "");
  const outcome = await runToEnd(file, args);
  if (outcome.code === 0 && outcome.said.includes('"ready"')) return undefined;
  return `it does not start: ${sentenceOf(outcome.said)}`;
}

/** An error that nobody caught has its place above its sentence. */
function sentenceOf(said: string): string {
  const error = /^\w*Error\w*\b.*$/m.exec(said)?.[0];
  return error ?? firstLineOf(said);
}
