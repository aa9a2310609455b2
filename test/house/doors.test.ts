/** The doors are the exports of the package, and the package is what its description says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { doorFindings } from "../../scripts/doors.ts";
import { describeFindings, ROOT, readFiles } from "../../scripts/house.ts";

interface PackageJson {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const packageJson = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as PackageJson;

test("each file directly in src/ is a door, and each door has its export", () => {
  const files = readFiles(["src"], [".ts"]);
  expect(describeFindings(doorFindings(files, packageJson.exports))).toEqual([]);
});

test("a door without an export, and an export without a door, are found", () => {
  const door = { types: "./dist/index.d.ts", default: "./dist/index.js" };
  const files = new Map([["src/index.ts", 'export { x } from "./wire/x.ts";\n']]);
  expect(doorFindings(files, { ".": door, "./package.json": "./package.json" })).toEqual([]);
  expect(doorFindings(files, {})).toHaveLength(1);
  expect(doorFindings(files, { ".": { ...door, import: "./dist/index.js" } })).toHaveLength(1);
  expect(doorFindings(files, { ".": door, "./wire": "./dist/wire/x.js" })).toHaveLength(1);
});

test("code in a door is found", () => {
  const exports = { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } };
  const door = (source: string) => doorFindings(new Map([["src/index.ts", source]]), exports);
  expect(
    door('/** Doors. */\nexport type { X } from "./a.ts";\nexport * from "./b.ts";\n'),
  ).toEqual([]);
  expect(door("export const x: number = 1;\n")).toHaveLength(1);
  expect(door('import { x } from "./a.ts";\nexport { x };\n')).toHaveLength(1);
});

test("installing runs nothing, and versions are exact", () => {
  const atInstall = ["preinstall", "install", "postinstall", "prepare"];
  expect(atInstall.filter((name) => name in packageJson.scripts)).toEqual([]);
  const versions = { ...packageJson.dependencies, ...packageJson.devDependencies };
  expect(Object.values(versions).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  expect(packageJson.engines["node"]).toBe(">=20.19");
});

test("the command is the built src/cli/main.ts, and Node runs it", () => {
  expect(packageJson.bin).toEqual({ holdfast: "dist/cli/main.js" });
  const main = readFileSync(join(ROOT, "src/cli/main.ts"), "utf8");
  expect(main.startsWith("#!/usr/bin/env node\n")).toBe(true);
});
