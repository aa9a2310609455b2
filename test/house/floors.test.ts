/** The floors hold, and each way to break them is noticed. */
import { expect, test } from "vitest";
import { floorFindings } from "../../scripts/floors.ts";
import { describeFindings, readFiles } from "../../scripts/house.ts";

test("no room imports a higher floor or a room beside it", () => {
  const files = readFiles(["src"], [".ts"]);
  expect(files.size).toBeGreaterThan(10);
  expect(describeFindings(floorFindings(files))).toEqual([]);
});

function found(path: string, ...lines: string[]): string[] {
  return describeFindings(floorFindings(new Map([[path, lines.join("\n")]])));
}

test.each([
  ["an import from above", 'import { x } from "../driver/driven.ts";'],
  ["a type from above", 'import type { X } from "../driver/driven.ts";'],
  ["an inline type from above", 'import { type X } from "../driver/driven.ts";'],
  ["a re-export", 'export { x } from "../driver/driven.ts";'],
  ["a re-export of everything", 'export * from "../driver/driven.ts";'],
  ["a re-exported type", 'export type { X } from "../driver/driven.ts";'],
  ["an import for its effect", 'import "../driver/driven.ts";'],
  ["import()", 'const x = await import("../driver/driven.ts");'],
  ["import() with a template", "const x = await import(`../driver/driven.ts`);"],
  ["import() as a type", 'let x: import("../driver/driven.ts").X;'],
  ["require()", 'const x = require("../driver/driven.ts");'],
])("%s is found", (_, line) => {
  expect(found("src/liveness/planted.ts", "", line)).toEqual([
    'src/liveness/planted.ts:2 "liveness" must not import "driver"',
  ]);
});

test("an import over several lines is found at its end", () => {
  expect(
    found("src/liveness/planted.ts", "import {", "  x,", '} from "../wire/frame.ts";'),
  ).toEqual(['src/liveness/planted.ts:3 "liveness" must not import "wire"']);
});

test("what a comment or a string says is no import", () => {
  const lines = [
    '// import { x } from "../driver/driven.ts";',
    '/** import { x } from "../driver/driven.ts"; */',
    'const url = "https://example.org"; // from "../driver/driven.ts"',
    "const quote = /[\"'`]/;",
    'import { later } from "../base/time.ts";',
  ];
  expect(found("src/liveness/planted.ts", ...lines)).toEqual([]);
});

test.each([
  ["node:net", 'import { connect } from "node:net";'],
  ["koffi", 'import type { Library } from "koffi";'],
])("a pure room must not name %s", (specifier, line) => {
  expect(found("src/client/planted.ts", line)).toEqual([
    `src/client/planted.ts:1 "client" is pure and must not import "${specifier}"`,
  ]);
});

test("an import() of a computed name cannot be judged, so a pure room may not have one", () => {
  expect(found("src/wire/planted.ts", "await import(name);")).toEqual([
    'src/wire/planted.ts:1 "wire" is pure and must not import "?"',
  ]);
});

test("a pure room must not reach a package through a room below it", () => {
  const files = new Map([
    ["src/client/link.ts", 'import { drive } from "../driver/drive.ts";'],
    ["src/driver/drive.ts", 'import { hrtime } from "node:process";'],
    ["src/driver/other.ts", 'import { hrtime } from "node:process";'],
  ]);
  expect(describeFindings(floorFindings(files))).toEqual([
    'src/driver/drive.ts:1 a pure room reaches "node:process" through this file',
  ]);
});

test("the door for browsers must not reach Node, by a module or by a name", () => {
  const files = new Map([
    ["src/browser.ts", 'export { open } from "./ops/open.ts";'],
    [
      "src/ops/open.ts",
      'import { dial } from "../transports/dial.ts";\nimport type { N } from "node:net";',
    ],
    ["src/transports/dial.ts", 'import "node:net";\nx(Buffer.alloc(1)); // process\ny.process;'],
    ["src/ops/other.ts", 'import "node:net";'],
  ]);
  expect(describeFindings(floorFindings(files))).toEqual([
    'src/transports/dial.ts:1 the door for browsers reaches "node:net" through this file',
    "src/transports/dial.ts:2 the door for browsers reaches `Buffer` here",
  ]);
});

test("a room without a floor, and a way out of src/, are found", () => {
  expect(found("src/attic/planted.ts", "")).toEqual([
    'src/attic/planted.ts:1 the room "attic" stands on no floor',
  ]);
  expect(found("src/cli/planted.ts", 'import { x } from "../../scripts/house.ts";')).toEqual([
    'src/cli/planted.ts:1 "../../scripts/house.ts" leads out of the house',
  ]);
});

test("a test may use testing/, packages and its own floor, and nothing above", () => {
  const allowed = [
    'import { test } from "vitest";',
    'import { Recorder } from "../testing/recorder.ts";',
    'import { x } from "../wire/frame.ts";',
    'import vectors from "../../docs/vectors.json" with { type: "json" };',
  ];
  expect(found("src/liveness/planted.test.ts", ...allowed)).toEqual([]);
  expect(found("src/liveness/planted.test.ts", 'import { x } from "../driver/x.ts";')).toEqual([
    'src/liveness/planted.test.ts:1 a test on floor 1 must not import "driver"; move it to test/',
  ]);
});
