/** Tells the system's faults from those that an application destroyed its socket with. */
import { ordinaryEnd } from "../connection/ending.ts";
import type { Ending } from "./guard-record.ts";

/** The end that a fault of the network or of TLS makes; undefined for any other, or none. */
export function faultEnding(fault: Error | null | undefined): Ending | undefined {
  if (fault === null || fault === undefined || !isOfSystem(fault)) return undefined;
  return { ...ordinaryEnd(fault), cause: fault, peerSaid: undefined };
}

function isOfSystem(fault: Error): boolean {
  if ("syscall" in fault) return true;
  const code = "code" in fault ? fault.code : undefined;
  // Node words a reset before the end of a TLS handshake without naming a system call.
  return typeof code === "string" && (code === "ECONNRESET" || code.startsWith("ERR_SSL_"));
}
