/**
 * How the value of a setting is read: from a text (flag, environment) or from JSON (config file).
 *
 * A kind never throws: it answers undefined, and settings.ts says what was expected and what came.
 */
import { DURATION_EXPECTED, parseDuration, parseSize, SIZE_EXPECTED } from "./duration.ts";
import type { KeepaliveConfig } from "../transports/transport.ts";

export interface Kind<Value> {
  /** What stands behind the flag in `--help`; undefined for a switch. */
  readonly placeholder: string | undefined;
  /** Completes the sentence "expected …". */
  readonly expected: string;
  /** What the library counts it in, so that its complaints can be told in the user's terms. */
  readonly unit: "ms" | "bytes" | undefined;
  /** The flag may be repeated, and the environment holds several values. */
  readonly many: boolean;
  /** A list gets every text that was given; any other kind gets one. */
  readText(texts: readonly string[]): Value | undefined;
  readJson(value: unknown): Value | undefined;
}

/** Most values are one text on the command line and the same text in a config file. */
function textual<Value>(
  placeholder: string,
  expected: string,
  read: (text: string) => Value | undefined,
  more: Partial<Pick<Kind<Value>, "unit" | "readJson">> = {},
): Kind<Value> {
  return {
    placeholder,
    expected,
    unit: more.unit,
    many: false,
    readText: (texts) => read(texts.at(-1) ?? ""),
    readJson: (value) => (typeof value === "string" ? read(value) : more.readJson?.(value)),
  };
}

export const duration: Kind<number> = textual("duration", DURATION_EXPECTED, parseDuration, {
  unit: "ms",
});

export const size: Kind<number> = textual("size", SIZE_EXPECTED, parseSize, { unit: "bytes" });

export const path: Kind<string> = textual(
  "file",
  "the path of a file",
  (text) => text || undefined,
);

/** Two durations: from the shorter to the longer. */
export const durations: Kind<{ readonly fromMs: number; readonly toMs: number }> = textual(
  "shortest..longest",
  "two durations, the shorter first, such as 25s..10m",
  (text) => {
    const [from = "", to = "", ...rest] = text.split("..").map((part) => part.trim());
    const fromMs = parseDuration(from);
    const toMs = parseDuration(to);
    if (fromMs === undefined || toMs === undefined || rest.length > 0) return undefined;
    return fromMs > toMs ? undefined : { fromMs, toMs };
  },
  { unit: "ms" },
);

export const count: Kind<number> = textual("n", "a whole number", readCount, {
  readJson: jsonCount,
});

/** How many processes; the word for as many as there are cores. */
export const workers: Kind<number | "auto"> = textual(
  "n|auto",
  "a number of processes from 1 to 256, or auto",
  (text) => (text === "auto" ? text : readWorkers(readCount(text))),
  { readJson: (value) => readWorkers(jsonCount(value)) },
);

function readWorkers(number: number | undefined): number | undefined {
  return number !== undefined && number >= 1 && number <= 256 ? number : undefined;
}

/** The one way to say off is `false` in JSON; on a command line it is a word. */
export function orFalse<Value>(kind: Kind<Value>, word: string): Kind<Value | false> {
  return {
    placeholder: `${kind.placeholder ?? ""}|${word}`,
    expected: `${kind.expected}, or ${word}`,
    unit: kind.unit,
    many: false,
    readText: (texts) => (texts.at(-1) === word ? false : kind.readText(texts)),
    readJson: (value) => (value === false || value === word ? false : kind.readJson(value)),
  };
}

/** A word of the line dialect. Its own rules (length, characters) are checked by the library. */
export const word: Kind<string> = textual("word", "a word", (text) => text || undefined);

export const origins: Kind<"same-host" | "any" | readonly string[]> = {
  placeholder: "list",
  expected: "same-host, any, or one or more origins such as https://example.org",
  unit: undefined,
  many: true,
  readText: (texts) => readOrigins(texts),
  readJson: (value) => (isTexts(value) ? readOrigins(value) : undefined),
};

