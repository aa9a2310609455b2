/**
 * Reads one object of a plan that came from outside, field by field.
 *
 * Nothing has a default here: a plan whose field is missing would run as another world than the one
 * in which the promise was broken. Whatever was never asked for is refused by `done`.
 */
import { HoldfastError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";

export class PlanFields {
  /** Where it stands, such as `events[3]`; empty for the plan itself. */
  readonly #place: string;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #asked = new Set<string>();

  /** @throws HoldfastError `OPTION_INVALID` when it is no object. */
  constructor(place: string, value: unknown, expected: string = "an object") {
    this.#place = place;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw wrong(place === "" ? "the plan" : place, expected, value);
    }
    this.#values = value as Readonly<Record<string, unknown>>;
  }

  get names(): readonly string[] {
    return Object.keys(this.#values);
  }

  value(name: string): unknown {
    this.#asked.add(name);
    return Object.hasOwn(this.#values, name) ? this.#values[name] : undefined;
  }

  number(name: string, min: number, max: number): number {
    const value = this.value(name);
    if (typeof value === "number" && value >= min && value <= max) return value;
    throw this.wrong(name, `a number from ${min} to ${max}`);
  }

  integer(name: string, min: number, max: number): number {
    const value = this.value(name);
    const fits = typeof value === "number" && value >= min && value <= max;
    if (fits && Number.isInteger(value)) return value;
    throw this.wrong(name, `a whole number from ${min} to ${max}`);
  }

  numberOrFalse(name: string, min: number, max: number): number | false {
    const value = this.value(name);
    if (value === false) return false;
    if (typeof value === "number" && value >= min && value <= max) return value;
    throw this.wrong(name, `a number from ${min} to ${max}, or false`);
  }

  boolean(name: string): boolean {
    const value = this.value(name);
    if (typeof value === "boolean") return value;
    throw this.wrong(name, "true or false");
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.value(name);
    const chosen = choices.find((choice) => choice === value);
    if (chosen !== undefined) return chosen;
    throw this.wrong(name, `one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`);
  }

  list(name: string, countMax: number): readonly unknown[] {
    const value = this.value(name);
    if (Array.isArray(value) && value.length <= countMax) return value as readonly unknown[];
    throw this.wrong(name, `a list of at most ${countMax}`);
  }

  placeOf(name: string): string {
    return this.#place === "" ? name : `${this.#place}.${name}`;
  }

  wrong(name: string, expected: string): HoldfastError {
    return wrong(this.placeOf(name), expected, this.value(name));
  }

  /** @throws HoldfastError `OPTION_INVALID` for the first field that nobody asked for. */
  done(): void {
    const unknown = this.names.find((name) => !this.#asked.has(name));
    if (unknown === undefined) return;
    const known = [...this.#asked].join(", ");
    const what = `${this.placeOf(printable(unknown))}: expected no other field than ${known}`;
    throw new HoldfastError("OPTION_INVALID", `${what}, got this one`);
  }
}

function wrong(place: string, expected: string, got: unknown): HoldfastError {
  return new HoldfastError("OPTION_INVALID", `${place}: expected ${expected}, got ${show(got)}`);
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) {
    const names = Object.keys(value).slice(0, 5).map(printable);
    return names.length === 0 ? "an empty object" : `an object with ${names.join(", ")}`;
  }
  return printable(JSON.stringify(value)).slice(0, 80);
}
