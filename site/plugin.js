/**
 * What TypeDoc does not know of these documents: their titles and shelves, their addresses, and
 * which of their links lead to a page.
 *
 * A document is called by its first heading and lives at its path in the repository, without
 * `docs/` and `.md`. A link to a file that is no page (a source, a folder) becomes its bare words:
 * there is no place on the site for it to lead to. A link to nothing stays, for the check of links.
 */
import { existsSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Comment, CommentTag, Converter, KindRouter, PageEvent, ReflectionKind } from "typedoc";
import { trimApi } from "./trim-api.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Files that a page may show or hand out as they are. */
const HANDED_OUT = new Set([".svg", ".png", ".json", ".py"]);
const NOT_A_PAGE = "#not-a-page";
const CHINESE = "README.zh-CN";

/** The shelf of a document by its path: the first rule that fits. */
const SHELVES = [
  [/^README/, "Start"],
  [/^docs\/guides\//, "Guides"],
  [/^examples\//, "Examples"],
  [/^docs\/internals\//, "Decisions"],
  [/^docs\//, "Reference"],
  [/./, "Project"],
];

/** Paths of documents as TypeDoc tells them: from the root, without their ending. */
const pathOf = new WeakMap();

/** @param {import("typedoc").Application} app */
export function load(app) {
  app.renderer.defineRouter("holdfast", HoldfastRouter);
  app.converter.on(Converter.EVENT_BEGIN, ({ project }) => {
    project.files.registerReflection(join(ROOT, "README.md"), project);
  });
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => shelve(document));
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    nameDoors(project);
    dropStrangers(project);
  });
  // Last, when what is marked as internal has gone.
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => trimApi(project), -10_000);
  app.renderer.on(PageEvent.END, finishPage);
}

function shelve(document) {
  const path = document.name;
  pathOf.set(document, path);
  // Code in a title is a part of its own, marks and all.
  const text = document.content.map((part) => part.text).join("");
  const title = /^# (.+)$/m.exec(text)?.[1];
  document.name = (title ?? basename(path)).replaceAll("`", "");
  if (path === CHINESE) document.name = "中文";
  const [, category] = SHELVES.find(([pattern]) => pattern.test(path));
  document.frontmatter = { category, ...document.frontmatter };
}

function nameDoors(project) {
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
    module.name = module.name.replace(/^src\b/, "holdfast").replace(/\/index$/, "");
    module.comment ??= new Comment();
    module.comment.blockTags.push(new CommentTag("@category", [{ kind: "text", text: "API" }]));
  }
}

/** Neither copies nor links files that are no page and are not handed out. */
function dropStrangers(project) {
  const { files } = project;
  const strangers = new Set();
  for (const path of files.getMediaPaths()) {
    if (!existsSync(path)) continue;
    if (HANDED_OUT.has(extname(path)) && statSync(path).isFile()) continue;
    const id = files.pathToMedia.get(path);
    strangers.add(id);
    files.mediaToPath.delete(id);
    files.pathToMedia.delete(path);
  }
  const texts = [project.readme, ...(project.documents ?? []).map(({ content }) => content)];
  for (const part of texts.flatMap((text) => text ?? [])) {
    if (part.kind === "relative-link" && strangers.has(part.target)) {
      part.target = undefined;
      part.text = NOT_A_PAGE;
    }
  }
}

class HoldfastRouter extends KindRouter {
  getIdealBaseName(reflection) {
    const path = pathOf.get(reflection);
    if (path !== undefined) return path.replace(/^docs\//, "").replace(/\/README$/, "");
    return `api/${super.getIdealBaseName(reflection)}`;
  }
}

function finishPage(page) {
  if (page.contents === undefined) return;
  let html = page.contents;
  html = html.replaceAll(/<a href="#not-a-page"[^>]*>([\s\S]*?)<\/a>/g, "$1");
  // A folder opens as a page only where a server makes one of it.
  html = html.replaceAll(/href="((?:\.\.?\/)+)(#[^"]*)?"/g, 'href="$1index.html$2"');
  if (pathOf.get(page.model) === CHINESE) html = html.replace('lang="en"', 'lang="zh-CN"');
  if (page.model.isProject?.() && page.url === "index.html") html = withPromises(html);
  page.contents = html;
}

/** The promises in numbers on top of the first page, read from the README's own table. */
function withPromises(html) {
  const [, table = ""] = /id="what-it-promises"[\s\S]*?<table>([\s\S]*?)<\/table>/.exec(html) ?? [];
  const rows = [...table.matchAll(/<tr>\s*((?:<td>[\s\S]*?<\/td>\s*)+)<\/tr>/g)];
  const cards = rows
    .map(([, row]) => [...row.matchAll(/<td>([\s\S]*?)<\/td>/g)].map(([, cell]) => cell))
    .filter(([, , withDefaults]) => withDefaults !== undefined && withDefaults !== "")
    .map(([who, , withDefaults]) => `<li><strong>${withDefaults}</strong> ${who}</li>`);
  if (cards.length < 3) throw new Error("README.md has no table of promises for the first page");
  const title = "With the defaults a dead connection is found at the latest after";
  const block = `<div class="promises"><p>${title}</p><ul>${cards.join("")}</ul></div>`;
  return html.replace("<h2 ", `${block}<h2 `);
}
