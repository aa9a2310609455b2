/**
 * `npm run bench:guard` measures what guard costs, and says what it cannot do. No figure is
 * asserted; what it says of stalls and partitions is asserted beside this file.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { GuardResult } from "../../bench/guard/results.ts";
import { ROOT } from "../../scripts/house.ts";
import { run, runWell } from "../support/commands.ts";
import { compile } from "../support/compiled.ts";
import { isLinux, skipUnless } from "../support/requires.ts";
import { tempFolder } from "../support/temp-folder.ts";

const MAIN = join(ROOT, ".tmp/bench/js/bench/guard/main.js");

beforeAll(() => compile("bench"));

skipUnless(isLinux(), "the bench is for Linux")(
  "memory and CPU of one program, with guard and without",
  () => {
    const json = join(tempFolder(), "guard.json");
    const amounts = ["--only", "overhead", "--connections", "1500", "--turns", "2"];
    const said = runWell(process.execPath, [
      MAIN,
      "--program",
      "line-echo",
      ...amounts,
      "--json",
      json,
    ]);
    expect(said).toMatch(/^\| `net`, lines \| .* \| – \| – \| \d+\.\d KB; \d+\.\d KB/m);
    const { programs } = JSON.parse(readFileSync(json, "utf8")) as GuardResult;
    expect(programs.map(({ id }) => id)).toEqual(["line-echo"]);
    const cost = programs[0]?.overhead;
    expect(cost?.cpuUsPerMessageWith).toBeGreaterThan(0);
    expect(cost?.with.heapBytes).toBeGreaterThan(0);
  },
);

test("wrong use ends with 2 and names what was expected", () => {
  for (const [args, words] of [
    [["--program", "quake"], /expected some of ws-echo, .*, line-echo/],
    [["--only", "luck"], /expected some of partition, stalls, overhead/],
    [["--turns", "1"], /whole number from 2 to 100/],
    [["--write", "--only", "stalls"], /--write publishes the whole table/],
  ] as const) {
    const { code, said } = run(process.execPath, [MAIN, ...args]);
    expect(said).toMatch(words);
    expect(code).toBe(2);
  }
});
