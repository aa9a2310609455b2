/** What an application sees of a guarded connection. Made when somebody looks. */
import type { Clock } from "../base/time.ts";
import type { Verdict } from "../liveness/monitor.ts";
import type { EffectiveKernelOptions } from "../transports/transport.ts";
import type { GuardedKind } from "./guard-record.ts";
import type { ConnectionTarget } from "./guard-target.ts";
import type { Guarded } from "./guarded.ts";

/** One guarded connection as it is now. Ages are in milliseconds. */
export interface GuardedInfo {
  /** Unique in its guard. */
  readonly id: string;
  /** `192.0.2.7:4711`, `[2001:db8::1]:4711`, `unix`, or `unknown` before it is connected. */
  readonly address: string;
  readonly kind: GuardedKind;
  /** When the guard took it in, in milliseconds since 1970. */
  readonly openedAtWallMs: number;
  /** Since bytes were last seen to have come; undefined when none did while it was guarded. */
  readonly heardMsAgo: number | undefined;
  /** Since the kernel was last seen to have taken bytes. */
  readonly spokeMsAgo: number | undefined;
  readonly verdict: Verdict;
  /** The last measured round trip, where the peer can be asked. */
  readonly rttMs: number | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Output that waits in this process. */
  readonly queuedBytes: number;
  /** False while the application does not read: then silence is not the peer's. */
  readonly isJudged: boolean;
  /** In force, each with its source; undefined before it is connected. */
  readonly kernel: EffectiveKernelOptions | undefined;
}

/** What events tell about; the same object each time for the same connection is not promised. */
export interface GuardedConnection {
  /** Unique in its guard. */
  readonly id: string;
  /** The socket or WebSocket itself, so that the application finds what belongs to it. */
  readonly target: ConnectionTarget;
  readonly address: string;
  /** As it is now; after the end, as it was then. */
  info(): GuardedInfo;
}

export function connectionOf(guarded: Guarded, clock: Clock): GuardedConnection {
  return {
    id: idOf(guarded),
    target: guarded.target,
    address: guarded.remote,
    info: () => infoOf(guarded, clock),
  };
}

export function idOf({ number }: Guarded): string {
  return String(number);
}

export function infoOf(guarded: Guarded, clock: Clock): GuardedInfo {
  const { heardMsAgo, spokeMsAgo, verdict, rttMs, bytesIn, bytesOut, queuedBytes, isJudged } =
    guarded.evidence(clock.now());
  return {
    id: idOf(guarded),
    address: guarded.remote,
    kind: guarded.kind,
    openedAtWallMs: guarded.openedAtWallMs,
    heardMsAgo,
    spokeMsAgo,
    verdict,
    rttMs,
    bytesIn,
    bytesOut,
    queuedBytes,
    isJudged,
    kernel: guarded.kernelOptions(),
  };
}
