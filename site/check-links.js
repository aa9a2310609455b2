/**
 * Every link of a built site leads somewhere: to a file of the site, and to an id in it where an
 * anchor is named. Nothing is fetched: an address elsewhere must be well-formed, and may be followed
 * by a reader but not loaded by a page.
 *
 *     node site/check-links.js FOLDER
 *
 * Easy to break: a page says its ids and links in tags only; what stands in scripts is no link.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const TAG = /<([a-z][a-z0-9-]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/gi;
const ATTRIBUTE = /([\w:-]+)="([^"]*)"/g;
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#x27": "'" };

/** Counts of pages and links, and a line for each link that leads nowhere. */
export function checkSite(folder) {
  const root = resolve(folder);
  const pages = readdirSync(root, { recursive: true })
    .filter((path) => path.endsWith(".html"))
    .map((path) => join(root, path))
    .toSorted();
  const idsOf = new Map();
  /** @type {string[]} */
  const findings = [];
  let links = 0;
  for (const page of pages) {
    for (const link of readPage(page).links) {
      links += 1;
      const what = faultOf(link, page, root, idsOf);
      const where = relative(root, page);
      if (what !== undefined) findings.push(`${where}: ${link.address} ${what}`);
    }
  }
  return { pages: pages.length, links, findings };
}

/** The ids of a page, and what its tags point at. */
function readPage(path) {
  const text = readFileSync(path, "utf8")
    .replaceAll(/<!--[\s\S]*?-->/g, "")
    .replaceAll(/(<script\b[^>]*>)[\s\S]*?<\/script>/g, "$1");
  const ids = new Set();
  const links = [];
  for (const [, tag, attributes] of text.matchAll(TAG)) {
    for (const [, name, value] of attributes.matchAll(ATTRIBUTE)) {
      if (name === "id") ids.add(decode(value));
      const isLink = name === "href" || name === "src";
      if (isLink) links.push({ tag: tag.toLowerCase(), address: decode(value) });
    }
  }
  return { ids, links };
}

function decode(value) {
  return value.replaceAll(/&([#\w]+);/g, (whole, name) => ENTITIES[name] ?? whole);
}

function faultOf({ tag, address }, page, root, idsOf) {
  if (address === "" || address === "#") return undefined; // The page itself, and its top.
  if (/^[a-z][a-z0-9+.-]*:/i.test(address) || address.startsWith("//")) {
    return faultElsewhere(tag, address);
  }
  const [path = "", anchor = ""] = address.split("#", 2);
  const target = path === "" ? page : resolve(dirname(page), safeDecode(path.split("?")[0]));
  const isInside = !relative(root, target).startsWith("..");
  if (!isInside || !existsSync(target)) return "leads to no file of the site";
  if (statSync(target).isDirectory()) return "leads to a folder";
  if (anchor === "") return undefined;
  if (!idsOf.has(target)) idsOf.set(target, readPage(target).ids);
  return idsOf.get(target).has(safeDecode(anchor)) ? undefined : "names no id of that page";
}

function faultElsewhere(tag, address) {
  if (address.startsWith("data:") && tag === "img") return undefined;
  if (tag !== "a") return "would be loaded from elsewhere";
  if (address.startsWith("mailto:")) return undefined;
  const isWeb = URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
  return isWeb ? undefined : "is no well-formed address";
}

function safeDecode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // Not encoded; then it is what it says.
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { pages, links, findings } = checkSite(process.argv[2] ?? ".tmp/site");
  for (const finding of findings) process.stderr.write(`${finding}\n`);
  process.stdout.write(`${pages} pages, ${links} links, ${findings.length} of them broken\n`);
  process.exitCode = findings.length === 0 && pages > 0 ? 0 : 1;
}
