/** The pure rooms are compiled once more without any platform, so that one cannot slip in. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PURE_ROOMS } from "../../scripts/floors.ts";
import { ROOT } from "../../scripts/house.ts";
import { run, tool } from "../support/commands.ts";
import { tempFolder } from "../support/temp-folder.ts";

test("tsconfig.pure.json covers exactly the pure rooms", () => {
  const config = readFileSync(join(ROOT, "tsconfig.pure.json"), "utf8");
  const listed = [...config.matchAll(/"src\/([\w-]+)"/g)].map(([, room]) => room as string);
  expect(listed.toSorted()).toEqual(PURE_ROOMS.toSorted());
});

const PLATFORM = [
  "performance.now()",
  "setTimeout(() => {}, 1)",
  "Buffer.alloc(1)",
  "process.pid",
  "window.name",
  "queueMicrotask(() => {})",
];

test("a planted use of the platform does not compile there", () => {
  const planted = PLATFORM.map((use, index) => `export const planted${index}: unknown = ${use};`);
  const config = JSON.stringify({
    extends: join(ROOT, "tsconfig.pure.json"),
    include: [join(ROOT, "config/globals.pure.d.ts"), "planted.ts"],
  });
  const allowed = "export const bytes: Uint8Array = new TextEncoder().encode(String(Math.PI));";
  const folder = tempFolder({
    "tsconfig.json": config,
    "package.json": '{ "type": "module" }',
    "planted.ts": [...planted, allowed, ""].join("\n"),
  });
  const { code, said } = run(tool("tsc"), ["-p", folder]);
  expect(code).not.toBe(0);
  const lines = [...said.matchAll(/planted\.ts\((\d+),\d+\): error TS2/g)].map(([, line]) =>
    Number(line),
  );
  expect(lines).toEqual(PLATFORM.map((_, index) => index + 1));
});
