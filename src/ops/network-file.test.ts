import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { networkFile } from "./network-file.ts";

test("what was written is read, by the owner alone, and nothing else stays behind", () => {
  const folder = tempFolder({});
  const path = join(folder, "networks.json");
  const store = networkFile(path);
  expect(store.read()).toBeUndefined();
  store.write("first");
  store.write("second");
  expect(networkFile(path).read()).toBe("second");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["networks.json"]);
});

test("a file that is far too large is not read", () => {
  const path = join(tempFolder({}), "networks.json");
  writeFileSync(path, "x".repeat(1024 * 1024 + 1));
  expect(networkFile(path).read()).toBeUndefined();
});

test("a place that cannot be written is an error, and leaves nothing half done", () => {
  const folder = tempFolder({});
  const path = join(folder, "networks.json");
  mkdirSync(path);
  expect(() => networkFile(path).write("text")).toThrow(/EISDIR|ENOTEMPTY|directory/);
  expect(readdirSync(folder)).toEqual(["networks.json"]);
  expect(() => networkFile(join(folder, "missing", "a.json")).write("text")).toThrow(/ENOENT/);
});
