/**
 * What docs/guides/half-open-connections.md shows is what the lab measured and what `explain`
 * computes: nobody edits its picture or its table by hand.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { replaceSection } from "../../bench/report/page-section.ts";
import { ROOT } from "../../scripts/house.ts";
import { withCaption } from "../../scripts/pictures/caption.ts";
import { type WayRow, waysTable } from "../../scripts/ways-table.ts";
import { sayFound } from "../../src/cli/explain-lines.ts";
import { explain, type Explanation } from "../../src/index.ts";
import { labPictureSvg, labPictureTitle } from "../lab/picture.ts";
import type { LabResult } from "../lab/results.ts";

const GUIDE = "docs/guides/half-open-connections.md";
const RESULT = JSON.parse(readFileSync(join(ROOT, "test/lab/results.json"), "utf8")) as LabResult;
/** In the order of the guide; what is no silence of the peer is left out. */
const WAYS = ["closed", "reset", "vanished", "unacknowledged", "frozen", "takes-nothing"] as const;

function rows(): WayRow[] {
  const [frame, line] = [explain(), explain({ dialect: "line" })];
  return WAYS.map((id) => {
    const [one, other] = [wayOf(frame, id), wayOf(line, id)];
    const { client, server, title } = one;
    const alone = server.alone && sayFound(server.alone.found);
    return {
      title,
      client: sayFound(client.found),
      frameServer: sayFound(server.found),
      lineServer: sayFound(other.server.found),
      kernel: alone,
    };
  });
}

function wayOf({ ways }: Explanation, id: string): Explanation["ways"][number] {
  return ways.find((way) => way.id === id) ?? expect.fail(`explain should tell of "${id}"`);
}

test("the guide has this table and these words; if not, run `npm run docs`", async () => {
  const page = readFileSync(join(ROOT, GUIDE), "utf8");
  const captioned = withCaption(page, "half-open", labPictureTitle(RESULT));
  const wanted = replaceSection(captioned, "ways", waysTable(rows()));
  await expect(wanted).toMatchFileSnapshot(`../../${GUIDE}`);
});

test("its picture is that of test/lab/results.json; if not, run `npm run docs`", async () => {
  await expect(labPictureSvg(RESULT)).toMatchFileSnapshot("../../docs/pictures/half-open.svg");
});

test("a run that was not found changes the picture and its words", () => {
  const [first, ...others] = RESULT.cases;
  if (first === undefined) throw new Error("there is a case");
  const series = first.series.map((one) => ({
    ...one,
    times: one.times.map((ms, at) => (at === 0 && one.contestant === "ws" ? null : ms)),
  }));
  const changed = { ...RESULT, cases: [{ ...first, series }, ...others] };
  expect(labPictureSvg(changed)).toContain("1 of 20 not found in 60 s");
  expect(labPictureSvg(RESULT)).not.toContain("1 of 20 not found in 60 s");
  expect(labPictureTitle(changed)).not.toBe(labPictureTitle(RESULT));
});

test("another bound changes the table", () => {
  const [first] = rows();
  if (first === undefined) throw new Error("there is a row");
  const changed = { ...first, client: "a | b", kernel: undefined };
  expect(waysTable([changed])).toContain(`| ${first.title} | a \\| b | ${first.frameServer} |`);
  expect(waysTable([changed])).toMatch(/ \| – \|$/);
});
