/**
 * Where Bun is, for tests that run programs on it: what HOLDFAST_BUN names, what `bench:setup` has
 * brought, or the package from npm, which needs no script and is installed into `.tmp/bun`.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/house.ts";
import { freshEnv, run } from "./commands.ts";

/** The same as in bench/contenders/setup.ts. */
const PACKAGE = "@oven/bun-linux-x64@1.4.5";
const BINARY = "node_modules/@oven/bun-linux-x64/bin/bun";
const INSTALL_LIMIT_MS = 120_000;

export type FoundBun =
  | { readonly file: string; readonly why?: undefined }
  | { readonly file?: undefined; readonly why: string };

export function findBun(): FoundBun {
  const named = process.env["HOLDFAST_BUN"];
  if (named !== undefined) {
    return existsSync(named) ? { file: named } : { why: `HOLDFAST_BUN names no file: ${named}` };
  }
  const own = join(ROOT, ".tmp/bun");
  const places = [join(ROOT, ".tmp/bench/tools", BINARY), join(own, BINARY)];
  const there = places.find((path) => existsSync(path));
  if (there !== undefined) return { file: there };
  if (process.platform !== "linux" || process.arch !== "x64") {
    return { why: "Bun is brought on Linux x64 only; HOLDFAST_BUN may name another" };
  }
  return install(own);
}

function install(folder: string): FoundBun {
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save"];
  try {
    const args = ["install", "--prefix", folder, ...flags, PACKAGE];
    const { code, said } = run("npm", args, { env: freshEnv(), timeoutMs: INSTALL_LIMIT_MS });
    const file = join(folder, BINARY);
    if (code === 0 && existsSync(file)) return { file };
    return { why: `npm could not bring ${PACKAGE}: ${said.trim().split("\n").at(-1)}` };
  } catch (error) {
    return { why: `npm could not bring ${PACKAGE}: ${String(error)}` };
  }
}
