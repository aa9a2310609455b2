import { readFileSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { type Build, compileIfNewer } from "./compiler.ts";

/** A compiler that every machine has: it copies the first source, or does what the test says. */
function buildIn(folder: string, script = 'cat "$1" > "$0"'): Build {
  return {
    output: join(folder, "built", "program"),
    sourceFolder: folder,
    endings: [".x", ".h"],
    compiler: {
      language: "X",
      names: ["sh"],
      remedy: "`apt-get install x` brings one",
      env: {},
      args: (sources, output) => ["-c", script, output, ...sources],
    },
  };
}

test("it compiles what is not there, and again what has changed, and nothing else", async () => {
  const folder = tempFolder({ "main.x": "first", "shared.h": "" });
  const build = buildIn(folder);
  const built = (): string => readFileSync(build.output, "utf8");
  const touch = (name: string, atSeconds: number): void =>
    utimesSync(join(folder, name), atSeconds, atSeconds);
  touch("main.x", 1_000);
  touch("shared.h", 1_000);
  expect((await compileIfNewer(build)).why).toBeUndefined();
  expect(built()).toBe("first");

  writeFileSync(join(folder, "main.x"), "second");
  touch("main.x", 1_000);
  await compileIfNewer(build);
  expect(built()).toBe("first");

  touch("shared.h", 4_000_000_000);
  await compileIfNewer(build);
  expect(built()).toBe("second");
});

test("what does not compile is told by its first fault, and leaves the old program", async () => {
  const folder = tempFolder({ "main.x": "first" });
  await compileIfNewer(buildIn(folder));
  utimesSync(join(folder, "main.x"), 4_000_000_000, 4_000_000_000);
  const fails = "echo In a function: >&2; echo /home/me/main.x:3:1: no such word >&2; exit 1";
  const built = await compileIfNewer(buildIn(folder, fails));
  expect(built.why).toBe("it does not compile: main.x:3:1: no such word");
  expect(readFileSync(buildIn(folder).output, "utf8")).toBe("first");
});

test("two that compile the same side by side leave one whole program, and no more", async () => {
  const folder = tempFolder({ "main.x": "whole" });
  const waits = buildIn(folder, 'printf who > "$0"; sleep 0.2; printf le >> "$0"');
  const refused = buildIn(folder, 'printf wh > "$0"; sleep 0.1; echo main.x:1: >&2; exit 1');
  const built = await Promise.all([waits, refused, waits].map(compileIfNewer));
  expect(built.map(({ why }) => why === undefined)).toEqual([true, false, true]);
  expect(readFileSync(waits.output, "utf8")).toBe("whole");
  expect(readdirSync(join(folder, "built"))).toEqual(["program"]);
});

test("no compiler and no source are told", async () => {
  const build = buildIn(tempFolder());
  const without = { ...build, compiler: { ...build.compiler, names: ["no-such-compiler"] } };
  expect((await compileIfNewer(without)).why).toBe("no X compiler: `apt-get install x` brings one");
  expect((await compileIfNewer(build)).why).toBe("there is no source to compile");
});
