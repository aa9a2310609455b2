/**
 * A network for tests, with the programs of test/full/peers on its hosts. Whatever happens in
 * `withLab`, its programs and namespaces are gone afterwards.
 */
import type { Program, ProgramName, Programs } from "../full/peers/programs.ts";
import { hasTool, isLinux, isRoot } from "../support/machine.ts";
import { type Host, Network } from "./network.ts";

export const canHaveLab: boolean = isLinux() && isRoot() && hasTool("ip");
export const LAB_NEEDS = "network namespaces need Linux, root and `ip`";

export class Lab extends Network {
  readonly #programs: Programs;
  readonly #started: Program[] = [];

  constructor(programs: Programs) {
    super();
    this.#programs = programs;
  }

  /** Starts a program on one of the hosts. It lasts as long as the lab, at most. */
  start(host: Host, name: ProgramName, argument: unknown): Program {
    const program = this.#programs.start(name, argument, host.namespace);
    this.#started.push(program);
    return program;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.map((program) => program.stop()));
  }
}

/** Builds a lab, runs `body` in it, and removes it whatever comes of that. */
export async function withLab<T>(programs: Programs, body: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = new Lab(programs);
  try {
    lab.build();
    return await body(lab);
  } finally {
    await lab.stop();
    lab.remove();
  }
}
