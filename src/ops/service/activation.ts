/**
 * Sockets that a service manager has bound and passed to this process, by its environment. Pure.
 *
 * The protocol is that of sd_listen_fds(3): LISTEN_FDS of them, from descriptor 3 on, for the
 * process LISTEN_PID and for no child of it, with names in LISTEN_FDNAMES.
 */
import type { ServiceEnvironment } from "./environment.ts";

export interface PassedSocket {
  readonly fd: number;
  /** FileDescriptorName= of the unit, or its name; empty where none was given. */
  readonly name: string;
}

export type Activation =
  | { readonly kind: "none" }
  | { readonly kind: "sockets"; readonly sockets: readonly PassedSocket[] }
  /** They are for somebody else. `text` says for whom, and what to do if that is a mistake. */
  | { readonly kind: "foreign"; readonly text: string }
  /** The variables contradict each other: `text` says what was expected and what came. */
  | { readonly kind: "wrong"; readonly text: string };

/** SD_LISTEN_FDS_START */
const FIRST_FD = 3;
/** As many as `listen` takes urls. */
const SOCKETS_MAX = 64;

export function readActivation(env: ServiceEnvironment, pid: number): Activation {
  const { LISTEN_FDS: fds, LISTEN_PID: forPid, LISTEN_FDNAMES: names } = env;
  if (fds === undefined || fds === "") return { kind: "none" };
  const count = /^\d{1,9}$/.test(fds) ? Number(fds) : Number.NaN;
  if (!(count >= 1 && count <= SOCKETS_MAX)) {
    return wrong("LISTEN_FDS", `a number of sockets from 1 to ${SOCKETS_MAX}`, fds);
  }
  if (forPid === undefined || !/^[1-9]\d{0,9}$/.test(forPid)) {
    return wrong("LISTEN_PID", "the id of the process that the sockets are for", forPid ?? "");
  }
  if (Number(forPid) !== pid) return { kind: "foreign", text: foreignText(count, forPid, pid) };
  const given = names === undefined || names === "" ? [] : names.split(":");
  if (given.length > 0 && given.length !== count) {
    return wrong("LISTEN_FDNAMES", `${count} names with colons between`, names ?? "");
  }
  const sockets = Array.from({ length: count }, (_, at) => ({
    fd: FIRST_FD + at,
    name: given[at] ?? "",
  }));
  return { kind: "sockets", sockets };
}

/** How a server is told to listen there: what a unit calls `tls`, or `tcp+tls`, is to speak it. */
export function urlOf({ fd, name }: PassedSocket): string {
  return name === "tls" || name === "tcp+tls" ? `${name}+fd:${fd}` : `fd:${fd}`;
}

function foreignText(count: number, forPid: string, pid: number): string {
  const sockets = count === 1 ? "a socket was" : `${count} sockets were`;
  return (
    `${sockets} passed to process ${forPid}, and this one is ${pid}, so they are not taken; let ` +
    "the service manager start node itself, not npm or a shell that stays"
  );
}

function wrong(name: string, expected: string, got: string): Activation {
  return { kind: "wrong", text: `${name}: expected ${expected}, got ${JSON.stringify(got)}` };
}
