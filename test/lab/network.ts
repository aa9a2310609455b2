/**
 * Two hosts and a router between them, as network namespaces: a place for faults that no loopback
 * has, above all the silent partition, in which packets vanish and nobody is told.
 *
 * Needs Linux, root and `ip`. Names carry the process id, so that networks do not meet, and what a
 * killed process left behind is removed by the next, its programs first: one of them may be frozen,
 * and would stay so for ever.
 */
import { run, runWell } from "../support/commands.ts";

export interface Host {
  readonly namespace: string;
  readonly address: string;
}

const NEAR = { address: "10.99.1.2", router: "10.99.1.1", link: "near" };
const FAR = { address: "10.99.2.2", router: "10.99.2.1", link: "far" };
const PREFIX = "holdfast-";

let networks = 0;

export class Network {
  readonly near: Host;
  readonly far: Host;
  readonly #router: string;

  constructor() {
    networks += 1;
    const name = `${PREFIX}${process.pid}-${networks}`;
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

  /** The same the other way round. */
  loseTowardsFar(): void {
    ip("-n", this.#router, "route", "add", "blackhole", `${FAR.address}/32`);
  }

  /** The far host loses its only interface, addresses and routes with it. Its programs run on. */
  unplugFar(): void {
    ip("-n", this.far.namespace, "link", "delete", "eth0");
  }

  /** The router answers each TCP packet with a reset to who sent it. Needs `nft`. */
  rejectFlows(): void {
    this.#rules([
      "add table ip lab",
      "add chain ip lab through { type filter hook forward priority 0; }",
      "add rule ip lab through meta l4proto tcp reject with tcp reset",
    ]);
  }

  /**
   * The router hides the near host behind its own address and forgets a flow that is quiet for
   * `forgetAfterS`. What belongs to no flow it knows is thrown away. Needs `nft`.
   */
  translateAddresses(forgetAfterS: number): void {
    this.#rules([
      "add table ip lab",
      "add chain ip lab out { type nat hook postrouting priority 100; }",
      `add rule ip lab out oifname "${FAR.link}" masquerade`,
      "add chain ip lab through { type filter hook forward priority 0; }",
      "add rule ip lab through ct state invalid drop",
      // Without a flow these packets are for the router itself, which would answer with a reset.
      "add chain ip lab here { type filter hook input priority 0; }",
      "add rule ip lab here meta l4proto tcp drop",
    ]);
    // A packet in the middle of an unknown flow does not make it known again.
    this.#inRouter("sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_loose=0");
    this.forgetAfter(forgetAfterS);
  }

  /** Holds for a flow from its next packet on. */
  forgetAfter(quietS: number): void {
    const setting = "net.netfilter.nf_conntrack_tcp_timeout_established";
    this.#inRouter("sysctl", "-qw", `${setting}=${quietS}`);
  }

  /** How many TCP segments a host has sent again since it was made. */
  resentBy({ namespace }: Host): number {
    const said = ip("netns", "exec", namespace, "cat", "/proc/net/snmp");
    const [names = [], values = []] = said
      .split("\n")
      .filter((line) => line.startsWith("Tcp:"))
      .map((line) => line.split(" "));
    return Number(values[names.indexOf("RetransSegs")]);
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

  remove(): void {
    for (const name of [this.near.namespace, this.far.namespace, this.#router])
      removeNamespace(name);
  }

  #setForwarding(on: boolean): void {
    this.#inRouter("sysctl", "-qw", `net.ipv4.ip_forward=${on ? 1 : 0}`);
  }

  #rules(rules: readonly string[]): void {
    for (const rule of rules) this.#inRouter("nft", rule);
  }

  #inRouter(...command: readonly string[]): void {
    ip("netns", "exec", this.#router, ...command);
  }
}

function ip(...args: readonly string[]): string {
  return runWell("ip", args);
}

/** Nobody minds if it is not there. */
function removeNamespace(name: string): void {
  run("ip", ["netns", "delete", name]);
}

/** Of processes that were killed before they could clean up. */
function removeLeftovers(): void {
  for (const line of ip("netns", "list").split("\n")) {
    const [name = ""] = line.split(" ");
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    for (const left of run("ip", ["netns", "pids", name]).said.split("\n")) {
      if (/^\d+$/.test(left)) kill(Number(left));
    }
    removeNamespace(name);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended meanwhile.
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
