/** The Python codec passes the vectors of the protocol, and what it would not pass is counted. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { run } from "../support/commands.ts";
import { hasTool, skipUnless } from "../support/requires.ts";

const FOLDER = join(ROOT, "examples/python-client");
const VECTORS = readFileSync(join(ROOT, "docs/protocol-vectors.json"), "utf8");
const withPython = skipUnless(hasTool("python3"), "there is no python3");

withPython("the Python codec passes every vector of the protocol", () => {
  const { code, said } = python("run_vectors.py");
  const sum = `${countOf(JSON.parse(VECTORS))} passed, 0 failed`;
  expect(said).toBe(`${sum}\n`);
  expect(readFileSync(join(FOLDER, "README.md"), "utf8"), "its page").toContain(`\`${sum}\``);
  expect(code).toBe(0);
});

withPython(
  "a vector that the Python codec does not pass is named, and the exit code says so",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-vectors-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const planted = VECTORS.replace(
      '{ "value": 300, "hex": "ac02" }',
      '{ "value": 301, "hex": "ac02" }',
    )
      .replace('"events": [{ "kind": "pong" }]', '"events": [{ "kind": "ping" }]')
      .replace('"key": "retry"', '"key": "reason"');
    writeFileSync(join(folder, "vectors.json"), planted);
    const { code, said } = python("run_vectors.py", join(folder, "vectors.json"));
    for (const name of ["varint 301", "line, an answer", "frame, GOAWAY, a retry that is none"]) {
      expect(said).toContain(`${name}: `);
    }
    expect(said).toContain(`${countOf(JSON.parse(VECTORS)) - 3} passed, 3 failed\n`);
    expect(code).toBe(1);
  },
);

test("the page of the Python client tells how long its files are", () => {
  const page = readFileSync(join(FOLDER, "README.md"), "utf8");
  const told = [...page.matchAll(/^\| \[(\w+\.py)\]\(\1\) \| (\d+) \|/gm)];
  const lines = (name: string): number =>
    readFileSync(join(FOLDER, name), "utf8").split("\n").length - 1;
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".py"));
  expect(Object.fromEntries(told.map(([, name, count]) => [name, Number(count)]))).toEqual(
    Object.fromEntries(files.map((name) => [name, lines(name)])),
  );
});

withPython("the Python client says what is wrong with how it was called", () => {
  for (const [args, what] of [
    [["http://localhost:8080"], "a url is tcp://host:port or line://host:port"],
    [["tcp://localhost:99999"], "a url is tcp://host:port or line://host:port"],
    [["tcp://localhost:8080", "--interval-ms", "1"], "interval_ms is from 10 to 86400000 ms"],
  ] as const) {
    const { code, said } = python("holdfast_client.py", ...args);
    expect(said).toContain(what);
    expect(code).toBe(2);
  }
});

function python(name: string, ...args: readonly string[]): { code: number | null; said: string } {
  return run("python3", [join(FOLDER, name), ...args]);
}

/** All vectors: each list at any depth counts its members, and lists within a vector do not. */
function countOf(vectors: Readonly<Record<string, unknown>>): number {
  const lists = Object.values(vectors).flatMap((topic) => {
    if (Array.isArray(topic)) return [topic];
    return typeof topic === "object" && topic !== null ? Object.values(topic) : [];
  });
  return (lists as unknown[][]).reduce((count, list) => count + list.length, 0);
}
