/** The memory profile in words and tables. */
import type { Growth } from "./heap-growth.ts";
import type { Origin } from "./heap-kinds.ts";
import type { MemoryProfile } from "./memory.ts";
import { fixed, textTable } from "../report/text-table.ts";

/** Of what is held by others, so many rows are printed. */
const HELD_ROWS = 60;

export function memoryReport(profile: MemoryProfile): string {
  const { rows, engine, dialect, connections, node } = profile;
  return [
    `Memory per connection: ${connections} ${dialect} connections, engine ${engine}, ${node}\n\n`,
    processTable(profile),
    "RSS and reserved heap come in large pieces: take 15000 connections for those two.\n",
    "\nThe V8 heap, by whose it is (self sizes):\n\n",
    originTable(rows),
    "\nBy kind: objects of a class, and the rest by what it is\n\n",
    kindTable(rows),
    `\nWhat has no class of its own, by the field that holds it (the ${HELD_ROWS} largest)\n\n`,
    heldTable(rows),
    "\nFunctions of which each connection has one of its own (over 0.5 per connection):\n\n",
    functionTable(profile),
  ].join("");
}

function processTable({ process: used }: MemoryProfile): string {
  const rows: [string, number][] = [
    ["resident memory (RSS)", used.rssBytes],
    ["V8 heap in use", used.heapUsedBytes],
    ["V8 heap reserved", used.heapTotalBytes],
    ["external to V8, as V8 counts it", used.externalBytes],
    ["of these, array buffers", used.arrayBufferBytes],
    ["outside of the V8 heap (RSS - heap in use)", used.rssBytes - used.heapUsedBytes],
    ["outside of the V8 heap (RSS - heap reserved)", used.rssBytes - used.heapTotalBytes],
  ];
  return textTable(rows, [
    { title: "process", of: ([name]) => name, left: true },
    { title: "bytes per connection", of: ([, bytes]) => fixed(bytes, 0) },
  ]);
}

interface Sum {
  readonly name: string;
  count: number;
  bytes: number;
}

function sumBy(rows: readonly Growth[], nameOf: (row: Growth) => string): Sum[] {
  const sums = new Map<string, Sum>();
  for (const row of rows) {
    const name = nameOf(row);
    const sum = sums.get(name) ?? { name, count: 0, bytes: 0 };
    sum.count += row.count;
    sum.bytes += row.bytes;
    sums.set(name, sum);
  }
  return [...sums.values()].sort((one, other) => other.bytes - one.bytes);
}

function total(rows: readonly { readonly count: number; readonly bytes: number }[]): Sum {
  const sum = { name: "sum", count: 0, bytes: 0 };
  for (const { count, bytes } of rows) {
    sum.count += count;
    sum.bytes += bytes;
  }
  return sum;
}

function sumTable(title: string, sums: readonly Sum[]): string {
  return textTable(
    [...sums, total(sums)],
    [
      { title, of: ({ name }) => name, left: true },
      { title: "count", of: ({ count }) => fixed(count, 2) },
      { title: "bytes", of: ({ bytes }) => fixed(bytes, 1) },
    ],
  );
}

const WHOSE: Readonly<Record<Origin, string>> = {
  ours: "ours",
  node: "Node's",
  V8: "V8 internals held by neither",
};

function originTable(rows: readonly Growth[]): string {
  const sums = sumBy(rows, ({ origin, isClass }) => {
    if (origin === "V8") return WHOSE.V8;
    const what = isClass ? "objects of a class" : "what these hold (arrays, numbers, strings …)";
    return `${WHOSE[origin]}: ${what}`;
  });
  return sumTable("whose", sums);
}

function kindTable(rows: readonly Growth[]): string {
  const sums = sumBy(rows, ({ kind, isClass, origin }) => {
    const name = kind.startsWith("function ") ? "function" : kind;
    return isClass ? `${name}  [${WHOSE[origin]}]` : name;
  });
  return sumTable("kind", sums);
}

function heldTable(rows: readonly Growth[]): string {
  const held = rows.filter(({ isClass }) => !isClass).slice(0, HELD_ROWS);
  return textTable(held, [
    { title: "kind", of: ({ kind }) => kind, left: true },
    { title: "held by", of: ({ heldBy }) => heldBy, left: true },
    { title: "count", of: ({ count }) => fixed(count, 2) },
    { title: "bytes", of: ({ bytes }) => fixed(bytes, 1) },
  ]);
}

function functionTable({ functions }: MemoryProfile): string {
  if (functions.length === 0) return "none\n";
  return textTable(functions, [
    { title: "function", of: ({ name }) => name, left: true },
    {
      title: "where",
      of: ({ script, line }) => `${script}${line === undefined ? "" : `:${line}`}`,
      left: true,
    },
    { title: "count", of: ({ count }) => fixed(count, 2) },
  ]);
}
