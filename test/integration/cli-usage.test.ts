/** Wrong usage is one sentence that names what was expected, and exit code 2. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tempFolder } from "../support/temp-folder.ts";
import { holdfast } from "./cli-harness.ts";

test.each<[string, readonly string[], RegExp]>([
  [
    "an unknown flag",
    ["serve", "--listne", "x"],
    /unknown option '--listne' \(Did you mean --listen\?\)/,
  ],
  [
    "a strange flag",
    ["serve", "--zzz"],
    /unknown option '--zzz'; expected one of --listen, --accept/,
  ],
  ["an unknown command", ["srv"], /unknown command 'srv'.*serve/],
  ["a missing value", ["serve", "--timeout"], /'--timeout <duration>' argument missing/],
  ["a missing url", ["connect"], /expected one or more urls such as tcp:/],
  ["too many operands", ["serve", "8080"], /too many arguments for 'serve'.*expected flags only/],
  [
    "a bad duration",
    ["serve", "--timeout", "30"],
    /--timeout: expected a duration such as 250ms.*got "30"/,
  ],
  [
    "a duration out of range",
    ["serve", "--timeout", "3ms"],
    /--timeout must be a duration from 100ms to 24h, got 3ms/,
  ],
  [
    "a bad listen url",
    ["serve", "--listen", "http://x:1"],
    /--listen: expected a url that begins with tcp:/,
  ],
  ["a bad port", ["serve", "--listen", "tcp://[::]:99999"], /--listen: expected tcp:\/\/HOST:PORT/],
  [
    "two behaviours",
    ["serve", "--echo", "--broadcast"],
    /--echo and --broadcast: expected one of the two/,
  ],
  [
    "a range that begins with its end",
    ["connect", "tcp://x:1", "--adaptive", "10m..25s"],
    /--adaptive: expected two durations, the shorter first, .*, or off, got "10m..25s"/,
  ],
  [
    "a range beside an interval",
    ["connect", "tcp://x:1", "--adaptive", "25s..10m", "--interval", "5s"],
    /--adaptive replaces --interval: give one of the two/,
  ],
  [
    "a memory of nothing",
    ["connect", "tcp://x:1", "--remember", "file.json"],
    /--remember: expected --adaptive beside it/,
  ],
  ["equal words", ["serve", "--ping", "x", "--pong", "x"], /--ping and --pong must differ/],
  [
    "a bad keepalive",
    ["serve", "--keepalive", "60s"],
    /--keepalive: expected .*60s,10s,5, or off, got "60s"/,
  ],
  [
    "a bad url",
    ["connect", "localhost:8080"],
    /cannot open "localhost:8080": expected one of tcp:/,
  ],
  [
    "a bad count",
    ["connect", "tcp://x:1", "--retries", "0"],
    /--retries must be a whole number from 1/,
  ],
  [
    "frames without answers",
    ["connect", "tcp://x:1", "--no-pong"],
    /^holdfast: --no-pong is for line urls/,
  ],
  [
    "a missing token file",
    ["connect", "tcp://x:1", "--token-file", "/nowhere"],
    /--token-file: expected a file.*\/nowhere/,
  ],
  [
    "a missing config",
    ["serve", "--config", "/nowhere"],
    /--config: expected a file that can be read.*\/nowhere/,
  ],
])("%s", async (_, argv, sentence) => {
  const command = holdfast(argv);
  expect(await command.exitCode).toBe(2);
  expect(command.stderr()).toMatch(sentence);
  expect(command.stderr()).toMatch(/^holdfast: [^\n]+\n$/);
  expect(command.stdout()).toBe("");
});

test("a token never stands on the command line, nor in what is printed", async () => {
  const command = holdfast(["connect", "tcp://user:secret@localhost:1"]);
  expect(await command.exitCode).toBe(2);
  expect(command.stderr()).not.toContain("secret");
  const flag = holdfast(["connect", "tcp://localhost:1", "--token", "secret"]);
  expect(await flag.exitCode).toBe(2);
  expect(flag.stderr()).toContain("--token-file");
});

test("--version is that of the package", async () => {
  const command = holdfast(["--version"]);
  expect(await command.exitCode).toBe(0);
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect(command.stdout()).toBe(`${version}\n`);
});

test.each(["serve", "connect"])("%s --help has the flags and an example", async (name) => {
  const command = holdfast([name, "--help"]);
  expect(await command.exitCode).toBe(0);
  expect(command.stdout()).toMatch(new RegExp(`Usage: holdfast ${name}`));
  expect(command.stdout()).toMatch(/--timeout <duration>[\s\S]*Examples:\n {2}(?:echo |)holdfast /);
});

test("no command at all prints the help, as wrong usage", async () => {
  const command = holdfast([]);
  expect(await command.exitCode).toBe(2);
  expect(command.stderr()).toContain("Usage: holdfast");
});

test("a config file and the environment are taken, and told apart in complaints", async () => {
  const folder = tempFolder({ "h.json": '{ "listen": "tcp://127.0.0.1:0", "pnig": "x" }' });
  const file = `${folder}/h.json`;
  const wrong = holdfast(["serve", "--config", file]);
  expect(await wrong.exitCode).toBe(2);
  expect(wrong.stderr()).toContain(`${file}: "pnig" is not a setting; expected one of listen`);

  const fromEnv = holdfast(["serve"], {
    env: { HOLDFAST_LISTEN: "tcp://127.0.0.1:0", HOLDFAST_TIMEOUT: "soon" },
  });
  expect(await fromEnv.exitCode).toBe(2);
  expect(fromEnv.stderr()).toContain("HOLDFAST_TIMEOUT: expected a duration");
});

test("a port in use is one sentence that names --listen, and exit code 1", async () => {
  const first = holdfast(["serve", "--listen", "tcp://127.0.0.1:0"]);
  const [url] = await first.says(/tcp:\/\/127\.0\.0\.1:\d+/);
  const second = holdfast(["serve", "--listen", url]);
  expect(await second.exitCode).toBe(1);
  expect(second.stderr()).toMatch(/^holdfast: cannot listen on [^\n]*--listen[^\n]*\n$/);
});
