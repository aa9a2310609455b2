/**
 * The tarball that npm would publish, installed in an empty project: it holds what it should, and
 * import, require(), the types and the command work there.
 *
 * Nothing is fetched: each runtime dependency that the tarball names, and only those, is packed
 * from this repository's node_modules and installed beside it. `npm run build` comes first.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { freshEnv, run, runWell, tool } from "../support/commands.ts";
import { newTempFolder } from "../support/temp-folder.ts";

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let files: readonly string[];

beforeAll(() => {
  folder = newTempFolder({ "package.json": '{ "name": "empty", "private": true }\n' });
  const packed = pack(ROOT);
  files = packed.files.map(({ path }) => path);
  const own = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const needed = Object.keys(own.dependencies).map((name) =>
    pack(join(ROOT, "node_modules", name)),
  );
  const tarballs = [packed, ...needed].map(({ filename }) => join(folder, filename));
  npm(["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts", ...tarballs]);
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function pack(path: string): Packed {
  const said = npm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder, path]);
  // Newer versions of npm give an object by name, older ones an array.
  const packed = Object.values(JSON.parse(said) as Readonly<Record<string, Packed>>);
  return packed[0] as Packed;
}

function npm(args: readonly string[]): string {
  return runWell("npm", ["--loglevel=error", ...args], { folder, env: freshEnv() });
}

/** Writes a file into the project and runs it. */
function runThere(name: string, source: string): string {
  writeFileSync(join(folder, name), source);
  return runWell(process.execPath, ["--no-warnings", name], { folder, env: freshEnv() }).trim();
}

const SHOW =
  "console.log(JSON.stringify([typeof connect, typeof listen, typeof isHoldfastError]));\n";
const THREE_FUNCTIONS = '["function","function","function"]';
const NAMES = "{ connect, isHoldfastError, listen }";

test("the tarball holds the build and the documents, and neither sources nor tests", () => {
  for (const path of ["package.json", "README.md", "LICENSE", "dist/index.js", "dist/index.d.ts"]) {
    expect(files).toContain(path);
  }
  const allowed =
    /^(?:dist\/.*\.(?:js|js\.map|d\.ts)|(?:docs|deploy)\/.*|[A-Z]+(?:\.zh-CN)?\.md|LICENSE|package\.json)$/;
  expect(files.filter((path) => !allowed.test(path) || path.includes(".test."))).toEqual([]);
});

test("import finds each door", () => {
  expect(runThere("main.mjs", `import ${NAMES} from "holdfast";\n${SHOW}`)).toBe(THREE_FUNCTIONS);
  const doors =
    'import * as door from "holdfast/testing";\nconsole.log(Object.keys(door).length > 0);';
  expect(runThere("testing.mjs", doors)).toBe("true");
  const browser = 'import { connect } from "holdfast/browser";\nconsole.log(typeof connect);';
  expect(runThere("browser.mjs", browser)).toBe("function");
});

test("require() finds each door", () => {
  const main = `const ${NAMES} = require("holdfast");\n${SHOW}`;
  expect(runThere("main.cjs", main)).toBe(THREE_FUNCTIONS);
  const doors = 'console.log(Object.keys(require("holdfast/testing")).length > 0);';
  expect(runThere("testing.cjs", doors)).toBe("true");
});

test("there are no deep paths", () => {
  const deep = 'import("holdfast/dist/index.js").catch((error) => console.log(error.code));';
  expect(runThere("deep.mjs", deep)).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED");
});

test("the command runs", () => {
  const version = (
    JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }
  ).version;
  const command = join(folder, "node_modules", ".bin", "holdfast");
  expect(runWell(command, ["--version"], { folder })).toContain(version);
});

const CONSUMER = `import { connect, type HoldfastError, isHoldfastError, listen } from "holdfast";
import * as testing from "holdfast/testing";

export async function main(): Promise<string> {
  const server = await listen({ port: 0, timeoutMs: 60_000 });
  server.on("connection", (connection) => {
    connection.on("message", (data: string | Uint8Array) => connection.send(data));
  });
  const link = connect("tcp://localhost:8080", { heartbeat: { intervalMs: 30_000 } });
  link.send("hello");
  const error: unknown = new Error("x");
  if (isHoldfastError(error)) return (error satisfies HoldfastError).code;
  await server.close();
  return (await link.ended).sentence + String(Object.keys(testing).length);
}
`;

const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: false,
  target: "ES2023",
  lib: ["ES2023", "ESNext.Disposable"],
  types: ["node"],
  typeRoots: [join(ROOT, "node_modules/@types")],
};

/** Type-checks the consumer as a user's project would, our declarations included. */
function typeCheck(
  name: string,
  source: string,
  module: object,
): { code: number | null; said: string } {
  const project = join(folder, name);
  mkdirSync(project, { recursive: true });
  const config = { compilerOptions: { ...STRICT, ...module }, files: ["consumer.ts"] };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(join(project, "package.json"), '{ "type": "module" }');
  writeFileSync(join(project, "consumer.ts"), source);
  return run(tool("tsc"), ["-p", project]);
}

test.each([
  ["nodenext", { module: "NodeNext", moduleResolution: "NodeNext" }],
  ["bundler", { module: "ESNext", moduleResolution: "Bundler" }],
])("the types compile under %s resolution, and a wrong call does not", (name, module) => {
  expect(typeCheck(name, CONSUMER, module)).toEqual({ code: 0, said: "" });
  const wrong = CONSUMER.replace("intervalMs: 30_000", 'intervalMs: "30 s"');
  expect(typeCheck(`${name}-wrong`, wrong, module).said).toContain("error TS2322");
});
