/**
 * `npm run bench:micro`: the small operations that connections are made of, in nanoseconds.
 *
 * Each task runs in a thread of its own, since V8 optimises for all that a piece of code has met:
 * what is measured is the code that knows this use alone. In a server of both dialects it is a
 * little slower. Figures of one machine and day; the differences are what to learn from.
 */
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { fixed, textTable } from "../report/text-table.ts";
import type { GroupOrder } from "./group-program.ts";
import { GROUPS } from "./groups.ts";
import type { Measured } from "./measurement.ts";

const HELP = `Micro benchmarks of Holdfast.

  --filter WORDS   only tasks whose name or group has all of these words
  --json FILE      writes what is printed
  --help           prints this
`;

interface Result extends Measured {
  readonly group: string;
}

const { values } = parseArgs({
  options: {
    filter: { type: "string", default: "" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await measureAll(values.filter.toLowerCase().split(/\s+/), values.json);

async function measureAll(words: readonly string[], json: string | undefined): Promise<void> {
  const machine = {
    node: process.version,
    cpu: cpus()[0]?.model ?? "unknown",
    date: new Date().toISOString(),
  };
  process.stdout.write(`node ${machine.node}, ${machine.cpu}, ${machine.date}\n`);
  const results: Result[] = [];
  for (const [group, subject] of GROUPS.entries()) {
    const { title } = subject;
    const wanted = [...subject.tasks().entries()].filter(([, { name }]) =>
      words.every((word) => `${title} ${name}`.toLowerCase().includes(word)),
    );
    const found: Result[] = [];
    for (const [task] of wanted) found.push({ group: title, ...(await inThread({ group, task })) });
    if (found.length > 0) process.stdout.write(`\n${table(title, found)}`);
    results.push(...found);
  }
  if (results.length === 0) process.stdout.write("\nnothing matches\n");
  if (json !== undefined) {
    writeFileSync(json, `${JSON.stringify({ ...machine, results }, undefined, 2)}\n`);
  }
}

async function inThread(order: GroupOrder): Promise<Measured> {
  const program = new URL("group-program.js", import.meta.url);
  const worker = new Worker(program, { workerData: order });
  return await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("a thread ended without a result")));
  });
}

function table(title: string, results: readonly Result[]): string {
  return textTable(results, [
    { title, of: ({ name }) => name, left: true },
    { title: "ns", of: ({ medianNs }) => fixed(medianNs, medianNs < 1_000 ? 1 : 0) },
    { title: "±", of: (result) => `${fixed((100 * result.spreadNs) / result.medianNs, 1)} %` },
    { title: "per second", of: ({ perSecond }) => fixed(perSecond, perSecond < 100 ? 1 : 0) },
    { title: "samples", of: ({ samples }) => fixed(samples, 0) },
  ]);
}
