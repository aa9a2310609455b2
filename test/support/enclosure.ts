/**
 * A place in which a manager of services or of containers runs as process 1, as on a machine of its
 * own: namespaces for processes, mounts and control groups. All that it starts or mounts is gone
 * with process 1, and that is killed with the test, even if the test itself is killed.
 *
 * Needs Linux, root, a mounted cgroup2 and the tools of util-linux. Groups carry the id of the test
 * process; those that a killed one left are removed by the next.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/house.ts";
import { type Outcome, run } from "./commands.ts";
import { Program } from "./processes.ts";
import { hasTool, isLinux, isRoot } from "./requires.ts";
import { newTempFolder } from "./temp-folder.ts";

const PREFIX = "holdfast-enclosure-";
const TOOLS = ["unshare", "nsenter", "setpriv", "mount"] as const;

export const canEnclose: boolean =
  isLinux() && isRoot() && groupsPlace() !== undefined && TOOLS.every(hasTool) && mayEnclose();
export const ENCLOSURE_NEEDS =
  "it needs Linux, root that may make namespaces and mounts, a mounted cgroup2, and util-linux";

/** Root within a container may not. */
function mayEnclose(): boolean {
  const words = ["--pid", "--mount", "--net", "--cgroup", "--fork", "mount", "-t", "tmpfs"];
  return run("unshare", [...words, "tmpfs", "/tmp"]).code === 0;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // It is not there yet, or no more.
  }
}

/** Where the one hierarchy of control groups, version 2, is mounted. */
function groupsPlace(): string | undefined {
  const mounts = readText("/proc/self/mounts")
    .split("\n")
    .map((line) => line.split(" "));
  const writable = mounts.filter(([, , , options = "ro"]) => /^rw\b/.test(options));
  return writable.find(([, , kind]) => kind === "cgroup2")?.[1];
}

let enclosures = 0;

export class Enclosure {
  /** Its own, for whatever is to be seen from outside, and for mounts inside. */
  readonly folder: string;
  readonly first: Program;
  readonly #group: string;
  #pid = "";

  /** Runs a shell script of test/full/programs as process 1, with the folder and `args`. */
  constructor(script: string, unshared: readonly string[], args: readonly string[]) {
    enclosures += 1;
    const place = groupsPlace() ?? "";
    removeLeftGroups(place);
    this.folder = newTempFolder();
    this.#group = join(place, `${PREFIX}${process.pid}-${enclosures}`);
    mkdirSync(this.#group);
    const enter = `echo $$ > ${this.#group}/cgroup.procs && exec "$@"`;
    const namespaces = ["--fork", "--kill-child", "--pid", "--mount", "--cgroup", ...unshared];
    const program = ["sh", join(ROOT, "test/full/programs", script), this.folder, ...args];
    const command = ["sh", "-c", enter, "sh", "unshare", ...namespaces, ...program];
    this.first = new Program("setpriv", ["--pdeathsig", "KILL", ...command]);
  }

  /** Of process 1, as it is called outside. */
  get pid(): string {
    const outer = this.first.pid ?? 0;
    if (this.#pid === "") this.#pid = readText(`/proc/${outer}/task/${outer}/children`).trim();
    return this.#pid;
  }

  /** Resolves when what is to come, is there; process 1 may not have got so far. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const begin = performance.now();
    while (this.pid === "" || !holds()) {
      if (this.first.hasExited) throw new Error(`process 1 has ended: ${this.first.stderr}`);
      if (performance.now() - begin > 20_000) throw new Error(`not within 20 s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The words that run a program inside. */
  inside(...command: readonly string[]): [string, ...string[]] {
    const where = ["--mount", "--pid", "--net", "--cgroup", "--uts", "--ipc", "--root", "--wd"];
    return ["nsenter", "--target", this.pid, ...where, ...command];
  }

  run(...command: readonly string[]): Outcome {
    const [program, ...args] = this.inside(...command);
    return run(program, args);
  }

  async remove(): Promise<void> {
    this.first.signal("SIGKILL");
    await this.first.exit.catch(() => {});
    await emptied(this.#group);
    removeGroup(this.#group);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Its last process may take a moment to leave. */
async function emptied(group: string): Promise<void> {
  const begin = performance.now();
  while (/^populated 1$/m.test(readText(join(group, "cgroup.events")))) {
    if (performance.now() - begin > 10_000)
      throw new Error(`there are still processes in ${group}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function removeGroup(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroup(join(group, entry.name));
  }
  rmdirSync(group);
}

function removeLeftGroups(place: string): void {
  for (const name of readdirSync(place)) {
    const [, pid] = /^holdfast-enclosure-(\d+)-\d+$/.exec(name) ?? [];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    try {
      removeGroup(join(place, name));
    } catch {
      // Another test removes it at the same time, or its last process is about to leave.
    }
  }
}
