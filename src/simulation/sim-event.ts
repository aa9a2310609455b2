/**
 * What happens in a simulated world, told as it happens.
 *
 * Checkers judge by these events alone and by what was configured, never by what the product says
 * of itself, except where its word is what is judged (statuses, end records). The trace hash is
 * taken over them, so they carry plain values in a fixed order, and nothing that depends on the
 * engine. All times are true simulated milliseconds, whatever the clocks of the hosts say.
 */
import type { LinkEndRecord, LinkStatus } from "../client/status.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Phase } from "../connection/phases.ts";
import type { Verdict } from "../liveness/monitor.ts";

/** One TCP connection has two ends; the client end is the one that dialled. */
export type Side = "client" | "server";

/** One end of one TCP connection. Flows are numbered from 1 in order of dialling. */
export interface EndOfFlow {
  readonly flow: number;
  readonly side: Side;
  /** The host of this end. */
  readonly host: string;
}

export const FAULT_KINDS = [
  // The path.
  "outage", // Nothing passes, either way, for a while.
  "one-way-loss", // Nothing passes in one direction.
  "partition", // An outage of many clients at once.
  "packet-loss", // Some packets are lost; TCP sends them again.
  "bufferbloat", // The delay grows to seconds.
  "jitter",
  // The middle.
  "mapping-lost-silent", // A NAT forgot an idle flow, and says nothing.
  "mapping-lost-reset", // ... and answers the next packet with RST.
  "expired-reset", // A load balancer ends an idle flow by RST to both,
  "expired-finish", // ... or by FIN to both.
  "network-switch", // The client has another address; old flows are dead, nobody is told.
  // Processes and machines.
  "stall", // A process runs nothing for a while; its kernel goes on.
  "late-alarms", // Its timers ring late.
  "freeze", // A process is stopped for long; its kernel goes on.
  "suspend", // The whole machine sleeps.
  "wall-step", // Somebody sets the wall clock.
  "process-crash", // The kernel resets what the process had.
  "host-crash", // Silence; what arrives after the reboot is answered with RST.
  "server-restart", // A process-crash or an orderly end, then a server of a new epoch.
  "drain", // server.close(): GOAWAY, then the end, then a new server.
  "overload", // The server admits nobody for a while, or too few.
  "slow-reader", // An application does not read for a while.
  "vanish", // The peer is gone for good: host down, never to return.
  // Peers that misbehave.
  "flood", // Pings far above the budget.
  "junk", // Bytes that are no protocol.
  "mute-peer", // Connects and says nothing.
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export type SimEvent =
  // From the world: what is done to it. `hosts` are the client or server hosts concerned.
  | {
      readonly what: "fault";
      readonly atMs: number;
      readonly id: number;
      readonly kind: FaultKind;
      readonly hosts: readonly string[];
    }
  | { readonly what: "fault-over"; readonly atMs: number; readonly id: number }
  /** No fault will be begun from here on, and all are over that can be. */
  | { readonly what: "healed"; readonly atMs: number }
  // From the kernels.
  | ({ readonly what: "flow-open"; readonly atMs: number } & EndOfFlow)
  /** Bytes reached the kernel of this end, and wait to be read. */
  | ({ readonly what: "arrived"; readonly atMs: number; readonly bytes: number } & EndOfFlow)
  /** Bytes were handed to the process of this end. */
  | ({ readonly what: "read"; readonly atMs: number; readonly bytes: number } & EndOfFlow)
  /** A browser handed a whole message to its page, which hears nothing of parts; 0: it opened. */
  | ({ readonly what: "handed"; readonly atMs: number; readonly bytes: number } & EndOfFlow)
  /** The process of this end wrote; a copy of the bytes. `taken`: the kernel took all at once. */
  | ({
      readonly what: "wrote";
      readonly atMs: number;
      readonly bytes: Uint8Array;
      readonly taken: boolean;
    } & EndOfFlow)
  /** The other kernel acknowledged: so many bytes written by this end are not acknowledged yet. */
  | ({ readonly what: "acked"; readonly atMs: number; readonly unackedBytes: number } & EndOfFlow)
  /** Bytes needed longer than a second from the first try to send them until they arrived. */
  | ({ readonly what: "late-bytes"; readonly atMs: number; readonly tookMs: number } & EndOfFlow)
  /** A middlebox forgot this flow, or ended it. */
  | {
      readonly what: "flow-lost";
      readonly atMs: number;
      readonly flow: number;
      readonly how: FaultKind;
    }
  /** This end is gone: how its process let it go, or what it was told. */
  | ({
      readonly what: "flow-closed";
      readonly atMs: number;
      readonly how: "reset-here" | "reset-by-peer" | "closed" | "kernel-timeout" | "process-gone";
      /** Bytes of this end's kernel buffers, both directions, that were given up. */
      readonly bytesLeft: number;
    } & EndOfFlow)
  // From the machines, watched from outside.
  | ({
      readonly what: "phase";
      readonly atMs: number;
      readonly from: Phase;
      readonly to: Phase;
    } & EndOfFlow)
  | ({
      readonly what: "verdict";
      readonly atMs: number;
      readonly verdict: Verdict;
      readonly was: Verdict;
    } & EndOfFlow)
  /** The end of a connection that one of our machines kept. */
  | ({ readonly what: "end"; readonly atMs: number; readonly record: EndRecord } & EndOfFlow)
  // From the links.
  | {
      readonly what: "status";
      readonly atMs: number;
      readonly link: string;
      readonly status: LinkStatus;
    }
  | {
      readonly what: "link-end";
      readonly atMs: number;
      readonly link: string;
      readonly record: LinkEndRecord;
    }
  // From the applications: `from` and `to` name a link, or a flow of the server as "flow-7".
  | {
      readonly what: "sent";
      readonly atMs: number;
      readonly by: string;
      readonly flow: number | undefined;
      readonly message: string;
    }
  | {
      readonly what: "received";
      readonly atMs: number;
      readonly by: string;
      readonly flow: number | undefined;
      readonly message: string;
    }
  | {
      readonly what: "undelivered";
      readonly atMs: number;
      readonly by: string;
      readonly messages: readonly string[];
    }
  /** The server observed something: a stall, a mass expiry, a rejection, a warning. */
  | {
      readonly what: "observed";
      readonly atMs: number;
      readonly host: string;
      readonly observation: string;
      readonly count: number;
    }
  /** A listener or a machine threw: always a finding. */
  | {
      readonly what: "thrown";
      readonly atMs: number;
      readonly host: string;
      readonly message: string;
    };

export type Tell = (event: SimEvent) => void;
