/**
 * Groups what a heap snapshot holds by kind, and says whose each kind is.
 *
 * A kind is a class for objects, and a name of V8's for the rest. Arrays, maps, numbers, strings,
 * closures and plain objects belong to whoever holds them: the way up ends at the first object of a
 * class of ours or of Node's, and the names on the way tell which field it is.
 */
import { runInNewContext } from "node:vm";
import type { HeapGraph } from "./heap-graph.ts";

/** "V8": nobody of the other two holds it. */
export type Origin = "ours" | "node" | "V8";

export interface Kind {
  /** A class, or how V8 calls it. */
  readonly kind: string;
  readonly origin: Origin;
  /** Whether it is an object of a class, and not something that such an object holds. */
  readonly isClass: boolean;
  /** For what is no class: the holder and the fields that lead from there to it. */
  readonly heldBy: string;
  count: number;
  bytes: number;
}

/** What every engine of JavaScript has, and so is no class of anybody. */
const LANGUAGE: ReadonlySet<string> = new Set(
  runInNewContext("Object.getOwnPropertyNames(globalThis)") as string[],
);

const PATH_STEPS_MAX = 4;

export class HeapKinds {
  readonly #graph: HeapGraph;
  readonly #ownClasses: ReadonlySet<string>;
  readonly #kinds = new Map<string, Kind>();

  constructor(graph: HeapGraph, ownClasses: ReadonlySet<string>) {
    this.#graph = graph;
    this.#ownClasses = ownClasses;
    for (let node = 0; node < graph.size; node++) this.#count(node);
  }

  /** By a key that is the same in another snapshot. */
  get kinds(): ReadonlyMap<string, Kind> {
    return this.#kinds;
  }

  #count(node: number): void {
    const bytes = this.#graph.bytes(node);
    const { key, ...kind } = this.#kindOf(node);
    const known = this.#kinds.get(key);
    if (known === undefined) this.#kinds.set(key, { ...kind, count: 1, bytes });
    else {
      known.count += 1;
      known.bytes += bytes;
    }
  }

  #kindOf(node: number): Omit<Kind, "count" | "bytes"> & { key: string } {
    const origin = this.#classOrigin(node);
    const name = this.#nameOf(node);
    if (origin !== undefined) return { key: name, kind: name, origin, isClass: true, heldBy: "" };
    // Whose code is compiled, and when, is not a matter of connections.
    if (name === "(code)")
      return { key: name, kind: name, origin: "V8", isClass: false, heldBy: "" };
    const { origin: holderOrigin, path } = this.#holderOf(node);
    const key = `${name} < ${path}`;
    return { key, kind: name, origin: holderOrigin, isClass: false, heldBy: path };
  }

  /** Undefined for what has no class of its own. */
  #classOrigin(node: number): Origin | undefined {
    const type = this.#graph.type(node);
    const name = this.#graph.name(node);
    if (name.startsWith("Node / ")) return "node"; // In C++; V8 is told its size, not more.
    if (type !== "object" || LANGUAGE.has(name) || !/^[A-Z]\w+$/.test(name)) return undefined;
    return this.#ownClasses.has(name) ? "ours" : "node";
  }

  #nameOf(node: number): string {
    const type = this.#graph.type(node);
    const name = this.#graph.name(node);
    switch (type) {
      case "object":
      case "native":
        return name;
      case "closure":
        return `function ${name === "" ? "(anonymous)" : name}`;
      case "string":
      case "concatenated string":
      case "sliced string":
      case "regexp":
        return type;
      case "number":
        return "heap number";
      case "code":
        return "(code)";
      default:
        return name.length > 40 || name === "" ? `(${type})` : `${name} (${type})`;
    }
  }

  #holderOf(node: number): { origin: Origin; path: string } {
    const steps: string[] = [];
    let at = this.#graph.holding(node);
    for (; at !== undefined; at = this.#graph.holding(at.holder)) {
      // The pieces of a text that was put together belong to the whole.
      if (this.#graph.type(at.holder).endsWith(" string")) continue;
      steps.unshift(at.by);
      const origin = this.#classOrigin(at.holder);
      if (origin === undefined) continue;
      return { origin, path: [this.#graph.name(at.holder), ...shortened(steps)].join(".") };
    }
    return { origin: "V8", path: "" };
  }
}

function shortened(steps: readonly string[]): readonly string[] {
  if (steps.length <= PATH_STEPS_MAX) return steps;
  return [...steps.slice(0, PATH_STEPS_MAX - 1), "…"];
}
