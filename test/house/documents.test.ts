/** The generated documents are what the code says today. `npm run docs` rewrites them. */
import { expect, test } from "vitest";
import { type BoxRow, middleboxesPage } from "../../scripts/middlebox-page.ts";
import { errorsPage, statesPage } from "../../scripts/pages.ts";
import { ERRORS } from "../../src/base/errors.ts";
import { sayPrecisely } from "../../src/cli/duration.ts";
import { NEXT } from "../../src/connection/phases.ts";
import { MIDDLEBOXES } from "../../src/ops/explain/middleboxes.ts";

test("docs/errors.md is the table of codes; if not, run `npm run docs`", async () => {
  await expect(errorsPage(ERRORS)).toMatchFileSnapshot("../../docs/errors.md");
});

test("docs/states.md is the table of phases; if not, run `npm run docs`", async () => {
  await expect(statesPage(NEXT)).toMatchFileSnapshot("../../docs/states.md");
});

test("docs/middleboxes.md is the table of middleboxes; if not, run `npm run docs`", async () => {
  const page = middleboxesPage(MIDDLEBOXES, sayPrecisely);
  await expect(page).toMatchFileSnapshot("../../docs/middleboxes.md");
});

test("a changed middlebox changes its page", () => {
  const box: BoxRow = {
    id: "x-box",
    name: "X | Y",
    kind: "NAT",
    carries: "both",
    idleMs: 90_000,
    range: "fixed",
    atEnd: "drops silently",
    counts: "any packet",
    source: "The Book of X, chapter 1.",
    year: 2001,
    certainty: "second hand",
  };
  const page = middleboxesPage(
    [box, { ...box, idleMs: false, carries: "TCP", note: "why" }],
    sayPrecisely,
  );
  const row = "| `x-box` | X \\| Y | NAT | 90 s | fixed | drops silently | any packet |";
  expect(page).toContain(row);
  expect(page).toContain(row.replace("NAT | 90 s", "NAT, TCP only | never"));
  const source = "- `x-box`: The Book of X, chapter 1 (2001). Second hand.";
  expect(page).toContain(`${source}\n${source} Note: why.\n`);
});

test("a changed table changes its page", () => {
  const entry = { fault: "peer", retry: true, means: "a | b" };
  expect(errorsPage({ X_CODE: entry })).toContain("| `X_CODE` | peer | yes | a \\| b |");
  expect(errorsPage({ X_CODE: { ...entry, retry: false } })).toContain("| `X_CODE` | peer | no |");

  const page = statesPage({
    dark: { dawn: "light", alarm: "light", night: "over" },
    light: { dusk: "dark" },
    over: {},
  });
  for (const line of [
    "[*] --> dark",
    "dark --> light: dawn, alarm",
    "dark --> over: night",
    "light --> dark: dusk",
    "over --> [*]",
  ]) {
    expect(page).toContain(`  ${line}\n`);
  }
  expect(page).toContain("| light |  |  |  | dark |");
});
