/**
 * The example examples/guard-existing-ws: two lines make of the chat server one that is guarded.
 * Then a client that is frozen is ended, with a record that says why.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, type TestContext, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { Processes, type Program } from "../support/processes.ts";
import { freePort } from "../support/free-port.ts";
import { blocksOf, newSampleFolder } from "../support/samples.ts";

const FOLDER = "examples/guard-existing-ws";
const ADDED = [
  'import { guard } from "holdfast";',
  'guard(server).on("end", (_, { remote, sentence }) => console.log(remote, sentence));',
];

const { folder, remove } = newSampleFolder();
afterAll(remove);

function source(file: string): string {
  return readFileSync(join(ROOT, FOLDER, file), "utf8");
}

/** The same server with a shorter timeout: nobody waits for a minute. */
function hastened(): string {
  const path = join(folder, "chat-guarded.mjs");
  const hurry = source("chat-guarded.mjs").replace(
    "guard(server)",
    "guard(server, { timeoutMs: 1_000 })",
  );
  writeFileSync(path, hurry);
  return path;
}

interface Chat {
  readonly server: Program;
  readonly enter: (name: string) => Promise<Program>;
}

async function chat(context: TestContext, path: string): Promise<Chat> {
  const processes = new Processes(context);
  const server = processes.start(process.execPath, [path, "--port", "0"]);
  const [, port = ""] = await server.says(/listening on .*port: (\d+)/);
  const client = join(ROOT, FOLDER, "client.mjs");
  return {
    server,
    enter: async (name) => {
      const flags = ["--port", port, "--name", name];
      const program = processes.start(process.execPath, [client, ...flags]);
      await program.says(new RegExp(`^${name} has come in$`, "m"));
      return program;
    },
  };
}

test("what makes the chat a guarded one is two lines, and the README shows them", () => {
  const before = source("chat.mjs").split("\n");
  const after = source("chat-guarded.mjs").split("\n");
  expect(after.filter((line) => !ADDED.includes(line))).toEqual(before);
  expect(after).toHaveLength(before.length + ADDED.length);
  const [diff = ""] = blocksOf(`${FOLDER}/README.md`, "diff");
  const lines = diff.split("\n");
  expect(lines.filter((line) => line.startsWith("+")).map((line) => line.slice(1))).toEqual(ADDED);
  for (const line of lines.filter((one) => one.startsWith(" ")))
    expect(before).toContain(line.slice(1));
});

for (const file of ["chat.mjs", "chat-guarded.mjs"]) {
  test(`${file} hands on what is said, and ends in good order`, async (context) => {
    const { server, enter } = await chat(context, join(ROOT, FOLDER, file));
    const [anna, bert] = [await enter("anna"), await enter("bert")];
    await anna.says(/^bert has come in$/m);
    anna.write("hello\n");
    await bert.says(/^anna: hello$/m);
    anna.signal("SIGINT");
    expect(await anna.exit).toEqual({ code: 0, signal: null });
    await bert.says(/^anna has left$/m);
    server.signal("SIGTERM");
    await bert.says(/^closed with 1001$/m);
    expect(await server.exit).toEqual({ code: 0, signal: null });
  });
}

test("who is frozen is ended, the record says why, and the others are told", async (context) => {
  const { server, enter } = await chat(context, hastened());
  const [anna, bert] = [await enter("anna"), await enter("bert")];
  anna.signal("SIGSTOP");
  const record =
    /ended after \d+\.\d s of silence: the peer had 1\.0 s to say a byte and did not answer/;
  await server.says(record);
  await bert.says(/^anna has left$/m);
  // Who lives is not touched: it answers, though nobody types.
  bert.write("still here\n");
  await bert.says(/^bert: still here$/m);
  anna.signal("SIGCONT");
  await anna.says(/^closed with 1006$/m);
});

test("--help tells the flags; wrong ones are refused, and no server is said", async (context) => {
  const processes = new Processes(context);
  const start = (file: string, ...flags: string[]): Program =>
    processes.start(process.execPath, [join(ROOT, FOLDER, file), ...flags]);
  for (const file of ["chat.mjs", "client.mjs"]) {
    const program = start(file, "--help");
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.stdout).toContain("--port N");
    for (const flags of [
      ["--prot", "1"],
      ["--port", "80a"],
    ]) {
      const refused = start(file, ...flags);
      expect(await refused.exit).toEqual({ code: 2, signal: null });
      expect(refused.stderr).toMatch(/^Unknown option '--prot'|^--port must be a number, not 80a/);
    }
  }
  const alone = start("client.mjs", "--port", await freePort());
  expect(await alone.exit).toEqual({ code: 1, signal: null });
  expect(alone.stderr).toContain("ECONNREFUSED");
});
