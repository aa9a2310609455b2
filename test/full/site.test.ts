/** The site is built from the documents by one command, and none of its links leads nowhere. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { type Outcome, run } from "../support/commands.ts";
import { skipUnless } from "../support/requires.ts";

const withTypeDoc = skipUnless(
  existsSync(join(ROOT, "site/node_modules/typedoc")),
  "`npm run site` has not installed TypeDoc in site/node_modules",
);
const folder = mkdtempSync(join(tmpdir(), "holdfast-site-"));
const site = join(folder, "site");
let built: Outcome | undefined;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function build(): Outcome {
  built ??= run(process.execPath, [join(ROOT, "site/build.js"), "--out", site], {
    timeoutMs: 150_000,
  });
  return built;
}

function checkLinks(path: string): Outcome {
  return run(process.execPath, [join(ROOT, "site/check-links.js"), path]);
}

withTypeDoc("the site is built, and every link in it resolves", () => {
  const { code, said } = build();
  expect(said).toMatch(/\d{3} pages, \d{4,} links, 0 of them broken/);
  expect(code).toBe(0);
  console.log(said.trim());
});

withTypeDoc("every document has a page, and so has every function of the doors", () => {
  build();
  const guides = pagesOf("docs/guides").map((name) => `guides/${name}`);
  const others = pagesOf("docs").filter((name) => name !== "README");
  const examples = readdirSync(join(ROOT, "examples"))
    .filter((name) => existsSync(join(ROOT, "examples", name, "README.md")))
    .map((name) => `examples/${name}`);
  const roots = ["index", "ARCHITECTURE", "CHANGELOG", "README.zh-CN"];
  const doors = ["connect", "listen", "guard", "explain"].map(
    (name) => `api/functions/holdfast.${name}`,
  );
  const expected = [...guides, ...others, ...examples, ...roots, ...doors];
  const missing = expected.filter((name) => !existsSync(join(site, `${name}.html`)));
  expect(missing).toEqual([]);
  expect(readPage("api/functions/holdfast.listen.html")).toContain("OPTION_INVALID");
  expect(readPage("guides/tls.html")).toContain("<title>TLS | ");
  expect(readPage("README.zh-CN.html")).toContain('lang="zh-CN"');
});

withTypeDoc("a dead link that was planted in a page is found, and so is a dead anchor", () => {
  build();
  const copy = join(folder, "planted");
  cpSync(site, copy, { recursive: true });
  const index = readFileSync(join(copy, "index.html"), "utf8");
  const planted = index
    .replace('href="guides/tls.html"', 'href="guides/ssl.html"')
    .replace('href="guides/websocket.html"', 'href="guides/websocket.html#nothing-here"');
  writeFileSync(join(copy, "index.html"), planted);
  const { code, said } = checkLinks(copy);
  expect(said).toContain("index.html: guides/ssl.html leads to no file of the site");
  expect(said).toContain("index.html: guides/websocket.html#nothing-here names no id of that page");
  expect(said).toContain("2 of them broken");
  expect(code).toBe(1);
});

withTypeDoc("a folder with something else in it is not emptied for a site", () => {
  const precious = join(folder, "precious.txt");
  writeFileSync(precious, "x");
  const { code, said } = run(process.execPath, [join(ROOT, "site/build.js"), "--out", folder]);
  expect(said).toContain("holds something else than a site; name an empty folder");
  expect(code).toBe(2);
  expect(existsSync(precious)).toBe(true);
});

function pagesOf(path: string): string[] {
  return readdirSync(join(ROOT, path))
    .filter((name) => name.endsWith(".md"))
    .map((name) => name.slice(0, -".md".length));
}

function readPage(path: string): string {
  return readFileSync(join(site, path), "utf8");
}
