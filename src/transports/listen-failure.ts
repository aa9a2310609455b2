/** Why an address could not be listened on, in a sentence that says what to do about it. */
import { HoldfastError } from "../base/errors.ts";

/** `url` names the address as the user would write it. */
export function listenFailure(url: string, cause: unknown): HoldfastError {
  return new HoldfastError("LISTEN_FAILED", `cannot listen on ${url}: ${reason(cause)}`, { cause });
}

function reason(cause: unknown): string {
  const code = systemCode(cause);
  switch (code) {
    case "EADDRINUSE":
      return "another program listens there; stop it, or choose another address (EADDRINUSE)";
    case "EACCES":
      return (
        "the system does not allow it; ports below 1024 need privileges, and a Unix socket " +
        "needs a directory that may be written (EACCES)"
      );
    case "EADDRNOTAVAIL":
      return "no interface of this host has that address; use one that it has (EADDRNOTAVAIL)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `the host name does not resolve; use an IP address, or check the name (${code})`;
    case "EAFNOSUPPORT":
      return "this host has no such address family; use an IPv4 address instead (EAFNOSUPPORT)";
    case "ENOENT":
      return "the directory does not exist; create it first (ENOENT)";
    case "EINVAL":
    case "ENAMETOOLONG":
      return (
        "the system does not take this address; the path of a Unix socket has about 100 " +
        `characters at most (${code})`
      );
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}

export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
