/** What deploy/ holds fits together, and fits the program. What needs its tools is in test/full. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { environmentName } from "../../src/cli/settings.ts";
import { SERVE_SETTINGS } from "../../src/cli/serve-settings.ts";
import { resolveCloseOptions } from "../../src/server/options.ts";
import { copyOf, readDockerfile, wordsOf } from "../support/dockerfile.ts";

const read = (name: string): string => readFileSync(join(ROOT, "deploy", name), "utf8");

/** The values of a key of a unit. */
function valuesOf(unit: string, key: string): string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map((match) => match[1] ?? "");
}

test("the unit waits for a drain, and starts node itself", () => {
  const unit = read("holdfast.service");
  const stopS = Number(valuesOf(unit, "TimeoutStopSec")[0]);
  // The grace, and the same again for connections that are closing.
  expect(stopS * 1_000).toBeGreaterThanOrEqual(2 * resolveCloseOptions(undefined).graceMs);
  expect(valuesOf(unit, "ExecStart")).toEqual([
    "/usr/bin/node /opt/holdfast/node_modules/holdfast/dist/cli/main.js serve --events ends",
  ]);
  expect(valuesOf(unit, "RestartPreventExitStatus")).toEqual(["2"]);
  expect(valuesOf(unit, "NotifyAccess")).toEqual(["all"]);
});

test("the socket unit goes by the name of the service, and by what the server reads", () => {
  const unit = read("holdfast.socket");
  expect(valuesOf(unit, "Accept")).toEqual(["no"]);
  expect(valuesOf(unit, "FileDescriptorName")).toEqual(["plain"]);
  expect(valuesOf(unit, "ListenStream")).toEqual(["8080"]);
});

test("the image is made of what there is, without scripts, and not by root", () => {
  const instructions = readDockerfile("deploy/Dockerfile");
  const names = instructions.map(({ name }) => name);
  const admitted = read("Dockerfile.dockerignore")
    .split("\n")
    .filter((line) => line.startsWith("!"));
  for (const { name, rest } of instructions) {
    if (name === "FROM") expect(rest).toMatch(/^node:22-slim(?: AS build)?$/);
    if (name === "RUN" && rest.includes("npm ci")) expect(rest).toContain("--ignore-scripts");
    if (name !== "COPY" || copyOf(rest).from !== undefined) continue;
    for (const source of copyOf(rest).sources) {
      expect(existsSync(join(ROOT, source)), source).toBe(true);
      expect(admitted, "what is not left out of the context").toContain(`!${source}`);
    }
  }
  expect(instructions.find(({ name }) => name === "USER")?.rest).toBe("node");
  expect(names.indexOf("USER")).toBeLessThan(names.indexOf("ENTRYPOINT"));
  const main = instructions.find(({ name }) => name === "ENTRYPOINT")?.rest ?? "";
  expect(wordsOf(main)).toEqual(["node", "dist/cli/main.js"]);
});

test("the variables that are advised are settings", () => {
  const known = Object.values(SERVE_SETTINGS).map(({ flag }) => environmentName(flag));
  const texts = [read("README.md"), read("holdfast.service"), read("Dockerfile")];
  const named = texts.flatMap((text) => text.match(/HOLDFAST_[A-Z_]+[A-Z]/g) ?? []);
  expect(named.length).toBeGreaterThan(2);
  for (const name of named) expect(known).toContain(name);
});
