/**
 * A heap snapshot of V8 as a graph: which objects there are, and by whom each is held.
 *
 * The format is that of `v8.writeHeapSnapshot`: flat arrays of numbers, described by `meta`. The
 * holder of an object is the one before it on a shortest way from the roots; where several hold it
 * that is a choice, so what is said of holders is exact only for what has one.
 */
import { readFileSync } from "node:fs";

interface SnapshotFile {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly [readonly string[], ...unknown[]];
      readonly edge_fields: readonly string[];
      readonly edge_types: readonly [readonly string[], ...unknown[]];
      readonly location_fields: readonly string[];
    };
    readonly node_count: number;
  };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly locations: readonly number[];
  readonly strings: readonly string[];
}

/** How a node is reached from its holder. */
export interface Holding {
  readonly holder: number;
  /** The name of a field, or "[]" for an element. */
  readonly by: string;
}

const ROOT = 0;
const NOBODY = -1;

export class HeapGraph {
  readonly #file: SnapshotFile;
  readonly #types: readonly string[];
  readonly #edgeTypes: readonly string[];
  readonly #nodeSize: number;
  readonly #nameAt: number;
  readonly #sizeAt: number;
  readonly #edgeCountAt: number;
  /** Where the edges of each node begin, in units of whole edges. */
  readonly #firstEdge: Uint32Array;
  readonly #holderEdge: Int32Array;
  readonly #holder: Int32Array;

  constructor(file: string) {
    this.#file = JSON.parse(readFileSync(file, "utf8")) as SnapshotFile;
    const { meta } = this.#file.snapshot;
    this.#types = meta.node_types[0];
    this.#edgeTypes = meta.edge_types[0];
    this.#nodeSize = meta.node_fields.length;
    this.#nameAt = meta.node_fields.indexOf("name");
    this.#sizeAt = meta.node_fields.indexOf("self_size");
    this.#edgeCountAt = meta.node_fields.indexOf("edge_count");
    this.#firstEdge = new Uint32Array(this.size + 1);
    for (let node = 0; node < this.size; node++) {
      const count = this.#field(node, this.#edgeCountAt);
      this.#firstEdge[node + 1] = (this.#firstEdge[node] as number) + count;
    }
    this.#holderEdge = new Int32Array(this.size).fill(NOBODY);
    this.#holder = new Int32Array(this.size).fill(NOBODY);
    this.#findHolders();
  }

  get size(): number {
    return this.#file.snapshot.node_count;
  }

  /** "object", "closure", "array", "string" and so on. */
  type(node: number): string {
    return this.#types[this.#field(node, 0)] ?? "?";
  }

  /** For objects the constructor, for closures the function. */
  name(node: number): string {
    return this.#file.strings[this.#field(node, this.#nameAt)] ?? "?";
  }

  bytes(node: number): number {
    return this.#field(node, this.#sizeAt);
  }

  /** Undefined for a root, and for what is held by nothing but weak references. */
  holding(node: number): Holding | undefined {
    const holder = this.#holder[node] as number;
    if (holder <= ROOT) return undefined;
    return { holder, by: this.#edgeName(this.#holderEdge[node] as number) };
  }

  /** The node that `from` refers to by that name. */
  follow(from: number, name: string): number | undefined {
    for (let edge = this.#first(from); edge < this.#first(from + 1); edge++) {
      if (this.#edgeName(edge) === name) return this.#target(edge);
    }
    return undefined;
  }

  /** Where functions begin, by node: their line, counted from 1. */
  lines(): ReadonlyMap<number, number> {
    const { locations, snapshot } = this.#file;
    const width = snapshot.meta.location_fields.length;
    const lines = new Map<number, number>();
    for (let at = 0; at < locations.length; at += width) {
      lines.set((locations[at] as number) / this.#nodeSize, (locations[at + 2] as number) + 1);
    }
    return lines;
  }

  /** Breadth first from the roots. Weak references hold nothing. */
  #findHolders(): void {
    const queue = new Int32Array(this.size);
    let length = 1; // The root is the first.
    for (let head = 0; head < length; head++) {
      const node = queue[head] as number;
      for (let edge = this.#first(node); edge < this.#first(node + 1); edge++) {
        if (this.#edgeType(edge) === "weak") continue;
        const target = this.#target(edge);
        if (target === ROOT || this.#holder[target] !== NOBODY) continue;
        this.#holder[target] = node;
        this.#holderEdge[target] = edge;
        queue[length++] = target;
      }
    }
  }

  #field(node: number, at: number): number {
    return this.#file.nodes[node * this.#nodeSize + at] as number;
  }

  #first(node: number): number {
    return this.#firstEdge[node] as number;
  }

  #target(edge: number): number {
    return (this.#file.edges[edge * 3 + 2] as number) / this.#nodeSize;
  }

  #edgeType(edge: number): string {
    return this.#edgeTypes[this.#file.edges[edge * 3] as number] ?? "?";
  }

  #edgeName(edge: number): string {
    const type = this.#edgeType(edge);
    if (type === "element" || type === "hidden") return "[]";
    return this.#file.strings[this.#file.edges[edge * 3 + 1] as number] ?? "?";
  }
}
