/**
 * What the servers written in JavaScript are told at their start: one JSON object as the only
 * argument.
 *
 * Every field is required: a default here would be one that no table of results shows.
 */

export interface Features {
  /** Whether pings are answered within a budget only. */
  readonly budget: boolean;
  /** Limits on connections, on those of one address, and on arrivals per second. */
  readonly limits: boolean;
  /** Whether end records are remembered. */
  readonly records: boolean;
  /** An observer, and listeners that count, as an exporter of metrics has them. */
  readonly observation: boolean;
}

/**
 * How TCP is read. What is named here is what is measured: a server that would fall back to another
 * one ends instead. "bun" cannot be asked of the library, and is what "auto" has to come to.
 */
export type EngineName = "auto" | "public" | "shared" | "lean" | "bun";

export interface HoldfastSettings {
  /** File url of the module that exports `listen`. */
  readonly dist: string;
  readonly port: number;
  readonly silent: boolean;
  readonly engine: EngineName;
  /** Whether WebSocket is served, and nothing else; otherwise lines and frames. */
  readonly webSocket: boolean;
  readonly timeoutMs: number;
  readonly features: Features;
}

/** An engine and nothing above it. */
export interface BareSettings {
  readonly dist: string;
  readonly port: number;
  readonly engine: Exclude<EngineName, "auto">;
}

export interface NetSettings {
  readonly port: number;
  readonly silent: boolean;
  readonly timeoutMs: number;
}

export interface BeatingSettings {
  readonly port: number;
  readonly beatIntervalMs: number;
}

/** @throws Error with a sentence about what is wrong. So do the others. */
export function readHoldfastSettings(text: string | undefined): HoldfastSettings {
  const given = readObject(text);
  const features = given["features"];
  if (!isObject(features)) throw new Error("`features` must be an object");
  return {
    dist: readText(given, "dist"),
    port: readNumber(given, "port"),
    silent: readSwitch(given, "silent"),
    engine: readEngine(given),
    webSocket: readSwitch(given, "webSocket"),
    timeoutMs: readNumber(given, "timeoutMs"),
    features: {
      budget: readSwitch(features, "budget"),
      limits: readSwitch(features, "limits"),
      records: readSwitch(features, "records"),
      observation: readSwitch(features, "observation"),
    },
  };
}

export function readBareSettings(text: string | undefined): BareSettings {
  const given = readObject(text);
  const engine = readEngine(given);
  if (engine === "auto") throw new Error("a bare `engine` must be named");
  return { dist: readText(given, "dist"), port: readNumber(given, "port"), engine };
}

export function readNetSettings(text: string | undefined): NetSettings {
  const given = readObject(text);
  return {
    port: readNumber(given, "port"),
    silent: readSwitch(given, "silent"),
    timeoutMs: readNumber(given, "timeoutMs"),
  };
}

export function readBeatingSettings(text: string | undefined): BeatingSettings {
  const given = readObject(text);
  return { port: readNumber(given, "port"), beatIntervalMs: readNumber(given, "beatIntervalMs") };
}

type Given = Readonly<Record<string, unknown>>;

function readObject(text: string | undefined): Given {
  const given: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!isObject(given)) throw new Error("the only argument must be a JSON object of settings");
  return given;
}

function isObject(value: unknown): value is Given {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readNumber(given: Given, name: string): number {
  const value = given[name];
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw new Error(`\`${name}\` must be a whole number, not ${JSON.stringify(value)}`);
}

function readSwitch(given: Given, name: string): boolean {
  const value = given[name];
  if (typeof value === "boolean") return value;
  throw new Error(`\`${name}\` must be true or false, not ${JSON.stringify(value)}`);
}

function readText(given: Given, name: string): string {
  const value = given[name];
  if (typeof value === "string" && value !== "") return value;
  throw new Error(`\`${name}\` must be a text, not ${JSON.stringify(value)}`);
}

const ENGINES: readonly EngineName[] = ["auto", "public", "shared", "lean", "bun"];

function readEngine(given: Given): EngineName {
  const value = given["engine"];
  const engine = ENGINES.find((name) => name === value);
  if (engine !== undefined) return engine;
  throw new Error(`\`engine\` must be one of ${ENGINES.join(", ")}; not ${JSON.stringify(value)}`);
}
