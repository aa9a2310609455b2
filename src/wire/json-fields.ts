/**
 * Reads the fields of a JSON body that a peer wrote, by name.
 *
 * Keys that nobody asks for are ignored; a key is read only where the body itself holds it, so
 * `__proto__` and the like are keys as any other. The first thing that is wrong is remembered as a
 * sentence that names the key and never the value, which may be a token. Nothing throws.
 */
import { decodeUtf8, isWellFormed } from "./utf8-text.ts";

export class JsonFields {
  readonly #values: object;
  readonly #prefix: string;
  readonly #parent: JsonFields | undefined;
  #problem: string | undefined;

  private constructor(values: object, prefix: string, parent: JsonFields | undefined) {
    this.#values = values;
    this.#prefix = prefix;
    this.#parent = parent;
  }

  /** The fields of a body, or the sentence about what is wrong with the whole. */
  static parse(body: Uint8Array): JsonFields | string {
    const text = decodeUtf8(body);
    if (text === undefined) return "the body is not UTF-8";
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return "the body is not JSON"; // The error's own text quotes the body; it stays here.
    }
    return isObject(value) ? new JsonFields(value, "", undefined) : "the body is not an object";
  }

  /** What was wrong first; undefined when all was right. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** A text of `charactersMax` UTF-16 units at most. */
  text(key: string, charactersMax: number): string {
    return this.optionalText(key, charactersMax) ?? this.#missing(key, "");
  }

  optionalText(key: string, charactersMax: number): string | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    const isGood =
      typeof value === "string" && value.length <= charactersMax && isWellFormed(value);
    return isGood ? value : this.#wrong(key, `a text of at most ${charactersMax} characters`, "");
  }

  /** A whole number from `min` to 2^53 - 1. */
  whole(key: string, min: number): number {
    return this.optionalWhole(key, min) ?? this.#missing(key, min);
  }

  optionalWhole(key: string, min: number): number | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    const isGood = typeof value === "number" && Number.isSafeInteger(value) && value >= min;
    return isGood ? value : this.#wrong(key, `a whole number from ${min} to 2^53 - 1`, min);
  }

  oneOf<T extends string>(key: string, choices: readonly [T, ...T[]]): T {
    const value = this.#value(key);
    const chosen = choices.find((choice) => choice === value);
    return chosen ?? this.#wrong(key, `one of ${choices.join(", ")}`, choices[0]);
  }

  /** An object within the object. What is wrong in it is wrong here. */
  optionalGroup(key: string): JsonFields | undefined {
    const value = this.#value(key);
    if (value === undefined) return undefined;
    if (isObject(value)) return new JsonFields(value, `${this.#prefix}${key}.`, this);
    return this.#wrong(key, "an object", undefined);
  }

  /** Says that two numbers contradict each other. */
  requireOrder(lowKey: string, low: number, highKey: string, high: number): void {
    if (low > high) this.#report(`\`${lowKey}\` is above \`${highKey}\``);
  }

  #value(key: string): unknown {
    if (!Object.hasOwn(this.#values, key)) return undefined;
    return (this.#values as Readonly<Record<string, unknown>>)[key];
  }

  #missing<T>(key: string, instead: T): T {
    this.#report(`\`${this.#prefix}${key}\` is missing`);
    return instead;
  }

  #wrong<T>(key: string, expected: string, instead: T): T {
    this.#report(`\`${this.#prefix}${key}\` is not ${expected}`);
    return instead;
  }

  #report(problem: string): void {
    this.#problem ??= problem;
    if (this.#parent !== undefined) this.#parent.#report(problem);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
