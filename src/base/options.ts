/**
 * Options are parsed once, at the door, into a config in which nothing is optional.
 *
 * Each room's options.ts reads through an OptionReader: it knows the name of the group for its
 * messages, takes each key once, and `done()` refuses whatever was never asked for. The one way to
 * say "off" is `false`.
 */
import { HoldfastError } from "./errors.ts";

export interface NumberRange<Default> {
  readonly default: Default;
  readonly min: number;
  readonly max: number;
}

export class OptionReader {
  readonly #group: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #asked = new Set<string>();

  /** @throws HoldfastError `OPTION_INVALID` when `options` is not a plain object. */
  constructor(group: string, options: object | undefined) {
    this.#group = group;
    if (
      options !== undefined &&
      (typeof options !== "object" || options === null || Array.isArray(options))
    ) {
      throw new HoldfastError(
        "OPTION_INVALID",
        `${group}: expected an object of options, got ${show(options)}`,
      );
    }
    this.#values = (options ?? {}) as Readonly<Record<string, unknown>>;
  }

  /** The raw value, for what no other method reads. The key counts as known. */
  value(name: string): unknown {
    this.#asked.add(name);
    return this.#values[name];
  }

  integer(name: string, range: NumberRange<number>): number {
    const value = this.value(name);
    if (value === undefined) return range.default;
    if (isWithin(value, range) && Number.isInteger(value)) return value;
    throw this.#wrong(name, `a whole number from ${range.min} to ${range.max}`, value);
  }

  integerOrFalse(name: string, range: NumberRange<number | false>): number | false {
    const value = this.value(name);
    if (value === undefined) return range.default;
    if (value === false) return false;
    if (isWithin(value, range) && Number.isInteger(value)) return value;
    throw this.#wrong(name, `a whole number from ${range.min} to ${range.max}, or false`, value);
  }

  number(name: string, range: NumberRange<number>): number {
    const value = this.value(name);
    if (value === undefined) return range.default;
    if (isWithin(value, range)) return value;
    throw this.#wrong(name, `a number from ${range.min} to ${range.max}`, value);
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.value(name);
    if (value === undefined) return fallback;
    if (typeof value === "boolean") return value;
    throw this.#wrong(name, "true or false", value);
  }

  text(name: string, fallback: string): string {
    const value = this.value(name);
    if (value === undefined) return fallback;
    if (typeof value === "string") return value;
    throw this.#wrong(name, "a string", value);
  }

  oneOf<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.value(name);
    if (value === undefined) return fallback;
    const chosen = choices.find((choice) => choice === value);
    if (chosen !== undefined) return chosen;
    throw this.#wrong(name, `one of ${choices.map((choice) => `"${choice}"`).join(", ")}`, value);
  }

  /** A function handed in by the caller. */
  callback<T extends (...args: never[]) => unknown>(name: string): T | undefined {
    const value = this.value(name);
    if (value === undefined || typeof value === "function") return value as T | undefined;
    throw this.#wrong(name, "a function", value);
  }

  /** Refuses with a sentence of the caller's own, for relations between options. */
  refuse(sentence: string): HoldfastError {
    return new HoldfastError("OPTION_INVALID", `${this.#group}: ${sentence}`);
  }

  /** @throws HoldfastError `OPTION_INVALID` for the first key that nobody asked for. */
  done(): void {
    for (const name of Object.keys(this.#values)) {
      if (this.#asked.has(name)) continue;
      const known = [...this.#asked].map((one) => `\`${one}\``).join(", ");
      throw this.refuse(`\`${name}\` is not an option; known are ${known}`);
    }
  }

  #wrong(name: string, expected: string, got: unknown): HoldfastError {
    return this.refuse(`\`${name}\` must be ${expected}, got ${show(got)}`);
  }
}

function isWithin(value: unknown, range: { min: number; max: number }): value is number {
  return typeof value === "number" && value >= range.min && value <= range.max;
}

/** A short, harmless rendering of a wrong value. */
function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 60));
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? "an array" : "an object";
  return String(value);
}
