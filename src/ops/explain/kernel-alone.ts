/**
 * What the kernel would find by itself, without any heartbeat above it.
 *
 * Linux: keepalive is skipped while anything is unacknowledged; then TCP_USER_TIMEOUT decides or,
 * without it, the retransmissions do (tcp_retries2 of 15: 924.6 s at the least, see the kernel's
 * ip-sysctl). Where a user timeout is set it also replaces the count of keepalive probes
 * (net/ipv4/tcp_timer.c, tcp_keepalive_timer): a connection ends with the first probe that is due
 * after it, but never with the first probe of all.
 */
import type { KeepaliveConfig, KernelConfig } from "../../transports/transport.ts";
import { AT_ONCE, type Found, NEVER, part, within } from "./bound.ts";

/** One end in one way to die: whether and when it is found, and by what. */
export interface Finding {
  readonly found: Found;
  readonly by: string;
}

/** 15 retransmissions, the first after 200 ms, each later by twice as much, up to 120 s. */
const RETRIES_MS = 924_600;

/** Nothing is on its way, and the other side does not answer probes. */
export function idleAlone({ keepalive, userTimeoutMs }: KernelConfig): Finding {
  if (keepalive === false) return { found: NEVER, by: "keepalive is off, and nothing is sent" };
  const { idleMs, intervalMs } = keepalive;
  const probes = userTimeoutMs === false ? keepalive.count : probesUntil(userTimeoutMs, keepalive);
  const found = within([part("idle", idleMs), part("probes", probes * intervalMs)], "silence");
  const by =
    userTimeoutMs === false
      ? "keepalive probes without an answer"
      : "keepalive, once the user timeout is over (Linux, where it can be set)";
  return { found, by };
}

/** Something is on its way and is never acknowledged. */
export function unacknowledgedAlone({ userTimeoutMs }: KernelConfig): Finding {
  if (userTimeoutMs === false) {
    const found = within([part("retransmissions", RETRIES_MS)], "the first unacknowledged byte");
    return { found, by: "Linux gives up after 15 retransmissions" };
  }
  const found = within([part("user timeout", userTimeoutMs)], "the first unacknowledged byte");
  return { found, by: "TCP_USER_TIMEOUT, where it can be set; else about 15 min" };
}

/** The peer's kernel answers everything, and its process takes nothing. */
export function shutWindowAlone({ userTimeoutMs }: KernelConfig): Finding {
  if (userTimeoutMs === false) {
    return { found: NEVER, by: "the peer's kernel answers every probe of its shut window" };
  }
  const found = within([part("user timeout", userTimeoutMs)], "the shut window");
  return { found, by: "TCP_USER_TIMEOUT, which also ends who reads too slowly" };
}

/** The other side answers the next packet with a reset. */
export function resetAlone({ keepalive }: KernelConfig): Finding {
  if (keepalive === false) return { found: NEVER, by: "nothing is sent that could be reset" };
  const found = within([part("idle", keepalive.idleMs)], "silence");
  return { found, by: "the first keepalive probe is answered by a reset" };
}

export const KERNEL_ANSWERS: Finding = {
  found: NEVER,
  by: "the peer's kernel goes on answering",
};
export const KERNEL_TOLD: Finding = { found: AT_ONCE, by: "it is the kernel that is told" };

function probesUntil(userTimeoutMs: number, { idleMs, intervalMs }: KeepaliveConfig): number {
  return Math.max(1, Math.ceil((userTimeoutMs - idleMs) / intervalMs));
}
