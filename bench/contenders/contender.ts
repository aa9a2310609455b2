/**
 * What the bench needs to know of a server to measure it: how to start it, what to say to it, and
 * which of the figures make sense for it.
 *
 * A contender is data. Starting, pinning, asking and ending it is the business of
 * ../run/server-process.ts, and the same for all.
 */

/** What the load generator speaks; the names are those of its `--protocol` flag. */
export type Protocol =
  | "line"
  | "frame"
  | "websocket"
  | "websocket-line"
  | "socketio"
  | "mqtt"
  | "nats";

/**
 * How a server is to behave in one measurement.
 *
 * - `answering`: answers each beat. Everything but the two below is measured so.
 * - `silent`: takes beats and answers none.
 * - `beating`: beats by itself, every `beatIntervalMs`, and its clients answer.
 */
export type Variant =
  | { readonly kind: "answering" }
  | { readonly kind: "silent" }
  | { readonly kind: "beating"; readonly beatIntervalMs: number };

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * How it tells that it is ready.
 *
 * - `tells`: it chooses a port, writes `{"event":"ready","port":N}` as a line on stdout, reads
 *   orders from stdin, and exits when stdin ends. Those in JavaScript are told what server-life.ts
 *   knows, the others `gc` only: frees what it can, then writes `{"event":"gc"}`.
 * - `connects`: it is given a port, and is ready when that can be connected to. It knows no orders
 *   and is ended by SIGTERM.
 */
export type Readiness = "tells" | "connects";

export interface Contender {
  /** Kebab-case, unique: the name in JSON and on the command line. */
  readonly id: string;
  /** For tables: what a reader would call it, runtime included. */
  readonly title: string;
  readonly group: "holdfast" | "reference" | "peer";
  readonly protocol: Protocol;
  readonly readiness: Readiness;
  /** It is written in JavaScript, and tells by how much a burst of pings delays its timers. */
  readonly hasTimers?: boolean | undefined;
  /** Which variants it has; each figure needs one of them. */
  readonly variants: readonly Variant["kind"][];
  /** Whether its clients can send messages that come back, and one that goes to all. */
  readonly hasMessages: boolean;
  /**
   * How many may be opening at a time, where a server's queue is shorter than what all others are
   * given: beyond it a storm would measure how often the kernel repeats a SYN.
   */
  readonly handshakesMax?: number | undefined;
  /** One sentence for a note under the table, where something must be known to read its row. */
  readonly note?: string | undefined;
  /** What runs it: `v20.20.2`, `go1.19.8`, `2.0.11`. */
  readonly version: string;
  /** `port` is 0 for one that tells its own. `folder` is an empty one, for files of this run. */
  command(variant: Variant, port: number, folder: string): Command;
}

/** A contender that cannot run here, and why: named in the output, never left out in silence. */
export interface Missing {
  readonly id: string;
  readonly title: string;
  readonly why: string;
}
