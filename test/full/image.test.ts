/**
 * What the Dockerfile says, done in folders: it builds, the program starts as the image would start
 * it, and the health check finds it well, or not. With Docker itself see container.test.ts.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { build, readDockerfile, wordsOf } from "../support/dockerfile.ts";
import { freshEnv } from "../support/commands.ts";
import { Processes } from "../support/processes.ts";
import { tempFolder } from "../support/temp-folder.ts";

function health(folder: string, command: readonly string[], env: NodeJS.ProcessEnv): string {
  const [, ...args] = command;
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    env: { ...freshEnv(), ...env },
    encoding: "utf8",
    timeout: 10_000,
  });
  return `${status} ${stderr}`.trim();
}

test("the image builds, serves and is well", async (context) => {
  const instructions = readDockerfile("deploy/Dockerfile");
  const folder = build(instructions, tempFolder());
  const restOf = (name: string): string =>
    instructions.find((instruction) => instruction.name === name)?.rest ?? "";
  const [, main = ""] = wordsOf(restOf("ENTRYPOINT"));
  const check = wordsOf(restOf("HEALTHCHECK"));
  const listen = ["--listen", "tcp://127.0.0.1:0", "--proxy-protocol", "127.0.0.1"];
  const args = [join(folder, main), ...wordsOf(restOf("CMD")), ...listen];
  const server = new Processes(context).start(process.execPath, args);
  const [, port = ""] = await server.says(/tcp:\/\/127\.0\.0\.1:(\d+)/);
  expect(health(folder, check, { HEALTH_ADDRESS: port, HEALTH_PROXY: "1" })).toBe("0");
  expect(health(folder, check, { HEALTH_ADDRESS: `127.0.0.1:${port}` })).toMatch(/^1 \S/);
  server.signal("SIGTERM");
  expect(await server.exit).toEqual({ code: 0, signal: null });
  expect(health(folder, check, { HEALTH_ADDRESS: port })).toMatch(/^1 .*ECONNREFUSED/);
}, 180_000);
