/**
 * `npm run site`: the documents and the API reference as a static site in .tmp/site.
 *
 * TypeDoc needs a compiler older than that of the package, so it has a package of its own in this
 * folder, which is installed when it is missing or another version is wanted. With `--out FOLDER`
 * the site is built there. It ends with 1 when a link leads nowhere.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkSite } from "./check-links.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
function say(text) {
  process.stdout.write(`${text}\n`);
}

function run(program, args, folder) {
  const { status, error } = spawnSync(program, args, {
    cwd: folder,
    stdio: "inherit",
    shell: process.platform === "win32", // npm is a script there.
  });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Installs what site/package.json names, unless exactly that is here. */
function install() {
  const { devDependencies } = JSON.parse(readFileSync(join(HERE, "package.json"), "utf8"));
  const isInstalled = Object.entries(devDependencies).every(([name, version]) => {
    const path = join(HERE, "node_modules", name, "package.json");
    return existsSync(path) && JSON.parse(readFileSync(path, "utf8")).version === version;
  });
  if (isInstalled) return;
  say("Installing TypeDoc for the site.");
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], HERE);
}

const [flag, folder, ...rest] = process.argv.slice(2);
if ((flag !== undefined && (flag !== "--out" || folder === undefined)) || rest.length > 0) {
  process.stderr.write("expected nothing, or --out FOLDER\n");
  process.exit(2);
}
const out = flag === undefined ? join(HERE, "../.tmp/site") : resolve(folder);
// TypeDoc empties the folder first, so it must be a site, or nothing yet.
if (existsSync(out) && readdirSync(out).length > 0 && !existsSync(join(out, "assets/search.js"))) {
  process.stderr.write(`${out} holds something else than a site; name an empty folder\n`);
  process.exit(2);
}
install();
const typedoc = join(HERE, "node_modules/typedoc/bin/typedoc");
run(process.execPath, [typedoc, "--options", join(HERE, "typedoc.json"), "--out", out], HERE);
const { pages, links, findings } = checkSite(out);
for (const finding of findings) process.stderr.write(`${finding}\n`);
say(
  `${pages} pages, ${links} links, ${findings.length} of them broken: ${join(out, "index.html")}`,
);
process.exitCode = findings.length === 0 ? 0 : 1;
