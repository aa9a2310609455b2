/**
 * What a descriptor is that whoever started this process has passed to it: only Linux can tell.
 *
 * Node takes any descriptor and finds out by its kind; what is wrong with one it says in words of
 * libuv. Whether it is a Unix socket, and at which path, stands in /proc (proc(5)).
 */
import { readFileSync, readlinkSync } from "node:fs";
import { HoldfastError } from "../base/errors.ts";
import { systemCode } from "./listen-failure.ts";

/** The path is empty where the socket has none, and begins with `@` where it is abstract. */
export type PassedSocket =
  | { readonly kind: "tcp" }
  | { readonly kind: "unix"; readonly path: string };

/** @throws HoldfastError `LISTEN_FAILED` for what is no socket that listens. */
export function lookAtDescriptor(fd: number): PassedSocket {
  if (process.platform !== "linux") throw refusal(fd, "passed sockets are taken on Linux only");
  const inode = inodeOf(fd);
  const found = findUnixSocket(readFileSync("/proc/self/net/unix", "utf8"), inode);
  if (found === undefined) return { kind: "tcp" };
  if (found.listens) return { kind: "unix", path: found.path };
  throw refusal(fd, NOT_LISTENING);
}

const NOT_LISTENING =
  "it is a socket that does not listen; a systemd socket needs ListenStream= and Accept=no";

function inodeOf(fd: number): string {
  let target: string;
  try {
    target = readlinkSync(`/proc/self/fd/${fd}`);
  } catch (error) {
    throw refusal(fd, "nothing is open there; was the socket passed to this process?", error);
  }
  const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
  if (inode === undefined) throw refusal(fd, `it is no socket, but ${target}`);
  return inode;
}

export interface UnixEntry {
  readonly listens: boolean;
  readonly path: string;
}

/** In the text of /proc/net/unix: number, references, protocol, flags, type, state, inode, path. */
export function findUnixSocket(table: string, inode: string): UnixEntry | undefined {
  for (const line of table.split("\n")) {
    const fields = /^\S+: \S+ \S+ (\S+) (\S+) \S+ +(\d+)(?: (.*))?$/.exec(line);
    if (fields?.[3] !== inode) continue;
    const [, flags = "", type = "", , path = ""] = fields;
    // __SO_ACCEPTCON, and SOCK_STREAM.
    const listens = (Number.parseInt(flags, 16) & 0x10000) !== 0 && Number.parseInt(type, 16) === 1;
    return { listens, path };
  }
  return undefined;
}

/** What the system says of a descriptor that node:net was to listen on. */
export function passedFailure(fd: number, cause: unknown): HoldfastError {
  const code = systemCode(cause);
  if (code === "EINVAL" || code === "EOPNOTSUPP") return refusal(fd, NOT_LISTENING, cause);
  return refusal(fd, cause instanceof Error ? cause.message : String(cause), cause);
}

function refusal(fd: number, why: string, cause?: unknown): HoldfastError {
  return new HoldfastError("LISTEN_FAILED", `cannot listen on fd:${fd}: ${why}`, { cause });
}
