/** What is known of one kind of box between two ends that ends, or forgets, connections. */

export interface Middlebox {
  /** Words with dashes between; each of the words selects the box, too. */
  readonly id: string;
  readonly name: string;
  readonly kind: "firewall" | "load balancer" | "NAT" | "platform" | "proxy" | "router";
  /** What it can carry: a proxy for HTTP carries WebSocket and no plain TCP. */
  readonly carries: "TCP" | "WebSocket" | "both";
  /** After how long a silence, by default; false: never for silence. */
  readonly idleMs: number | false;
  /** To what it can be set. */
  readonly range: string;
  readonly atEnd: AtEnd;
  readonly counts: Counts;
  /** Title and section of what says so. */
  readonly source: string;
  /** Of the publication; of the reading, where the publication has no date. */
  readonly year: number;
  readonly certainty: Certainty;
  readonly note?: string;
}

/**
 * How the ends learn of it: not at all, by a reset when the next packet comes, by a reset or a
 * close at once.
 */
export type AtEnd =
  | "closes both sides"
  | "drops silently"
  | "nothing"
  | "not known"
  | "resets both sides"
  | "resets the next packet";

/**
 * What restarts its clock. TCP keepalive is packets without payload. "payload each way": silence in
 * either direction is too much.
 */
export type Counts =
  | "any packet"
  | "not known"
  | "payload"
  | "payload each way"
  | "payload from the server";

/** How the figure is known: from whoever makes it, from its code, or from others' reports. */
export type Certainty = "documented" | "second hand" | "source code";

export const SECOND_MS = 1_000;
export const MINUTE_MS: number = 60 * SECOND_MS;
export const HOUR_MS: number = 60 * MINUTE_MS;
export const DAY_MS: number = 24 * HOUR_MS;
