/** The built program, in a process of its own: what only a real process can show. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { freshEnv } from "../support/commands.ts";
import { hasTool, isLinux, skipUnless } from "../support/requires.ts";

const MAIN = join(ROOT, "dist/cli/main.js");

interface Program {
  readonly child: ChildProcess;
  said(): string;
  says(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<readonly [code: number | null, signal: string | null]>;
}

function start(program: string, args: readonly string[]): Program {
  const child = spawn(program, args, { env: freshEnv(), stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const ended = once(child, "close") as Promise<[number | null, string | null]>;
  const says = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(said);
      if (found !== null) return found;
      const limit = AbortSignal.timeout(10_000);
      const next = [child.stdout, child.stderr].map((one) => once(one, "data", { signal: limit }));
      await Promise.race(next).catch(() => {
        throw new Error(`${pattern} was not said in time, but:\n${said}`);
      });
      for (const one of next) one.catch(() => {});
    }
  };
  return { child, said: () => said, says, ended };
}

async function server(...flags: readonly string[]): Promise<Program & { readonly port: string }> {
  const program = start(process.execPath, [
    MAIN,
    "serve",
    "--listen",
    "tcp://127.0.0.1:0",
    ...flags,
  ]);
  const [, port = ""] = await program.says(/127\.0\.0\.1:(\d+)/);
  return { ...program, port };
}

test("SIGUSR2 prints the table, SIGTERM drains, and the process is gone", async () => {
  const program = await server();
  const client = start(process.execPath, [MAIN, "connect", `tcp://127.0.0.1:${program.port}`]);
  await client.says(/online/);
  await program.says(/speaks the frame dialect/);
  program.child.kill("SIGUSR2");
  await program.says(/last seen[\s\S]*1 connection\n/);
  client.child.kill("SIGINT");
  expect(await client.ended).toEqual([0, null]);
  program.child.kill("SIGTERM");
  expect(await program.ended).toEqual([0, null]);
  expect(program.said()).toMatch(/served for/);
});

test("a reader that goes away ends it without a word", async () => {
  const program = await server("--echo");
  program.child.stdout?.destroy();
  // The next line that is written finds nobody.
  start(process.execPath, [MAIN, "connect", `tcp://127.0.0.1:${program.port}`]);
  expect(await program.ended).toEqual([0, null]);
  expect(program.said()).not.toMatch(/EPIPE|Error/);
});

skipUnless(hasTool("nc"), "there is no nc")("nc gets its pong", async () => {
  const program = await server();
  const nc = start("nc", ["127.0.0.1", program.port]);
  nc.child.stdin?.write("ping\n");
  await nc.says(/^pong\n/);
});

skipUnless(isLinux() && hasTool("script"), "needs `script` of util-linux")(
  "on a real terminal: typed lines, a live line, Ctrl-D",
  async () => {
    const program = await server("--echo");
    const command = `"${process.execPath}" "${MAIN}" connect tcp://127.0.0.1:${program.port}`;
    const terminal = start("script", ["-qec", command, "/dev/null"]);
    await terminal.says(/online: /);
    terminal.child.stdin?.write("typed\r");
    await program.says(/message {2}typed\n/);
    await terminal.says(/typed\r+\n[\s\S]*typed\r+\n/);
    terminal.child.stdin?.write("\u0004");
    expect(await terminal.ended).toEqual([0, null]);
    expect(terminal.said()).toMatch(/ended: closed here/);
  },
);
