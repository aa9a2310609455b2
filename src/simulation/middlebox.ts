/**
 * A NAT, a firewall or a load balancer between a host and the core: it remembers flows, and forgets
 * those that are idle for too long.
 *
 * What it forgot stays forgotten, also when the box is taken away later: no packet brings it back.
 */
import { barePacket, type Flow, type Packet } from "./packet.ts";
import type { FaultKind, Side } from "./sim-event.ts";

export type Expiry =
  /** Says nothing, and drops what comes. */
  | "silent"
  /** Says nothing, and answers the next packet with RST. */
  | "reset-on-packet"
  /** Tells both ends by RST. */
  | "reset"
  /** Tells both ends by FIN, as a proxy does. */
  | "finish";

export interface MiddleboxConfig {
  readonly timeoutMs: number;
  /** Idle flows are found by a sweep this often, so they live up to so much longer; 0 for none. */
  readonly sweepMs: number;
  readonly expiry: Expiry;
  /** Which packets count as use: some boxes count only what comes from inside. */
  readonly refreshes: "both" | "outbound";
}

const HOW: Readonly<Record<Expiry, FaultKind>> = {
  silent: "mapping-lost-silent",
  "reset-on-packet": "mapping-lost-reset",
  reset: "expired-reset",
  finish: "expired-finish",
};

export interface MiddleboxSurroundings {
  readonly nowMs: () => number;
  readonly setTimer: (atMs: number, run: () => void) => void;
  readonly tellLost: (flow: Flow, how: FaultKind) => void;
  /** Hands a packet to one of the two hosts, as if the other one had sent it. */
  readonly forge: (flow: Flow, to: Side, packet: Packet) => void;
  readonly forgeFin: (flow: Flow, to: Side) => void;
}

interface Mapping {
  readonly flow: Flow;
  refreshedAtMs: number;
}

export class Middlebox {
  readonly #around: MiddleboxSurroundings;
  #config: MiddleboxConfig | undefined;
  /** Grows with each configuration: timers of an older one do nothing. */
  #configNumber = 0;
  readonly #mappings = new Map<number, Mapping>();
  readonly #lost = new Map<number, Expiry>();

  constructor(around: MiddleboxSurroundings) {
    this.#around = around;
  }

  get config(): MiddleboxConfig | undefined {
    return this.#config;
  }

  /** Flows that are known already count as used just now. */
  set config(config: MiddleboxConfig | undefined) {
    this.#config = config;
    this.#configNumber += 1;
    const nowMs = this.#around.nowMs();
    for (const mapping of this.#mappings.values()) {
      mapping.refreshedAtMs = nowMs;
      this.#watch(mapping);
    }
  }

  /** Forgets everything at once, as a box that restarts does. */
  loseAll(expiry: Expiry): void {
    for (const { flow } of [...this.#mappings.values()]) this.#lose(flow, expiry);
  }

  /** Whether the packet passes. `from`: the side that sent it. */
  passes(flow: Flow, from: Side, outbound: boolean, packet: Packet): boolean {
    const lost = this.#lost.get(flow.number);
    if (lost !== undefined) {
      this.#refuse(lost, flow, from, packet);
      return false;
    }
    const mapping = this.#mappings.get(flow.number);
    if (packet.what === "reset") {
      this.#mappings.delete(flow.number);
      return true;
    }
    if (mapping === undefined) {
      const fresh = { flow, refreshedAtMs: this.#around.nowMs() };
      this.#mappings.set(flow.number, fresh);
      this.#watch(fresh);
    } else if (outbound || this.#config?.refreshes !== "outbound") {
      mapping.refreshedAtMs = this.#around.nowMs();
    }
    return true;
  }

  #watch(mapping: Mapping): void {
    const config = this.#config;
    if (config === undefined) return;
    const number = this.#configNumber;
    const idleAtMs = mapping.refreshedAtMs + config.timeoutMs;
    const atMs =
      config.sweepMs === 0 ? idleAtMs : Math.ceil(idleAtMs / config.sweepMs) * config.sweepMs;
    this.#around.setTimer(atMs, () => {
      const { flow } = mapping;
      if (number !== this.#configNumber || this.#mappings.get(flow.number) !== mapping) return;
      if (flow.isForgotten) this.#mappings.delete(flow.number);
      else if (this.#around.nowMs() - mapping.refreshedAtMs < config.timeoutMs)
        this.#watch(mapping);
      else this.#lose(flow, config.expiry);
    });
  }

  #lose(flow: Flow, expiry: Expiry): void {
    this.#mappings.delete(flow.number);
    if (flow.isForgotten) return;
    this.#lost.set(flow.number, expiry);
    this.#around.tellLost(flow, HOW[expiry]);
    for (const to of ["client", "server"] as const) {
      if (expiry === "reset") this.#around.forge(flow, to, barePacket("reset"));
      if (expiry === "finish") this.#around.forgeFin(flow, to);
    }
  }

  #refuse(expiry: Expiry, flow: Flow, from: Side, packet: Packet): void {
    if (packet.what === "reset" || expiry === "silent") return;
    const isMere = packet.bytes.length === 0 && !packet.asks;
    if (expiry !== "finish") this.#around.forge(flow, from, barePacket("reset"));
    // A proxy that has closed takes the goodbye, and nothing else.
    else if (isMere && packet.fin) this.#acknowledgeFin(flow, from, packet);
    else if (!isMere) this.#around.forge(flow, from, barePacket("reset"));
  }

  #acknowledgeFin(flow: Flow, from: Side, packet: Packet): void {
    const { host } = flow.place(from);
    const seq = host.heardUpTo(flow, from);
    const answer = { seq, ack: packet.seq + 1, windowBytes: 65_536, echoMs: packet.stampMs };
    this.#around.forge(flow, from, barePacket("segment", answer));
  }
}
