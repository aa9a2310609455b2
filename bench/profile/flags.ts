/** Flags of the profiles: few, checked at once, and named by what they mean when they are wrong. */
import { parseArgs } from "node:util";
import type { ClientDialect, ServerSettings } from "./orders.ts";

export class Flags {
  readonly #values: Readonly<Record<string, string | boolean | undefined>>;

  /** Prints `help` and exits where it is asked for. `names` are flags that take a value. */
  constructor(help: string, names: readonly string[], switches: readonly string[] = []) {
    const options = {
      ...Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
      ...Object.fromEntries(switches.map((name) => [name, { type: "boolean" as const }])),
      help: { type: "boolean" as const },
    };
    try {
      this.#values = parseArgs({ options }).values;
    } catch (error) {
      throw usage(error instanceof Error ? error.message : "wrong flags");
    }
    if (!this.has("help")) return;
    process.stdout.write(help);
    process.exit(0);
  }

  has(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  integer(name: string, range: { default: number; min: number; max: number }): number {
    const text = this.text(name);
    const value = text === undefined ? range.default : Number(text);
    if (Number.isInteger(value) && value >= range.min && value <= range.max) return value;
    throw usage(`--${name} must be a whole number from ${range.min} to ${range.max}`);
  }

  oneOf<Value extends string>(name: string, values: readonly Value[], fallback: Value): Value {
    const text = this.text(name) ?? fallback;
    const value = values.find((one) => one === text);
    if (value === undefined) throw usage(`--${name} must be one of ${values.join(", ")}`);
    return value;
  }

  engine(): ServerSettings["engine"] {
    return this.oneOf("engine", ["auto", "public", "shared", "lean"], "auto");
  }

  dialect(): ClientDialect {
    return this.oneOf("dialect", ["line", "frame"], "line");
  }
}

function usage(text: string): Error {
  process.stderr.write(`${text}; --help lists the flags\n`);
  process.exit(2);
}
