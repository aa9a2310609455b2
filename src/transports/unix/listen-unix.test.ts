import { lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Acceptor, AcceptHandlers } from "../transport.ts";
import { listenUnix } from "./listen-unix.ts";
import { openUnix } from "./open-unix.ts";

const directory = mkdtempSync(join(tmpdir(), "holdfast-unix-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const ignoreAll: AcceptHandlers = { onIncoming() {}, onAcceptFailed() {} };
let count = 0;

function freshPath(): string {
  count += 1;
  return join(directory, `${count}.sock`);
}

function listen(path: string, mode: number = 0o600): Promise<Acceptor> {
  const config = { path, mode, backlog: 511, upgrade: undefined, overwriteAfterRead: true };
  return listenUnix(config)(ignoreAll);
}

/** Leaves a socket behind as a killed process does. */
function leaveStale(path: string): void {
  const dying = `() => process.kill(process.pid, "SIGKILL")`;
  const program = `require("node:net").createServer().listen(${JSON.stringify(path)}, ${dying})`;
  spawnSync(process.execPath, ["-e", program]);
  expect(lstatSync(path).isSocket()).toBe(true);
}

function modeOf(path: string): number {
  return lstatSync(path).mode & 0o777;
}

test("the socket has the mode that was asked for, whatever the umask, which stays", async () => {
  for (const umask of [0o000, 0o077]) {
    const before = process.umask(umask);
    for (const mode of [0o600, 0o660]) {
      const path = freshPath();
      const acceptor = await listen(path, mode);
      expect(modeOf(path)).toBe(mode);
      expect(acceptor.url).toBe(`unix:${path}`);
      await acceptor.close();
    }
    expect(process.umask(before)).toBe(umask);
  }
});

test("closing removes the path", async () => {
  const path = freshPath();
  const acceptor = await listen(path);
  await acceptor.close();
  expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
});

test("what a killed process left behind is replaced", async () => {
  const path = freshPath();
  leaveStale(path);
  const acceptor = await listen(path);
  expect(modeOf(path)).toBe(0o600);
  await acceptor.close();
});

test("a socket at which somebody answers is in use, and stays", async () => {
  const path = freshPath();
  const first = await listen(path);
  await expect(listen(path)).rejects.toMatchObject({
    code: "LISTEN_FAILED",
    message: expect.stringContaining(`cannot listen on unix:${path}: another program`),
    cause: { code: "EADDRINUSE" },
  });
  expect(lstatSync(path).isSocket()).toBe(true);
  await first.close();
});

test("a file, or a link to a stale socket, is never removed", async () => {
  const file = freshPath();
  writeFileSync(file, "precious");
  await expect(listen(file)).rejects.toMatchObject({ code: "LISTEN_FAILED" });
  expect(readFileSync(file, "utf8")).toBe("precious");

  const stale = freshPath();
  leaveStale(stale);
  const link = freshPath();
  symlinkSync(stale, link);
  await expect(listen(link)).rejects.toMatchObject({
    message: expect.stringContaining("no socket stands there"),
  });
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(lstatSync(stale).isSocket()).toBe(true);
});

test("a directory that does not exist is named", async () => {
  const path = join(directory, "nowhere", "x.sock");
  await expect(listen(path)).rejects.toMatchObject({
    message: expect.stringContaining("create it first"),
  });
});

test("dialling a path where nobody is fails with its name", async () => {
  const path = freshPath();
  const failed = new Promise<Error>((resolve) => {
    const open = openUnix({ path, overwriteAfterRead: true });
    open({ onOpened: () => {}, onFailed: resolve });
  });
  expect(await failed).toMatchObject({
    code: "DIAL_FAILED",
    message: expect.stringContaining(`unix:${path}`),
  });
});
