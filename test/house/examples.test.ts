/** Each example is complete: it has a page of its own, is listed, and a test runs it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT, readFiles } from "../../scripts/house.ts";

const folders = readdirSync(join(ROOT, "examples"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** What is missing of an example, in words. */
function missingOf(name: string, list: string, tests: ReadonlyMap<string, string>): string[] {
  const path = `examples/${name}`;
  const isTested = [...tests.values()].some((source) => source.includes(path));
  return [
    ...(existsSync(join(ROOT, path, "README.md")) ? [] : [`${path} has no README.md`]),
    ...(list.includes(`(${name}/README.md)`) ? [] : [`examples/README.md does not list ${name}`]),
    ...(isTested ? [] : [`no test runs ${path}`]),
  ];
}

test("each folder of examples/ has a page, is listed, and is run by a test", () => {
  const list = readFileSync(join(ROOT, "examples/README.md"), "utf8");
  const all = [...readFiles(["test"], [".test.ts"])];
  const tests = new Map(all.filter(([path]) => !path.startsWith("test/house/")));
  expect(folders.length).toBeGreaterThanOrEqual(3);
  expect(folders.flatMap((name) => missingOf(name, list, tests))).toEqual([]);
});

test("an example that is not listed, and one that nobody runs, are found", () => {
  const tests = new Map([["test/examples/x.test.ts", 'const PATH = "examples/device-gateway";']]);
  expect(missingOf("device-gateway", "[it](device-gateway/README.md)", tests)).toEqual([]);
  expect(missingOf("device-gateway", "", new Map())).toEqual([
    "examples/README.md does not list device-gateway",
    "no test runs examples/device-gateway",
  ]);
  expect(missingOf("planted", "", tests)).toHaveLength(3);
});
