/** The code in the README and the guides runs; what they say about defaults is so. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { CONNECT_SETTINGS } from "../../src/cli/connect-settings.ts";
import { parseDuration, parseSize } from "../../src/cli/duration.ts";
import { SERVE_SETTINGS } from "../../src/cli/serve-settings.ts";
import { readPageOptions } from "../../src/page/page-options.ts";
import { resolveConnect } from "../../src/client/socket-terms.ts";
import { resolveGuard } from "../../src/guard/options.ts";
import { resolveListen } from "../../src/server/options.ts";
import { runWell } from "../support/commands.ts";
import { hasTool, skipUnless } from "../support/requires.ts";
import { freePort } from "../support/free-port.ts";
import { blocksOf, compileSamples, GUIDES, newSampleFolder, readPage } from "../support/samples.ts";
import { serving } from "./cli-harness.ts";

const PAGES = ["README.md", "README.zh-CN.md", ...GUIDES];

function sampleFolder(): string {
  const { folder, remove } = newSampleFolder();
  onTestFinished(remove);
  return folder;
}

const samples = PAGES.flatMap((path) =>
  blocksOf(path, "ts").map((code, at): [string, string] => [`${path} ${at + 1}`, code]),
);

test("there are samples to run", () => {
  expect(samples.length).toBeGreaterThanOrEqual(3);
  expect(blocksOf("README.md", "ts")).toHaveLength(1);
});

test.each(samples)("TypeScript of %s compiles and runs", async (_, code) => {
  const folder = sampleFolder();
  // A sample that only connects gets somebody to talk to: a server that takes every dialect.
  const isAlone = code.includes("listen(");
  const port = isAlone ? await freePort() : (await serving("--echo")).port;
  const fixed = code.replaceAll(/8080|9000/g, port).replaceAll("localhost", "127.0.0.1");
  const [program = ""] = compileSamples(folder, [fixed]);
  // Not synchronously: the server that it talks to may live in this process.
  const child = spawn(process.execPath, [program], { timeout: 15_000 });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const [exitCode] = (await once(child, "close")) as [number | null];
  expect({ exitCode, said }).toMatchObject({ exitCode: 0 });
  if (code.includes("// hello")) expect(said).toContain("\nhello\n");
});

const GUIDE = "docs/guides/plain-programs.md";

/** Runs a plain client in another language: it must be answered and noticed as alive. */
async function expectCitizen(prepare: (code: string, folder: string) => readonly string[]) {
  const { server, port } = await serving("-v");
  const [program = "", ...args] = prepare(port, sampleFolder());
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await server.says(/beat {5}2, ping heard/);
  while (!said.includes("pong\n")) await once(child.stdout, "data");
}

function quick(code: string | undefined, port: string, interval: string): string {
  return (code ?? "").replaceAll("8080", port).replace(interval, interval.replace("30", "1"));
}

skipUnless(hasTool("python3"), "there is no python3")(
  "the Python client is a citizen",
  async () => {
    await expectCitizen((port) => [
      "python3",
      "-c",
      quick(blocksOf(GUIDE, "python")[0], port, "INTERVAL = 30"),
    ]);
  },
);

skipUnless(hasTool("bash"), "there is no bash")("the shell client is a citizen", async () => {
  await expectCitizen((port) => [
    "bash",
    "-c",
    quick(blocksOf(GUIDE, "sh")[0], port, "INTERVAL=30"),
  ]);
});

skipUnless(hasTool("cc"), "there is no C compiler")("the C client is a citizen", async () => {
  await expectCitizen((port, folder) => {
    const source = join(folder, "client.c");
    writeFileSync(source, quick(blocksOf(GUIDE, "c")[0], port, "INTERVAL 30"));
    runWell("cc", ["-Wall", "-Werror", "-o", join(folder, "client"), source]);
    return [join(folder, "client")];
  });
});

/** The options that users may write: keys of the interfaces in these files. */
const OPTION_FILES = [
  "src/client/options.ts",
  "src/page/page-options.ts",
  "src/liveness/options.ts",
  "src/redial/options.ts",
  "src/server/options.ts",
  "src/server/listen-options.ts",
  "src/guard/options.ts",
  "src/guard/guard.ts",
];

