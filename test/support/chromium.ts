/**
 * A real Chromium with a profile of its own, for one test.
 *
 * It is started here and talked to over its own protocol, and not launched by playwright: that
 * makes every page believe that it is seen and has the focus, keeps timers of hidden pages from
 * being throttled and switches the back-forward cache off, which is what these tests are about.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { chromium } from "playwright-core";
import type { TestContext } from "vitest";
import { freshEnv } from "./commands.ts";
import { newTempFolder } from "./temp-folder.ts";

const EXECUTABLE = "/usr/bin/chromium";
const STARTS_WITHIN_MS = 30_000;

/** The name under which pages and servers of a test are reached: one that is not this machine. */
export const HOST = "chat.test";

const ARGUMENTS = [
  "--headless",
  "--remote-debugging-port=0",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-default-apps",
  "--hide-scrollbars",
  `--host-resolver-rules=MAP ${HOST} 127.0.0.1, MAP * ~NOTFOUND`,
];

export function hasChromium(): boolean {
  return existsSync(EXECUTABLE);
}

export interface Chromium {
  readonly context: BrowserContext;
  /** The first page. */
  readonly page: Page;
}

/** `more`: further arguments of the command line. */
export async function startChromium(
  test: TestContext,
  more: readonly string[] = [],
): Promise<Chromium> {
  const folder = newTempFolder();
  const child = spawn(
    EXECUTABLE,
    [...ARGUMENTS, ...more, `--user-data-dir=${folder}`, "about:blank"],
    // A group of its own: it is many processes, and all of them are ours.
    { stdio: "ignore", env: freshEnv(), detached: true },
  );
  test.onTestFinished(async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  const address = await debuggerOf(child, folder);
  const browser = await chromium.connectOverCDP(address, { noDefaults: true });
  // Before the above, and it may have ended by itself.
  test.onTestFinished(async () => await browser.close().catch(() => {}));
  const [context] = browser.contexts();
  if (context === undefined) throw new Error("Chromium has no window");
  const page = context.pages()[0] ?? (await context.newPage());
  return { context, page };
}

async function debuggerOf(child: ChildProcess, folder: string): Promise<string> {
  const file = join(folder, "DevToolsActivePort");
  for (let waitedMs = 0; waitedMs < STARTS_WITHIN_MS; waitedMs += 100) {
    if (child.exitCode !== null) throw new Error(`Chromium ended with ${child.exitCode}`);
    if (existsSync(file)) {
      const [port, path] = readFileSync(file, "utf8").split("\n");
      if (path !== undefined && path !== "") return `ws://127.0.0.1:${port}${path}`;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Chromium was not there within ${STARTS_WITHIN_MS} ms`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    return; // The whole group is gone.
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
