/** The check of the site's links finds each kind of link that leads nowhere, and no other. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { run } from "../support/commands.ts";

const CHECK = join(ROOT, "site/check-links.js");

const SOUND = {
  "index.html":
    '<h1 id="top">T</h1><a href="guides/a.html#one&amp;two">a</a><a href="#top">b</a>' +
    '<a href="https://example.org/x?y#z">c</a><a href="">d</a><img src="m/i.svg">' +
    '<script src="m/s.js">const html = "<a href=\\"nowhere.html\\">";</script>' +
    '<pre>&lt;a href="nowhere.html"&gt;</pre><!-- <a href="nowhere.html">x</a> -->',
  "guides/a.html": '<h2 id="one&amp;two">x</h2><a class="x" href="../index.html#top">up</a>',
  "m/i.svg": '<svg><symbol id="s"></symbol></svg>',
  "m/s.js": "",
};

test("links to pages, ids, files and elsewhere are sound", () => {
  expect(check(SOUND)).toEqual({ code: 0, said: "2 pages, 7 links, 0 of them broken\n" });
});

test.each([
  ['<a href="nowhere.html">x</a>', "nowhere.html leads to no file of the site"],
  ['<a href="guides/">x</a>', "guides/ leads to a folder"],
  ['<a href="../outside.html">x</a>', "../outside.html leads to no file of the site"],
  ['<a href="guides/a.html#three">x</a>', "guides/a.html#three names no id of that page"],
  ['<a href="#bottom">x</a>', "#bottom names no id of that page"],
  ['<a href="https://exa mple.org">x</a>', "https://exa mple.org is no well-formed address"],
  ['<img src="https://example.org/i.png">', "would be loaded from elsewhere"],
  ['<link rel="stylesheet" href="//example.org/s.css">', "would be loaded from elsewhere"],
])("%s is found", (planted, finding) => {
  const pages = { ...SOUND, "index.html": SOUND["index.html"] + planted };
  const { code, said } = check(pages);
  expect(said).toContain(`index.html: `);
  expect(said).toContain(finding);
  expect(said).toContain("8 links, 1 of them broken");
  expect(code).toBe(1);
});

test("a folder without pages is no site", () => {
  expect(check({})).toEqual({ code: 1, said: "0 pages, 0 links, 0 of them broken\n" });
});

function check(pages: Readonly<Record<string, string>>): { code: number | null; said: string } {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-site-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(pages)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const { code, said } = run(process.execPath, [CHECK, folder]);
  // stdout comes first, so the sum stands before the findings.
  return { code, said };
}
