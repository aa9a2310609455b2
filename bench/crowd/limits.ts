/**
 * What a machine must grant for so many connections, and what of it is missing. Pure but for one
 * function that reads the kernel's files.
 */
import { readFileSync } from "node:fs";

/** What the kernel says; undefined where it has no such limit, or does not tell. */
export interface Limits {
  /** The hard limit: the programs raise the soft one by themselves. */
  readonly descriptors: number | undefined;
  readonly fileMax: number | undefined;
  readonly somaxconn: number | undefined;
  readonly portsPerAddress: number | undefined;
  /** Entries of connection tracking, which sees loopback, too. */
  readonly conntrackMax: number | undefined;
  readonly availableBytes: number | undefined;
}

export interface Needs {
  readonly connections: number;
  /** Both of one server and of one load generator. */
  readonly descriptorsPerProcess: number;
  /** Dials that are under way at a time. */
  readonly dialsAtOnce: number;
  readonly sourceAddresses: number;
}

/** A server's part, and two sockets in the kernel with what belongs to them. */
const BYTES_PER_CONNECTION = 20 * 1024;

/** A sentence for each thing that is missing, with what brings it. */
export function missingFrom(limits: Limits, needs: Needs): string[] {
  const { connections, descriptorsPerProcess, dialsAtOnce, sourceAddresses } = needs;
  const { portsPerAddress } = limits;
  const ports = portsPerAddress === undefined ? undefined : portsPerAddress * sourceAddresses;
  const rows: readonly (readonly [string, number | undefined, number, string])[] = [
    ["descriptors per process", limits.descriptors, descriptorsPerProcess, "ulimit -Hn"],
    ["open files of the system", limits.fileMax, 2 * connections, "sysctl fs.file-max"],
    ["the queue of one listener", limits.somaxconn, dialsAtOnce, "sysctl net.core.somaxconn"],
    ["local ports", ports, connections, "sysctl net.ipv4.ip_local_port_range"],
    [
      "tracked connections",
      limits.conntrackMax,
      connections,
      "sysctl net.netfilter.nf_conntrack_max",
    ],
    ["free memory", limits.availableBytes, connections * BYTES_PER_CONNECTION, "more memory"],
  ];
  return rows.flatMap(([what, has, needed, remedy]) =>
    has === undefined || has >= needed
      ? []
      : [`${what}: ${needed} are needed and there are ${has} (${remedy})`],
  );
}

export function readLimits(): Limits {
  const range = textOf("/proc/sys/net/ipv4/ip_local_port_range")?.trim().split(/\s+/).map(Number);
  const [first, last] = range ?? [];
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(textOf("/proc/meminfo") ?? "")?.[1];
  return {
    descriptors: hardLimit(textOf("/proc/self/limits") ?? ""),
    fileMax: numberOf("/proc/sys/fs/file-max"),
    somaxconn: numberOf("/proc/sys/net/core/somaxconn"),
    portsPerAddress: first === undefined || last === undefined ? undefined : last - first + 1,
    conntrackMax: numberOf("/proc/sys/net/netfilter/nf_conntrack_max"),
    availableBytes: available === undefined ? undefined : Number(available) * 1024,
  };
}

/** Of the text of `/proc/self/limits`; undefined when there is none. */
export function hardLimit(text: string): number | undefined {
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(text)?.[1];
  return hard === undefined ? undefined : Number(hard);
}

function numberOf(path: string): number | undefined {
  const text = textOf(path);
  return text === undefined ? undefined : Number(text.trim());
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // This kernel has no such limit.
  }
}
