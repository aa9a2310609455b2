/** The generated documents are what the code says today. `npm run docs` rewrites them. */
import { expect, test } from "vitest";
import { errorsPage, statesPage } from "../../scripts/pages.ts";
import { ERRORS } from "../../src/base/errors.ts";
import { NEXT } from "../../src/connection/phases.ts";

test("docs/errors.md is the table of codes; if not, run `npm run docs`", async () => {
  await expect(errorsPage(ERRORS)).toMatchFileSnapshot("../../docs/errors.md");
});

test("docs/states.md is the table of phases; if not, run `npm run docs`", async () => {
  await expect(statesPage(NEXT)).toMatchFileSnapshot("../../docs/states.md");
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
