/**
 * README.zh-CN.md says what README.md says. Words differ; these do not: the sections, the code (but
 * for its comments), and in each section the links, the words in code marks, the figures and the
 * rows of tables. What differs is named, with the section in which it stands.
 */
import { expect, test } from "vitest";
import { readPage } from "../support/samples.ts";

const ENGLISH = "README.md";
const CHINESE = "README.zh-CN.md";

interface Section {
  readonly title: string;
  readonly level: number;
  readonly blocks: readonly string[];
  readonly links: readonly string[];
  readonly codes: readonly string[];
  readonly figures: readonly string[];
  readonly rows: number;
}

const FENCE = /^```[\s\S]*?^```$/gm;
const LINK = /\]\(([^)]+)\)/g;
const CODE = /`[^`\n]+`/g;

function sectionsOf(page: string): Section[] {
  // A line that begins like a heading may be a comment in a block of shell code.
  const blocks = [...page.matchAll(FENCE)].map(([block]) => block);
  let index = 0;
  const kept = page.replaceAll(FENCE, () => `\u0000${index++}\u0000`);
  return kept
    .split(/^(?=#+ )/m)
    .filter((text) => text.trim() !== "")
    .map((text) => sectionOf(text, blocks));
}

function sectionOf(text: string, blocks: readonly string[]): Section {
  const [, marks = "", title = ""] = /^(#+) (.*)$/m.exec(text) ?? [];
  const own = [...text.matchAll(/\u0000(\d+)\u0000/g)].map((match) => Number(match[1]));
  const prose = text.replaceAll(/\u0000\d+\u0000/g, "");
  const links = [...prose.matchAll(LINK)].map((match) => match[1] ?? "");
  const words = prose.replaceAll(LINK, "]");
  const codes = [...words.matchAll(CODE)].map(([code]) => code);
  const figures = [...words.replaceAll(CODE, "").matchAll(/\d+(?:[.,]\d+)*/g)];
  return {
    title,
    level: marks.length,
    blocks: own.map((at) => withoutComments(blocks[at] ?? "")),
    links: links.filter((link) => link !== ENGLISH && link !== CHINESE).toSorted(),
    codes: codes.toSorted(),
    figures: figures.map(([figure]) => figure).toSorted(),
    rows: prose.split("\n").filter((line) => line.startsWith("|")).length,
  };
}

/** Comments may be translated, which is all that may differ in code. */
function withoutComments(block: string): string {
  return block.replaceAll(/[ \t]+(?:\/\/|#) .*$/gm, "");
}

/** What one list has that the other lacks, each as often as it is missing. */
function missingFrom(mine: readonly string[], theirs: readonly string[]): string[] {
  const left = [...theirs];
  return mine.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

/** One sentence for each difference, in words that say what to do. */
function differences(english: string, chinese: string): string[] {
  const [ours, theirs] = [sectionsOf(english), sectionsOf(chinese)];
  const levels = [ours, theirs].map((all) => all.map(({ level }) => level).join(" "));
  if (levels[0] !== levels[1]) {
    const titles = ours.map(({ title }) => title).join(", ");
    return [
      `the sections differ: ${ENGLISH} has ${titles}; the levels are ${levels.join(" and ")}`,
    ];
  }
  return ours.flatMap((section, at) => {
    const other = theirs[at] ?? section;
    const found: string[] = [];
    for (const kind of ["blocks", "links", "codes", "figures"] as const) {
      for (const one of missingFrom(section[kind], other[kind])) {
        found.push(`${CHINESE} lacks ${one}, which ${ENGLISH} has (${kind})`);
      }
      for (const one of missingFrom(other[kind], section[kind])) {
        found.push(`${CHINESE} has ${one}, which ${ENGLISH} lacks (${kind})`);
      }
    }
    if (
      section.blocks.length > 1 &&
      found.length === 0 &&
      section.blocks.join() !== other.blocks.join()
    )
      found.push("the blocks of code stand in another order");
    if (section.rows !== other.rows) {
      found.push(`${CHINESE} has ${other.rows} lines of tables, ${ENGLISH} ${section.rows}`);
    }
    return found.map((what) => `"${section.title}": ${what}`);
  });
}

const english = readPage(ENGLISH);
const chinese = readPage(CHINESE);

test("the Chinese README has what the English one has", () => {
  expect(differences(english, chinese)).toEqual([]);
});

test("each leads to the other at once", () => {
  expect(english.slice(0, 200)).toContain(`](${CHINESE})`);
  expect(chinese.slice(0, 200)).toContain(`](${ENGLISH})`);
});

test("it is in Chinese: no section and no row of a table was left as it was", () => {
  const untranslated = chinese
    .replaceAll(FENCE, "")
    .split("\n")
    .filter((line) => /^(?:#{2}|\||- )/.test(line) && !/^\|[-|]+\|$/.test(line))
    .filter((line) => !/\p{Script=Han}/u.test(line));
  expect(untranslated).toEqual([]);
});

const SMALL = "# A\n\n[中文](README.zh-CN.md)\n\n## B\n\nAt most 60 s, see [c](d.md) and `e`.\n";
const SAMPLE = "\n```sh\nrun --it tcp://x:1 # now\n```\n\n| a | b |\n|---|---|\n| `f` | 2.9 KB |\n";

test.each([
  ["a section", SMALL.replace("## B\n", ""), "the sections differ: README.md has A, B"],
  [
    "a figure",
    SMALL.replace("60", "61"),
    '"B": README.zh-CN.md lacks 60, which README.md has (figures)',
  ],
  [
    "a link",
    SMALL.replace("d.md", "e.md"),
    '"B": README.zh-CN.md has e.md, which README.md lacks (links)',
  ],
  [
    "a code word",
    SMALL.replace("`e`", "e"),
    '"B": README.zh-CN.md lacks `e`, which README.md has (codes)',
  ],
])("%s that differs is named", (_, other, finding) => {
  expect(differences(SMALL + SAMPLE, other + SAMPLE).join("\n")).toContain(finding);
});

test("code may differ in its comments only, and a table in its words only", () => {
  const translated = SAMPLE.replace("# now", "# 现在").replace("| a | b |", "| 甲 | 乙 |");
  expect(differences(SMALL + SAMPLE, SMALL + translated)).toEqual([]);
  const [changed] = differences(SMALL + SAMPLE, SMALL + SAMPLE.replace("--it", "--that"));
  expect(changed).toContain("run --it tcp://x:1");
  const shorter = SAMPLE.replace("| `f` | 2.9 KB |\n", "");
  expect(differences(SMALL + SAMPLE, SMALL + shorter).join("\n")).toContain(
    "README.zh-CN.md has 2 lines of tables, README.md 3",
  );
});
