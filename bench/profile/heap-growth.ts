/**
 * What each connection adds to a heap: the difference of two snapshots, by kind, divided by the
 * connections that came between them. What does not grow with connections falls out.
 */
import { HeapGraph } from "./heap-graph.ts";
import { HeapKinds, type Kind, type Origin } from "./heap-kinds.ts";

export interface Growth {
  readonly kind: string;
  readonly origin: Origin;
  readonly isClass: boolean;
  readonly heldBy: string;
  readonly count: number;
  readonly bytes: number;
}

export interface FunctionGrowth {
  readonly name: string;
  readonly script: string;
  readonly line: number | undefined;
  readonly count: number;
}

/** What one of many connections does not have is not worth a row. */
const BYTES_MIN = 0.5;
const CLOSURES_MIN = 0.5;

/** Per connection, largest first; what is too small for a row is in the last one. */
export function heapGrowth(
  before: string,
  after: string,
  connections: number,
  ownClasses: ReadonlySet<string>,
): { rows: Growth[]; functions: FunctionGrowth[] } {
  const first = kindsOf(before, ownClasses);
  const last = kindsOf(after, ownClasses);
  const rows: Growth[] = [];
  const rest = { count: 0, bytes: 0 };
  for (const key of new Set([...first.kinds.keys(), ...last.kinds.keys()])) {
    const [was, is] = [first.kinds.get(key), last.kinds.get(key)];
    const kind = is ?? was;
    const count = countOf(is) - countOf(was);
    const bytes = bytesOf(is) - bytesOf(was);
    if (kind !== undefined && Math.abs(bytes / connections) >= BYTES_MIN) {
      rows.push({ ...kind, count: count / connections, bytes: bytes / connections });
    } else {
      rest.count += count / connections;
      rest.bytes += bytes / connections;
    }
  }
  rows.sort((one, other) => other.bytes - one.bytes);
  rows.push({ kind: "(all the rest)", origin: "V8", isClass: false, heldBy: "", ...rest });
  return { rows, functions: functionGrowth(first.functions, last.functions, connections) };
}

interface Kinds {
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly functions: ReadonlyMap<string, FunctionGrowth>;
}

/** The graph is let go at once: two of them would not fit beside each other. */
function kindsOf(file: string, ownClasses: ReadonlySet<string>): Kinds {
  const graph = new HeapGraph(file);
  const { kinds } = new HeapKinds(graph, ownClasses);
  return { kinds, functions: functionsOf(graph) };
}

function functionsOf(graph: HeapGraph): ReadonlyMap<string, FunctionGrowth> {
  const lines = graph.lines();
  const functions = new Map<string, FunctionGrowth>();
  for (let node = 0; node < graph.size; node++) {
    if (graph.type(node) !== "closure") continue;
    const shared = graph.follow(node, "shared");
    const script = shared === undefined ? undefined : graph.follow(shared, "script");
    const name = graph.name(node) || "(anonymous)";
    const scriptName = script === undefined ? "(native)" : graph.name(script);
    const line = lines.get(node);
    const key = `${name} ${scriptName} ${line}`;
    const count = (functions.get(key)?.count ?? 0) + 1;
    functions.set(key, { name, script: scriptName, line, count });
  }
  return functions;
}

function functionGrowth(
  first: ReadonlyMap<string, FunctionGrowth>,
  last: ReadonlyMap<string, FunctionGrowth>,
  connections: number,
): FunctionGrowth[] {
  return [...last]
    .map(([key, one]) => ({ ...one, count: (one.count - countOf(first.get(key))) / connections }))
    .filter(({ count }) => count > CLOSURES_MIN)
    .sort((one, other) => other.count - one.count);
}

function countOf(one: { readonly count: number } | undefined): number {
  return one?.count ?? 0;
}

function bytesOf(one: Kind | undefined): number {
  return one?.bytes ?? 0;
}
