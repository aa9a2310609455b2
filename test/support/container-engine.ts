/**
 * A real dockerd in a place of its own. No registry of images is asked: the base of our image is
 * made of a Node and of programs of this machine, under the name that the Dockerfile asks for.
 */
import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../../scripts/house.ts";
import { freshEnv, type Outcome, run, runWell } from "./commands.ts";
import { Enclosure } from "./enclosure.ts";
import { Program } from "./processes.ts";

/** Debian's, which builds with BuildKit by itself; another on the PATH may need a plugin for it. */
export const DOCKER = "/usr/bin/docker";
const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const BUILD_LIMIT_MS = 120_000;

export class Engine {
  readonly #enclosure: Enclosure = new Enclosure("docker-root.sh", [], []);
  readonly #clients: Program[] = [];
  readonly #env: NodeJS.ProcessEnv = {
    ...freshEnv(),
    DOCKER_HOST: `unix://${this.folder}/docker.sock`,
    DOCKER_CONFIG: this.folder,
    DOCKER_BUILDKIT: "1",
  };

  /** For files that a container is to see. */
  get folder(): string {
    return this.#enclosure.folder;
  }

  async ready(): Promise<void> {
    const socket = join(this.folder, "docker.sock");
    await this.#enclosure.until("dockerd answers", () => {
      return existsSync(socket) && this.run("version").code === 0;
    });
  }

  run(...words: readonly string[]): Outcome {
    return run(DOCKER, words, { env: this.#env, timeoutMs: BUILD_LIMIT_MS });
  }

  runWell(...words: readonly string[]): string {
    return runWell(DOCKER, words, { env: this.#env, timeoutMs: BUILD_LIMIT_MS });
  }

  /** Makes an image of this name with this Node in it. */
  makeBase(name: string, node: string): void {
    const root = join(this.folder, "base");
    const npm = join(dirname(realpathSync(process.execPath)), "../lib/node_modules/npm");
    const script = join(ROOT, "test/full/programs/node-image.sh");
    const made = spawnSync("sh", [script, root, node, npm], { input: npmSettings() });
    if (made.status !== 0) throw new Error(`no base could be made: ${String(made.stderr)}`);
    const load = 'tar -C "$0" -c . | "$1" import --change "ENV $2" - "$3"';
    runWell("sh", ["-c", load, root, DOCKER, PATH, name], { env: this.#env });
  }

  /** A field of a container or an image, by a Go template. */
  inspect(name: string, field: string): string {
    return this.runWell("inspect", "--format", `{{${field}}}`, name).trim();
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    await this.#enclosure.until(what, holds);
  }

  /** netcat from beside a container, in its network: it stays until the server has closed. */
  client(name: string): Program {
    const beside = ["nsenter", "--target", this.inspect(name, ".State.Pid"), "--net"];
    const [program, ...args] = this.#enclosure.inside(...beside, "nc", "127.0.0.1", "8080");
    const client = new Program(program, args);
    this.#clients.push(client);
    return client;
  }

  async remove(): Promise<void> {
    await this.#enclosure.remove();
    for (const client of this.#clients) client.signal("SIGKILL");
  }
}

/** What npm needs to reach its registry from here: an authority of one's own, or a mirror. */
function npmSettings(): string {
  const settings = ["registry", "cafile"].map((key) => {
    const value = runWell("npm", ["config", "get", key]).trim();
    return value === "null" ? "" : `${key}=${value}\n`;
  });
  return settings.join("");
}
