/** The settings of `holdfast simulate`: one table behind flags, variables, keys and documents. */
import { FAULT_KINDS, type FaultKind } from "../simulation/sim-event.ts";
import { count, duration, type Kind, path, toggle } from "./kinds.ts";
import type { SettingsTable } from "./settings.ts";

export interface SimulateSettings {
  readonly seed: number | undefined;
  readonly seeds: SeedRange | undefined;
  readonly forMs: number | undefined;
  readonly clients: number | undefined;
  readonly hours: number | undefined;
  readonly faults: "swarm" | "none" | readonly FaultKind[];
  readonly plan: string | undefined;
  readonly shrink: boolean;
  readonly shrinkRuns: number | undefined;
  readonly json: boolean;
}

export interface SeedRange {
  readonly from: number;
  readonly to: number;
}

const SEED_MAX = 2 ** 32 - 1;

const seedRange: Kind<SeedRange> = {
  placeholder: "from..to",
  expected: "a range of seeds such as 1..1000",
  unit: undefined,
  many: false,
  readText: (texts) => readRange(texts.at(-1) ?? ""),
  readJson: (value) => (typeof value === "string" ? readRange(value) : undefined),
};

const hours: Kind<number> = {
  placeholder: "n",
  expected: "a number of hours such as 24 or 0.5",
  unit: undefined,
  many: false,
  readText: (texts) => readHours(texts.at(-1) ?? ""),
  readJson: (value) => (typeof value === "number" ? readHours(String(value)) : undefined),
};

const faults: Kind<SimulateSettings["faults"]> = {
  placeholder: "which",
  expected: `swarm, none, or a list of ${FAULT_KINDS.join(", ")}`,
  unit: undefined,
  many: false,
  readText: (texts) => readFaults(texts.at(-1) ?? ""),
  readJson: (value) => (typeof value === "string" ? readFaults(value) : undefined),
};

export const SIMULATE_SETTINGS: SettingsTable<SimulateSettings> = {
  seed: {
    flag: "seed",
    kind: count,
    fallback: undefined,
    shown: "1",
    help: "the seed from which the whole world is drawn",
  },
  seeds: {
    flag: "seeds",
    kind: seedRange,
    fallback: undefined,
    shown: "",
    help: "run each of these seeds instead, and add up what occurred",
  },
  forMs: {
    flag: "for",
    kind: duration,
    fallback: undefined,
    shown: "",
    help: "run fresh seeds for so long, beginning with --seed or with the time of day",
  },
  clients: {
    flag: "clients",
    kind: count,
    fallback: undefined,
    shown: "drawn from the seed",
    help: "how many clients there are, at most 5000",
  },
  hours: {
    flag: "hours",
    kind: hours,
    fallback: undefined,
    shown: "drawn from the seed",
    help: "for how many simulated hours faults come and go",
  },
  faults: {
    flag: "faults",
    kind: faults,
    fallback: "swarm",
    shown: "swarm",
    help: "which faults occur: swarm lets the seed choose, none, or a list of kinds",
  },
  plan: {
    flag: "plan",
    kind: path,
    fallback: undefined,
    shown: "",
    help: "run the world of this file instead, which --shrink --json wrote",
  },
  shrink: {
    flag: "shrink",
    kind: toggle,
    fallback: false,
    shown: "",
    help: "cut a world that breaks a promise down to the clients and faults that it takes",
  },
  shrinkRuns: {
    flag: "shrink-runs",
    kind: count,
    fallback: undefined,
    shown: "200",
    help: "how often --shrink may run the world, at most",
  },
  json: {
    flag: "json",
    kind: toggle,
    fallback: false,
    shown: "",
    help: "write the report as one JSON object",
  },
};

function readRange(text: string): SeedRange | undefined {
  const parts = /^(\d{1,10})\.\.(\d{1,10})$/.exec(text);
  if (parts === null) return undefined;
  const [from, to] = [Number(parts[1]), Number(parts[2])];
  return from <= to && to <= SEED_MAX ? { from, to } : undefined;
}

function readHours(text: string): number | undefined {
  if (!/^\d{1,4}(\.\d{1,3})?$/.test(text)) return undefined;
  const value = Number(text);
  return value > 0 && value <= 1_000 ? value : undefined;
}

function readFaults(text: string): SimulateSettings["faults"] | undefined {
  if (text === "swarm" || text === "none") return text;
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const kinds = FAULT_KINDS.filter((kind) => words.includes(kind));
  const areKnown = words.every((word) => FAULT_KINDS.some((kind) => kind === word));
  return kinds.length > 0 && areKnown ? kinds : undefined;
}
