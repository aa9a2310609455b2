/**
 * What the profiles say to the processes they start, and what these answer, over Node's own channel
 * between parent and child. Big results travel as files, whose paths are part of the order.
 */

/** How the profiled server is to be started. */
export interface ServerSettings {
  readonly engine: "auto" | "public" | "shared" | "lean";
  /** The ping budget; false for profiles that beat faster than any budget allows. */
  readonly pingIntervalMsMin: number | false;
}

export interface ClientSettings {
  readonly port: number;
  readonly dialect: ClientDialect;
}

export type ClientDialect = "line" | "frame";

export type ServerOrder =
  /** Collects garbage, several times, then reads the memory in use. */
  | { readonly do: "collect" }
  | { readonly do: "snapshot"; readonly file: string }
  | { readonly do: "start-allocation"; readonly intervalBytes: number }
  | { readonly do: "stop-allocation"; readonly file: string }
  /** Bytes that one look at Node's clock allocates in optimised code; answered as a number. */
  | { readonly do: "weigh-clock"; readonly intervalBytes: number }
  | { readonly do: "start-cpu"; readonly intervalUs: number }
  | { readonly do: "stop-cpu"; readonly file: string }
  /** Counts garbage collections and CPU time until "stop-watch". */
  | { readonly do: "start-watch" }
  | { readonly do: "stop-watch" };

export type ClientOrder =
  /** Until so many connections in all are open, each of which has had one answer. */
  | { readonly do: "open"; readonly count: number }
  /** Each connection beats again when it was answered, until so many answers have come in all. */
  | { readonly do: "beat"; readonly count: number }
  /** The same for a time. */
  | { readonly do: "beat-for"; readonly durationMs: number };

export interface MemoryReading {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly externalBytes: number;
  readonly arrayBufferBytes: number;
}

export interface WatchReading {
  readonly wallMs: number;
  readonly cpuUs: number;
  readonly gcMs: number;
  readonly gcCount: { readonly minor: number; readonly major: number; readonly other: number };
}

export interface BeatReading {
  readonly answers: number;
  readonly wallMs: number;
}

export interface Ask<Order> {
  readonly id: number;
  readonly order: Order;
}

export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** The answer to the order that nobody gives: said once, when the child is ready. */
export const READY_ID = 0;
