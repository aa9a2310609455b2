/**
 * The figures: what is measured of a server, in which unit, and which way is better.
 *
 * The ids stand in the JSON of a run, so a changed meaning needs a new id.
 */

interface FigureFacts {
  /** The head of a column. */
  readonly title: string;
  /** The unit of the value as it stands in the JSON. */
  readonly unit: "bytes" | "us" | "ms" | "per second" | "share of a core";
  readonly better: "lower" | "higher";
  /** One sentence: what was done to get it. */
  readonly how: string;
}

export const FIGURES = {
  memoryPerConnection: {
    title: "memory per idle connection",
    unit: "bytes",
    better: "lower",
    how: "resident memory after a collection, as a slope between few and many connections",
  },
  beatsPerSecond: {
    title: "heartbeats per second",
    unit: "per second",
    better: "higher",
    how: "closed loop over all connections, the server's core saturated",
  },
  answerP50: {
    title: "answer p50, saturated",
    unit: "us",
    better: "lower",
    how: "from ping to answer in the same closed loop, with a fixed number under way",
  },
  answerP99: {
    title: "answer p99, saturated",
    unit: "us",
    better: "lower",
    how: "the same, for the slowest one in a hundred",
  },
  cpuPerBeat: {
    title: "CPU per heartbeat",
    unit: "us",
    better: "lower",
    how: "user and system time of the server for a ping and its answer, at a fixed rate",
  },
  cpuPerOneWayBeat: {
    title: "CPU per one-way beat",
    unit: "us",
    better: "lower",
    how: "the same for beats that are not answered",
  },
  cpuPerServerBeat: {
    title: "CPU per beat of the server",
    unit: "us",
    better: "lower",
    how: "the same for a server that pings its clients and hears their answers",
  },
  acceptsPerSecond: {
    title: "accepts per second",
    unit: "per second",
    better: "higher",
    how: "a storm of newcomers; one counts once the server has answered its first words",
  },
  idleCpuShare: {
    title: "CPU while idle",
    unit: "share of a core",
    better: "lower",
    how: "while nobody says anything but what the protocol demands; several servers idle together",
  },
  burstLateness: {
    title: "timers late in a burst",
    unit: "ms",
    better: "lower",
    how: "the largest lateness of a timer of 1 ms while a ping of each connection waits at once",
  },
  echo64PerSecond: {
    title: "echoes of 64 B per second",
    unit: "per second",
    better: "higher",
    how: "closed loop of messages that come back, the server's core saturated",
  },
  echo1024PerSecond: {
    title: "echoes of 1 KB per second",
    unit: "per second",
    better: "higher",
    how: "the same with longer messages",
  },
  broadcastPerSecond: {
    title: "broadcast deliveries per second",
    unit: "per second",
    better: "higher",
    how: "one message to all, the next once all have it",
  },
  memoryAfter: {
    title: "memory kept after all left",
    unit: "bytes",
    better: "lower",
    how: "resident memory after the last one left and a collection, less what it was at the start",
  },
} as const;

export type FigureId = keyof typeof FIGURES;

export const FIGURE_IDS: readonly FigureId[] = Object.keys(FIGURES) as FigureId[];

export function factsOf(id: FigureId): FigureFacts {
  return FIGURES[id];
}

/**
 * What is measured in short slices, server against server in turn, where small differences matter.
 * They are computed from CPU time, so a core that was lent away for a moment does not show.
 */
export const DUEL_FIGURES = {
  beats: {
    title: "heartbeats",
    unit: "per second",
    better: "higher",
    how: "line dialect, closed loop, per second of the server's CPU time",
  },
  frameBeats: {
    title: "frame heartbeats",
    unit: "per second",
    better: "higher",
    how: "frame dialect, closed loop, per second of the server's CPU time",
  },
  steadyBeats: {
    title: "heartbeats at a fixed rate",
    unit: "per second",
    better: "higher",
    how: "line dialect at a moderate rate, per second of the server's CPU time",
  },
  echo: {
    title: "echoes of 64 B",
    unit: "per second",
    better: "higher",
    how: "line dialect, closed loop, per second of the server's CPU time",
  },
  churn: {
    title: "whole lives",
    unit: "per second",
    better: "higher",
    how: "connect, beat once, close; per second of the server's CPU time",
  },
  memory: {
    title: "memory per connection",
    unit: "bytes",
    better: "lower",
    how: "resident memory as a slope, once for each start",
  },
} as const;

export type DuelFigureId = keyof typeof DUEL_FIGURES;

export const DUEL_FIGURE_IDS: readonly DuelFigureId[] = Object.keys(DUEL_FIGURES) as DuelFigureId[];
