/** What travels between kernels, and the connection that it belongs to. */
import type { SimHost } from "./sim-host.ts";
import type { EndOfFlow, Side } from "./sim-event.ts";

export interface Packet {
  /** `segment` carries bytes, a FIN, or nothing but an acknowledgement. */
  readonly what: "syn" | "syn-ack" | "segment" | "reset";
  /** Position of the first byte in its direction; a FIN takes one position after the last byte. */
  readonly seq: number;
  readonly bytes: Uint8Array;
  readonly fin: boolean;
  /** All before this position has arrived at the sender of this packet. */
  readonly ack: number;
  /** How many bytes more the sender of this packet has room for. */
  readonly windowBytes: number;
  /** Wants an acknowledgement although it carries nothing: a probe. */
  readonly asks: boolean;
  /** The sender's kernel time, which the acknowledgement gives back (RFC 7323). */
  readonly stampMs: number;
  /** The stamp of the packet that is acknowledged; negative for none. */
  readonly echoMs: number;
  /** True time at which the bytes could have gone out first; for the ground truth only. */
  readonly triedAtMs: number;
}

const NO_PAYLOAD = new Uint8Array(0);

/** A packet without payload; the rest as given. */
export function barePacket(
  what: Packet["what"],
  given: Partial<Omit<Packet, "what" | "bytes">> = {},
): Packet {
  return {
    what,
    seq: 0,
    bytes: NO_PAYLOAD,
    fin: false,
    ack: 0,
    windowBytes: 0,
    asks: false,
    stampMs: 0,
    echoMs: -1,
    triedAtMs: 0,
    ...given,
  };
}

/** Where an end stood when the connection was made. */
interface FlowPlace {
  readonly host: SimHost;
  /** Which network the host was in: in another one nothing of this flow reaches it. */
  readonly networkNumber: number;
  readonly ip: string;
}

/** One TCP connection: two hosts and a number. */
export class Flow {
  readonly number: number;
  readonly client: FlowPlace;
  readonly server: FlowPlace;
  /** No packet overtakes an earlier one of its direction: the last arrivals, by side of arrival. */
  readonly lastArrivalMs: Record<Side, number> = { client: 0, server: 0 };

  constructor(number: number, client: SimHost, server: SimHost) {
    this.number = number;
    this.client = placeOf(client);
    this.server = placeOf(server);
  }

  place(side: Side): FlowPlace {
    return side === "client" ? this.client : this.server;
  }

  end(side: Side): EndOfFlow {
    return { flow: this.number, side, host: this.place(side).host.name };
  }

  /** Whether neither kernel knows it any more. */
  get isForgotten(): boolean {
    return !this.client.host.knows(this, "client") && !this.server.host.knows(this, "server");
  }
}

function placeOf(host: SimHost): FlowPlace {
  const { networkNumber, ip } = host.path;
  return { host, networkNumber, ip };
}

export function otherSide(side: Side): Side {
  return side === "client" ? "server" : "client";
}
