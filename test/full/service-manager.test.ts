/**
 * Under a service manager, as far as that goes without one that runs (systemd.test.ts has one): its
 * own tools check the units, pass a socket, and say what the server wants said; Python listens.
 */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { expect, type TestContext } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { run } from "../support/commands.ts";
import { Processes, type Program } from "../support/processes.ts";
import { hasTool, skipUnless } from "../support/requires.ts";
import { freePort } from "../support/free-port.ts";
import { tempFolder } from "../support/temp-folder.ts";

const MAIN = join(ROOT, "dist/cli/main.js");
const UNITS = ["holdfast.service", "holdfast.socket"] as const;

const withAnalyze = skipUnless(hasTool("systemd-analyze"), "there is no systemd-analyze (systemd)");
const withActivate = skipUnless(
  hasTool("systemd-socket-activate"),
  "there is no systemd-socket-activate (systemd)",
);
const canNotify = hasTool("python3") && hasTool("systemd-notify");
const withNotify = skipUnless(canNotify, "it needs systemd-notify (systemd) and python3");

withAnalyze("systemd finds nothing wrong with the units", async () => {
  const folder = tempFolder();
  for (const name of UNITS) {
    // It looks whether the program is there; here it is elsewhere.
    const unit = readFileSync(join(ROOT, "deploy", name), "utf8");
    writeFileSync(join(folder, name), unit.replace("/usr/bin/node", process.execPath));
  }
  const files = UNITS.map((name) => join(folder, name));
  const { code, said } = run("systemd-analyze", ["verify", "--man=no", ...files]);
  console.log(`systemd-analyze verify: ${code}, ${JSON.stringify(said)}`);
  expect(said.split("\n").filter((line) => line.includes("holdfast."))).toEqual([]);
  expect(code).toBe(0);
});

withActivate("a server that is started by its first connection serves it", async (context) => {
  const processes = new Processes(context);
  const port = await freePort();
  const program = [process.execPath, MAIN, "serve"];
  const flags = ["--listen", `127.0.0.1:${port}`, "--fdname=plain"];
  const activator = processes.start("systemd-socket-activate", [...flags, ...program]);
  await activator.until("it listens", () => /Listening on/.exec(activator.stderr) ?? undefined);
  const socket = connect(Number(port), "127.0.0.1");
  context.onTestFinished(() => void socket.destroy());
  socket.write("ping\n");
  const [bytes] = (await once(socket, "data")) as [Buffer];
  expect(bytes.toString()).toBe("pong\n");
  await activator.says(/passed fd:3 \(plain\)/);
  await activator.says(new RegExp(`listening on tcp://127\\.0\\.0\\.1:${port}\n`));
  activator.signal("SIGTERM");
  expect(await activator.exit).toEqual({ code: 0, signal: null });
});

/** The built package in a folder of its own, where koffi is not. */
function withoutKoffi(): string {
  const folder = tempFolder();
  cpSync(join(ROOT, "dist"), join(folder, "dist"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  mkdirSync(join(folder, "node_modules"));
  for (const name of ["commander", "ws"]) {
    symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  }
  return join(folder, "dist/cli/main.js");
}

interface Heard {
  readonly server: Program;
  /** Resolves with the next notice that has this word. */
  readonly hears: (word: string, limitMs?: number) => Promise<readonly string[]>;
  readonly beats: () => number;
}

async function listened(context: TestContext, main: string, ...args: string[]): Promise<Heard> {
  const processes = new Processes(context);
  const place = join(tempFolder(), "notify");
  const ear = processes.python("notify-listener.py", place);
  await ear.until("it listens", () => ear.told("listening")[0]);
  const env = [`NOTIFY_SOCKET=${place}`, "WATCHDOG_USEC=900000"];
  const serve = ["serve", "--listen", "tcp://127.0.0.1:0", ...args];
  const server = processes.start("env", [...env, process.execPath, main, ...serve]);
  let at = 0;
  const notices = (): (readonly string[])[] =>
    ear.told("notice").map(({ words }) => words as readonly string[]);
  return {
    server,
    beats: () => notices().filter((words) => words.includes("WATCHDOG=1")).length,
    hears: async (word, limitMs) =>
      await ear.until(
        word,
        () => {
          const all = notices();
          const found = all.findIndex((words, index) => index >= at && words.includes(word));
          if (found < 0) return undefined;
          at = found + 1;
          return all[found];
        },
        limitMs,
      ),
  };
}

async function tellsAll(context: TestContext, main: string, by: string): Promise<void> {
  const { server, hears } = await listened(context, main);
  const ready = await hears("READY=1");
  expect(ready).toContain("STATUS=0 open, 0 let in since the start");
  expect(server.stdout).toContain(`the service manager is told by ${by}`);
  const port = Number(/tcp:\/\/127\.0\.0\.1:(\d+)/.exec(server.stdout)?.[1]);
  const socket = connect(port, "127.0.0.1");
  context.onTestFinished(() => void socket.destroy());
  socket.write("ping\n");
  await once(socket, "data");
  await hears("STATUS=1 open, 1 let in since the start");
  await hears("WATCHDOG=1");
  await hears("WATCHDOG=1");
  server.signal("SIGHUP");
  const reloading = await hears("RELOADING=1");
  expect(reloading[1]).toMatch(/^MONOTONIC_USEC=\d+$/);
  await hears("READY=1");
  server.signal("SIGTERM");
  const stopping = await hears("STOPPING=1");
  expect(stopping[1]).toBe("STATUS=draining: 1 open");
  expect(await server.exit).toEqual({ code: 0, signal: null });
}

withNotify("with koffi the server itself tells what it does", async (context) => {
  await tellsAll(context, MAIN, "koffi");
});

withNotify("without koffi systemd-notify tells it", async (context) => {
  await tellsAll(context, withoutKoffi(), "systemd-notify; the unit needs NotifyAccess=all");
});

withNotify("a process that stands still sends no beat", async (context) => {
  const { server, hears, beats } = await listened(context, MAIN);
  await hears("READY=1");
  await hears("WATCHDOG=1");
  server.signal("SIGSTOP");
  const before = beats();
  // Three beats' time, and one that may have been under way.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(beats() - before).toBeLessThanOrEqual(1);
  server.signal("SIGCONT");
  await hears("WATCHDOG=1");
});

withNotify("workers are one service, which beats while all of them answer", async (context) => {
  const { server, hears, beats } = await listened(context, MAIN, "--workers", "2");
  await hears("READY=1", 30_000);
  await hears("WATCHDOG=1");
  const [, pid] = await server.says(/workers: .*w2 \(pid (\d+)\)/);
  process.kill(Number(pid), "SIGSTOP");
  await server.says(/has said nothing for 5 s/, 15_000);
  const before = beats();
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(beats() - before).toBeLessThanOrEqual(1);
  process.kill(Number(pid), "SIGCONT");
  await hears("WATCHDOG=1", 15_000);
  server.signal("SIGHUP");
  await hears("RELOADING=1");
  await hears("READY=1", 30_000);
  server.signal("SIGTERM");
  await hears("STOPPING=1");
  expect(await server.exit).toEqual({ code: 0, signal: null });
});
