/**
 * Settings of a command: defaults < config file < `HOLDFAST_*` environment < flags.
 *
 * One table per command is the source of everything: flags, names in the environment, keys of the
 * config file, `--help` and docs/cli.md. The key of an entry is the name of the library's option
 * that it feeds, so that a complaint of the library can be told in terms of flags.
 *
 * Variables that start with HOLDFAST_ and mean nothing here are left alone: orchestrators invent
 * such names by themselves (Kubernetes sets HOLDFAST_PORT for a service called "holdfast").
 */
import { readFileSync } from "node:fs";
import { printable } from "../base/printable.ts";
import { writeDuration, writeSize } from "./duration.ts";
import type { Kind } from "./kinds.ts";
import { UsageError } from "./usage-error.ts";

export interface Setting<Value> {
  /** Without the dashes. The environment and the config file derive their names from it. */
  readonly flag: string;
  readonly short?: string;
  readonly kind: Kind<Exclude<Value, undefined>>;
  /** Undefined leaves the choice to the library. */
  readonly fallback: Value;
  /** The default as documents show it; empty where there is none. */
  readonly shown: string;
  /** One sentence, without full stop. */
  readonly help: string;
  /** `--no-…` says the same as the word for off. */
  readonly negatable?: boolean;
}

export type SettingsTable<Values> = { readonly [Name in keyof Values]-?: Setting<Values[Name]> };

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SettingSources {
  /** By flag name: every text given, `true` for a switch, `false` for its negation. */
  readonly flags: ReadonlyMap<string, readonly string[] | boolean>;
  readonly env: Environment;
  readonly file: ConfigFile | undefined;
}

export interface ConfigFile {
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** @throws UsageError that names the flag, variable or key, what was expected and what came. */
export function resolveSettings<Values>(
  table: SettingsTable<Values>,
  sources: SettingSources,
): Values {
  const settings = Object.entries<Setting<unknown>>(table);
  refuseUnknownKeys(
    sources.file,
    settings.map(([, setting]) => configKey(setting.flag)),
  );
  const values: Record<string, unknown> = {};
  for (const [name, setting] of settings) values[name] = resolveOne(setting, sources);
  return values as Values;
}

function resolveOne(setting: Setting<unknown>, sources: SettingSources): unknown {
  const given = sources.flags.get(setting.flag);
  if (typeof given === "boolean") return given;
  if (given !== undefined) {
    return setting.kind.readText(given) ?? refuse(`--${setting.flag}`, setting.kind, shown(given));
  }
  const variable = environmentName(setting.flag);
  const text = sources.env[variable];
  // An empty variable counts as unset: `HOLDFAST_TIMEOUT= holdfast serve` is how shells unset one.
  if (text !== undefined && text !== "") {
    const texts = setting.kind.many ? text.split(/[\s,]+/).filter((one) => one !== "") : [text];
    return setting.kind.readText(texts) ?? refuse(variable, setting.kind, shown([text]));
  }
  const key = configKey(setting.flag);
  if (sources.file !== undefined && Object.hasOwn(sources.file.values, key)) {
    const value = sources.file.values[key];
    const place = `${sources.file.name}: "${key}"`;
    return setting.kind.readJson(value) ?? refuse(place, setting.kind, brief(value));
  }
  return setting.fallback;
}

/** `max-connections` is HOLDFAST_MAX_CONNECTIONS in the environment. */
export function environmentName(flag: string): string {
  return `HOLDFAST_${flag.replaceAll("-", "_").toUpperCase()}`;
}

/** `max-connections` is `maxConnections` in a config file. */
export function configKey(flag: string): string {
  return flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** @throws UsageError when there is no such file, or it does not hold one JSON object. */
export function readConfigFile(name: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(name, "utf8");
  } catch (error) {
    throw new UsageError(`--config: expected a file that can be read, got ${said(error)}`, {
      cause: error,
    });
  }
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${name}: expected JSON, got a text of which the parser says: ${said(error)}`,
      {
        cause: error,
      },
    );
  }
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw new UsageError(`${name}: expected a JSON object of settings, got ${brief(values)}`);
  }
  return { name, values: values as Readonly<Record<string, unknown>> };
}

/**
 * Tells a complaint of the library about its options in terms of flags: `timeoutMs` must be … got
 * 10 becomes --timeout must be … got 10ms. A sentence that names no setting stays as it is.
 */
export function inTermsOfFlags(sentence: string, table: SettingsTable<never>): string {
  const settings = new Map(Object.entries<Setting<unknown>>(table));
  const named: Setting<unknown>[] = [];
  const told = sentence.replaceAll(/`(?:\w+\.)*(\w+)`/g, (whole, name: string) => {
    const setting = settings.get(name);
    if (setting === undefined) return whole;
    named.push(setting);
    return `--${setting.flag}`;
  });
  const [first] = named;
  if (first !== undefined) return inUnit(told.replace(/^[\w.]+: /, ""), first.kind.unit);
  // An option inside a group that one flag holds as a whole, such as keepalive.
  return told.replace(/^(?:\w+\.)?(\w+): /, (whole, group: string) => {
    const setting = settings.get(group);
    return setting === undefined ? whole : `--${setting.flag}: `;
  });
}

/** Numbers as the user writes them. */
function inUnit(sentence: string, unit: Kind<unknown>["unit"]): string {
  if (unit === undefined) return sentence;
  const write = unit === "ms" ? writeDuration : writeSize;
  return sentence
    .replace("a whole number", unit === "ms" ? "a duration" : "a size")
    .replaceAll(/(?<![\w.-])(\d+)( ms| bytes)?(?![\w.])/g, (_, digits: string) =>
      write(Number(digits)),
    );
}

function refuseUnknownKeys(file: ConfigFile | undefined, known: readonly string[]): void {
  for (const key of Object.keys(file?.values ?? {})) {
    if (known.includes(key)) continue;
    const list = known.join(", ");
    throw new UsageError(
      `${file?.name}: "${printable(key)}" is not a setting; expected one of ${list}`,
    );
  }
}

function refuse(place: string, kind: Kind<unknown>, got: string): never {
  throw new UsageError(`${place}: expected ${kind.expected}, got ${got}`);
}

function shown(texts: readonly string[]): string {
  return texts.map((text) => `"${printable(text)}"`).join(" ");
}

/** A short, harmless rendering of a value from a config file. */
function brief(value: unknown): string {
  return printable(JSON.stringify(value)?.slice(0, 80) ?? "nothing");
}

function said(error: unknown): string {
  return error instanceof Error ? printable(error.message) : "an unknown error";
}
