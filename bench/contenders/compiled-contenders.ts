/** The two references that are compiled: epoll in C, the floor, and Go as people write it. */
import { join } from "node:path";
import { type Build, type Compiler, compileIfNewer } from "./compiler.ts";
import type { Contender, Missing, Variant } from "./contender.ts";
import { TIMEOUT_MS } from "./holdfast-contenders.ts";
import { type Found, type Places, repositoryRoot } from "./places.ts";
import { versionOf } from "./programs.ts";

export const C: Compiler = {
  language: "C",
  names: ["cc", "gcc", "clang"],
  remedy: "`apt-get install gcc libc6-dev` brings one",
  env: {},
  args: (sources, output) => ["-O2", "-o", output, ...sources],
};

/** No module, no network, and nothing written outside of the folder of tools. */
function goCompiler(toolsFolder: string): Compiler {
  return {
    language: "Go",
    names: ["go"],
    remedy: "`apt-get install golang-go` brings one",
    env: {
      GO111MODULE: "off",
      GOFLAGS: "",
      GOPROXY: "off",
      GOTOOLCHAIN: "local",
      GOCACHE: join(toolsFolder, "go-cache"),
      GOPATH: join(toolsFolder, "go-path"),
    },
    args: (sources, output) => ["build", "-o", output, ...sources],
  };
}

export async function findCompiled({ toolsFolder }: Pick<Places, "toolsFolder">): Promise<Found> {
  const outcomes = await Promise.all([findEpoll(toolsFolder), findGo(toolsFolder)]);
  return {
    contenders: outcomes.filter((one) => "command" in one),
    missing: outcomes.filter((one) => "why" in one),
  };
}

async function findEpoll(toolsFolder: string): Promise<Contender | Missing> {
  const build: Build = {
    output: join(toolsFolder, "epoll-server"),
    sourceFolder: join(repositoryRoot(), "bench/contenders/c"),
    endings: [".c", ".h"],
    compiler: C,
  };
  const { compilerFile, why } = await compileIfNewer(build);
  if (why !== undefined) return { id: "c-epoll", title: "C, epoll", why };
  return epollContender(build.output, await versionOf(compilerFile, ["--version"]));
}

async function findGo(toolsFolder: string): Promise<Contender | Missing> {
  const build: Build = {
    output: join(toolsFolder, "go-server"),
    sourceFolder: join(repositoryRoot(), "bench/contenders/go"),
    endings: [".go"],
    compiler: goCompiler(toolsFolder),
  };
  const { compilerFile, why } = await compileIfNewer(build);
  if (why !== undefined) return { id: "go", title: "Go", why };
  return goContender(build.output, await versionOf(compilerFile, ["version"]));
}

export function epollContender(file: string, version: string | undefined): Contender {
  return {
    id: "c-epoll",
    title: "C, epoll",
    group: "reference",
    protocol: "line",
    readiness: "tells",
    variants: ["answering", "silent"],
    hasMessages: true,
    note: "What the kernel and the machine allow: one thread, epoll, an array of connections.",
    version: version === undefined ? "C" : `cc ${version}`,
    command: ({ kind }) => ({ file, args: argsFor(kind) }),
  };
}

export function goContender(file: string, version: string | undefined): Contender {
  return {
    id: "go",
    title: `Go ${version?.split(".").slice(0, 2).join(".") ?? ""}`.trim(),
    group: "reference",
    protocol: "line",
    readiness: "tells",
    variants: ["answering", "silent"],
    hasMessages: true,
    note: "One goroutine and one bufio.Reader of the default size for each connection.",
    version: `go${version ?? ""}`,
    command: ({ kind }) => ({ file, args: argsFor(kind) }),
  };
}

/** Both choose their port by themselves. */
function argsFor(kind: Variant["kind"]): readonly string[] {
  const flags = ["--timeout-ms", String(TIMEOUT_MS)];
  return kind === "silent" ? [...flags, "--silent"] : flags;
}
