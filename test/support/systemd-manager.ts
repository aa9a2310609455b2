/** A real systemd with the units of deploy/, in a place of its own with its own network. */
import type { TestContext } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { runWell } from "./commands.ts";
import { Enclosure } from "./enclosure.ts";
import { Processes, type Program } from "./processes.ts";

export interface ManagerSettings {
  readonly koffi: boolean;
  /** Lines of /etc/holdfast/environment. */
  readonly environment?: readonly string[];
  /** Lines of a section that changes the unit of the service. */
  readonly service?: readonly string[];
  /** The same for the socket. */
  readonly socket?: readonly string[];
  /** What else is in files. */
  readonly files?: Readonly<Record<string, string>>;
}

export class Manager {
  readonly #enclosure: Enclosure;
  readonly #processes: Processes;

  private constructor(context: TestContext, koffi: boolean) {
    const words = [ROOT, process.execPath, koffi ? "koffi" : "-"];
    const enclosure = new Enclosure("systemd-root.sh", ["--net", "--ipc", "--uts"], words);
    context.onTestFinished(async () => await enclosure.remove());
    this.#enclosure = enclosure;
    this.#processes = new Processes(context);
  }

  static async start(context: TestContext, settings: ManagerSettings): Promise<Manager> {
    const { koffi, environment = [], service = [], socket = [], files = {} } = settings;
    const manager = new Manager(context, koffi);
    await manager.#enclosure.until("systemd runs", () => manager.#runs());
    const place = "/etc/systemd/system";
    const all = {
      "/etc/holdfast/environment": environment.join("\n"),
      [`${place}/holdfast.service.d/test.conf`]: ["[Service]", ...service].join("\n"),
      [`${place}/holdfast.socket.d/test.conf`]: ["[Socket]", ...socket].join("\n"),
      ...files,
    };
    for (const [path, text] of Object.entries(all)) manager.write(path, text);
    manager.systemctl("daemon-reload");
    return manager;
  }

  #runs(): boolean {
    const { said } = this.#enclosure.run("systemctl", "is-system-running");
    return said.trim() === "running";
  }

  write(path: string, text: string): void {
    const script = 'mkdir -p "$(dirname "$0")" && printf "%s\\n" "$1" > "$0"';
    this.run("sh", "-c", script, path, text);
  }

  /** Runs a program inside to its end, which has to be good. */
  run(...command: readonly string[]): string {
    const [program, ...args] = this.#enclosure.inside(...command);
    return runWell(program, args);
  }

  systemctl(...words: readonly string[]): void {
    this.run("systemctl", ...words);
  }

  /** The same, beside the test. */
  systemctlMeanwhile(...words: readonly string[]): Program {
    const [program, ...args] = this.#enclosure.inside("systemctl", ...words);
    return this.#processes.start(program, args);
  }

  /** A property of a unit. */
  show(unit: "service" | "socket", property: string): string {
    return this.run(
      "systemctl",
      "show",
      `holdfast.${unit}`,
      `--property=${property}`,
      "--value",
    ).trim();
  }

  /** The state, as `systemctl status` would show it in brackets. */
  stateOf(unit: "service" | "socket"): string {
    return `${this.show(unit, "ActiveState")} (${this.show(unit, "SubState")})`;
  }

  /** What systemd and the server have written about the service, in order. */
  journal(unit: "service" | "socket" = "service"): string {
    return this.run("journalctl", "--output=cat", `--unit=holdfast.${unit}`);
  }

  /** What the server has told the manager, and the states that followed, in order. */
  story(): string[] {
    const told = /Got notification message from PID \d+ \((.*)\)$|: Changed (\S+ -> \S+)$/gm;
    return [...this.journal().matchAll(told)].map(([, words, change]) => words ?? change ?? "");
  }

  /** netcat to the port that the units name: it stays until the server has closed. */
  client(): Program {
    return this.beside("nc", "127.0.0.1", "8080");
  }

  /** Starts a program of the machine in the network of the service. */
  beside(...command: readonly string[]): Program {
    return this.#processes.start("nsenter", ["--target", this.#enclosure.pid, "--net", ...command]);
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    await this.#enclosure.until(what, holds);
  }
}