/** Whether each is an origin, the library says. */
function readOrigins(texts: readonly string[]): "same-host" | "any" | string[] | undefined {
  const words = texts.flatMap((text) => text.split(/[\s,]+/)).filter((one) => one !== "");
  const [first] = words;
  if (words.length === 1 && (first === "same-host" || first === "any")) return first;
  return words.length > 0 && words.every((one) => one.includes("://")) ? words : undefined;
}

export function oneOf<Choice extends string>(choices: readonly Choice[]): Kind<Choice> {
  return textual("choice", listed(choices), (text) => choices.find((choice) => choice === text));
}

export function someOf<Choice extends string>(choices: readonly Choice[]): Kind<readonly Choice[]> {
  const read = (texts: readonly string[]): readonly Choice[] | undefined => {
    const words = texts.flatMap((text) => text.split(/[\s,]+/)).filter((one) => one !== "");
    const chosen = choices.filter((choice) => words.includes(choice));
    const unknown = words.some((one) => !choices.some((choice) => choice === one));
    return chosen.length === 0 || unknown ? undefined : chosen;
  };
  return {
    placeholder: "list",
    expected: `one or more of ${choices.join(", ")}`,
    unit: undefined,
    many: true,
    readText: read,
    readJson: (value) => (isTexts(value) ? read(value) : undefined),
  };
}

/** Names of which only the library knows what they mean. */
export const names: Kind<readonly string[]> = {
  placeholder: "list",
  expected: "one or more names, with commas between",
  unit: undefined,
  many: true,
  readText: (texts) => {
    const words = texts.flatMap((text) => text.split(/[\s,]+/)).filter((one) => one !== "");
    return words.length === 0 ? undefined : words;
  },
  readJson: (value) => {
    const texts = typeof value === "string" ? [value] : value;
    return isTexts(texts) ? names.readText(texts) : undefined;
  },
};

/** Addresses: a flag holds one, an environment variable several with spaces or commas between. */
export const urls: Kind<readonly string[]> = {
  placeholder: "url",
  expected: "a url such as tcp://[::]:8080 or unix:/run/holdfast.sock",
  unit: undefined,
  many: true,
  readText: (texts) => (texts.length > 0 && texts.every(isUrl) ? texts : undefined),
  readJson: (value) => {
    const texts = typeof value === "string" ? [value] : value;
    return isTexts(texts) && texts.length > 0 && texts.every(isUrl) ? texts : undefined;
  },
};

export const toggle: Kind<boolean> = {
  placeholder: undefined,
  expected: "true or false",
  unit: undefined,
  many: false,
  readText: (texts) => {
    const text = (texts.at(-1) ?? "").toLowerCase();
    if (["1", "true", "yes", "on"].includes(text)) return true;
    return ["0", "false", "no", "off"].includes(text) ? false : undefined;
  },
  readJson: (value) => (typeof value === "boolean" ? value : undefined),
};

/** TCP keepalive as idle time, interval and count. */
export const keepalive: Kind<KeepaliveConfig> = textual(
  "idle,interval,count",
  "idle time, interval and count such as 60s,10s,5",
  (text) => {
    const [idle, interval, probes, ...rest] = text.split(",").map((part) => part.trim());
    const idleMs = parseDuration(idle ?? "");
    const intervalMs = parseDuration(interval ?? "");
    const probeCount = readCount(probes ?? "");
    if (idleMs === undefined || intervalMs === undefined || probeCount === undefined) {
      return undefined;
    }
    return rest.length === 0 ? { idleMs, intervalMs, count: probeCount } : undefined;
  },
);

function readCount(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function jsonCount(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/** Only the look of a url: which schemes there are is for the library to say. */
function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:.+/i.test(text);
}

function listed(choices: readonly string[]): string {
  return `one of ${choices.join(", ")}`;
}