test("docs/defaults.md names every option", () => {
  const page = readPage("docs/defaults.md");
  const names = OPTION_FILES.flatMap((path) =>
    [
      ...readPage(path).matchAll(
        /^export (?:interface \w*Options\b|type ListenAt =)[\s\S]*?^ *\}/gm,
      ),
    ]
      .flatMap(([body]) => [...body.matchAll(/^ +readonly (\w+)\??:/gm)])
      .map((match) => match[1] ?? ""),
  );
  expect(names.length).toBeGreaterThan(40);
  const missing = names.filter((name) => !new RegExp(`\`(?:\\w+\\.)*${name}\``).test(page));
  expect([...new Set(missing)]).toEqual([]);
});

interface Defaults {
  readonly [name: string]: unknown;
}

/** What the resolvers give when nothing is said. */
function defaults(): {
  readonly connect: Defaults;
  readonly listen: Defaults;
  readonly guard: Defaults;
} {
  const link = resolveConnect(undefined);
  const { hiddenLeaseMs } = readPageOptions(undefined, {});
  const { server, kernel } = resolveListen({ port: 0 }, undefined);
  return {
    connect: {
      ...link,
      hiddenLeaseMs,
      ...link.connection,
      ...link.connection.liveness,
      ...link.redial,
      ...kernel,
    },
    listen: { ...server, ...server.connection, ...server.connection.liveness, ...server.reaper },
    guard: { ...resolveGuard(undefined) },
  };
}

test("the numbers in docs/defaults.md are those of the code", () => {
  const { connect, listen, guard } = defaults();
  const rows = [
    ...readPage("docs/defaults.md").matchAll(/^\| `(?:\w+\.)?(\w+)`[^|]*\| ([\d ]+)/gm),
  ];
  expect(rows.length).toBeGreaterThan(20);
  const told = rows.map(([, name = "", digits = ""]) => [name, Number(digits.replaceAll(" ", ""))]);
  // What stands in no config: the default of a method, and a value told in words beside it.
  const elsewhere = new Set(["graceMs"]);
  for (const [name, value] of told) {
    if (elsewhere.has(String(name))) continue;
    const known = [connect, listen, guard].map((one) => one[String(name)]);
    expect(known, `\`${name}\` is ${value} in docs/defaults.md`).toContain(value);
  }
});

test("the defaults that --help shows are those of the code", () => {
  const { connect, listen } = defaults();
  for (const [table, known] of [
    [SERVE_SETTINGS, listen],
    [CONNECT_SETTINGS, connect],
  ] as const) {
    for (const [name, { shown, flag }] of Object.entries(table)) {
      const value = parseDuration(shown) ?? parseSize(shown);
      if (value === undefined || name === "userTimeoutMs") continue;
      expect(known[name], `--${flag} is shown as ${shown}`).toBe(value);
    }
  }
  const { shown } = SERVE_SETTINGS.userTimeoutMs;
  const [lines, frames] = shown.split("; ");
  expect(resolveListen({ port: 0 }, undefined).kernel.userTimeoutMs).toBe(false);
  expect(lines).toBe("off");
  const { kernel } = resolveListen({ port: 0, accept: ["frame"] }, undefined);
  expect(kernel.userTimeoutMs).toBe(parseDuration((frames ?? "").split(" ")[0] ?? ""));
  expect(String(connect["attemptsMax"])).toBe(CONNECT_SETTINGS.attemptsMax.shown);
});

test("links between the documents lead somewhere", () => {
  const pages = ["README.md", "README.zh-CN.md", "ARCHITECTURE.md", "docs/defaults.md", ...GUIDES];
  const broken = pages.flatMap((path) =>
    [...readPage(path).matchAll(/\]\((?!https?:)([^)#]+)/g)]
      .map((match) => new URL(match[1] ?? "", `file://${join(ROOT, path)}`).pathname)
      .filter((target) => !exists(target))
      .map((target) => `${path}: ${target}`),
  );
  expect(broken).toEqual([]);
});

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false; // Named in the failure.
  }
}
