/**
 * Two hosts and a router between them, as network namespaces: a place for faults that no loopback
 * has, above all the silent partition, in which packets vanish and nobody is told.
 *
 * Needs Linux, root and `ip`. Names carry the process id, so that runs do not meet, and what a
 * killed run left behind is removed by the next. Whatever happens in `withLab`, its programs and
 * namespaces are gone afterwards.
 */
import { run, runWell } from "../support/commands.ts";
import { hasTool, isLinux, isRoot } from "../support/requires.ts";
import type { Program, ProgramName, Programs } from "./peers/programs.ts";

export const canHaveLab: boolean = isLinux() && isRoot() && hasTool("ip");
export const LAB_NEEDS = "network namespaces need Linux, root and `ip`";

export interface Host {
  readonly namespace: string;
  readonly address: string;
}

const NEAR = { address: "10.99.1.2", router: "10.99.1.1", link: "near" };
const FAR = { address: "10.99.2.2", router: "10.99.2.1", link: "far" };
const PREFIX = "holdfast-";

let labs = 0;

export class Lab {
  readonly near: Host;
  readonly far: Host;
  readonly #router: string;
  readonly #programs: Programs;
  readonly #started: Program[] = [];

  constructor(programs: Programs) {
    labs += 1;
    const name = `${PREFIX}${process.pid}-${labs}`;
    this.#programs = programs;
    this.near = { namespace: `${name}-near`, address: NEAR.address };
    this.far = { namespace: `${name}-far`, address: FAR.address };
    this.#router = `${name}-router`;
  }

  /** The router passes nothing on, in either direction, and tells nobody: no RST, no ICMP. */
  partition(): void {
    this.#setForwarding(false);
  }

  heal(): void {
    this.#setForwarding(true);
  }

  /** The router throws away what is meant for the near host; the other direction goes on. */
  loseTowardsNear(): void {
    ip("-n", this.#router, "route", "add", "blackhole", `${NEAR.address}/32`);
  }

  /**
   * The router hides the near host behind its own address and forgets a flow that is quiet for
   * `forgetAfterS`. What belongs to no flow it knows is thrown away. Needs `nft`.
   */
  translateAddresses(forgetAfterS: number): void {
    const rules = [
      "add table ip lab",
      "add chain ip lab out { type nat hook postrouting priority 100; }",
      `add rule ip lab out oifname "${FAR.link}" masquerade`,
      "add chain ip lab through { type filter hook forward priority 0; }",
      "add rule ip lab through ct state invalid drop",
      // Without a flow these packets are for the router itself, which would answer with a reset.
      "add chain ip lab here { type filter hook input priority 0; }",
      "add rule ip lab here meta l4proto tcp drop",
    ];
    for (const rule of rules) this.#inRouter("nft", rule);
    const timeout = "net.netfilter.nf_conntrack_tcp_timeout_established";
    this.#inRouter("sysctl", "-qw", `${timeout}=${forgetAfterS}`);
    // A packet in the middle of an unknown flow does not make it known again.
    this.#inRouter("sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_loose=0");
  }

  /** Starts a program on one of the hosts. It lasts as long as the lab, at most. */
  start(host: Host, name: ProgramName, argument: unknown): Program {
    const program = this.#programs.start(name, argument, host.namespace);
    this.#started.push(program);
    return program;
  }

  build(): void {
    removeLeftovers();
    const router = this.#router;
    for (const name of [this.near.namespace, this.far.namespace, router]) {
      ip("netns", "add", name);
      ip("-n", name, "link", "set", "lo", "up");
    }
    for (const [host, side] of [[this.near, NEAR] as const, [this.far, FAR] as const]) {
      const { namespace } = host;
      const end = ["type", "veth", "peer", "name", side.link, "netns", router];
      ip("-n", namespace, "link", "add", "eth0", ...end);
      ip("-n", namespace, "address", "add", `${side.address}/24`, "dev", "eth0");
      ip("-n", router, "address", "add", `${side.router}/24`, "dev", side.link);
      ip("-n", namespace, "link", "set", "eth0", "up");
      ip("-n", router, "link", "set", side.link, "up");
      ip("-n", namespace, "route", "add", "default", "via", side.router);
    }
    this.#setForwarding(true);
  }

  async remove(): Promise<void> {
    await Promise.all(this.#started.map((program) => program.stop()));
    for (const name of [this.near.namespace, this.far.namespace, this.#router])
      removeNamespace(name);
  }

  #setForwarding(on: boolean): void {
    this.#inRouter("sysctl", "-qw", `net.ipv4.ip_forward=${on ? 1 : 0}`);
  }

  #inRouter(...command: readonly string[]): void {
    ip("netns", "exec", this.#router, ...command);
  }
}

/** Builds a lab, runs `body` in it, and removes it whatever comes of that. */
export async function withLab<T>(programs: Programs, body: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = new Lab(programs);
  try {
    lab.build();
    return await body(lab);
  } finally {
    await lab.remove();
  }
}

function ip(...args: readonly string[]): string {
  return runWell("ip", args);
}

/** Nobody minds if it is not there. */
function removeNamespace(name: string): void {
  run("ip", ["netns", "delete", name]);
}

/** Of runs that were killed before they could clean up. */
function removeLeftovers(): void {
  for (const line of ip("netns", "list").split("\n")) {
    const [name = ""] = line.split(" ");
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) removeNamespace(name);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
