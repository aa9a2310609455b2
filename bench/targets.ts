/**
 * The figures that Holdfast is to reach, and what is measured to tell whether it does.
 *
 * A target is data: report/target-verdicts.ts takes its figure out of a run, and the page shows
 * each beside what was found, misses included. `must` is what a release has to reach, `stretch`
 * what would be better. Ids of contenders name an engine and a runtime, so that nothing else can
 * stand in for them.
 */
import type { DuelFigureId, FigureId } from "./figures.ts";

/** Where in a run the figure of a target is. */
export type TargetSource =
  /** A figure of one contender, in the unit of the target. */
  | { readonly kind: "figure"; readonly figure: FigureId; readonly of: string }
  /** The same divided by that of another, round by round. */
  | { readonly kind: "ratio"; readonly figure: FigureId; readonly of: string; readonly to: string }
  /** What all features cost on an engine, as a share of what it does bare. */
  | { readonly kind: "engine cost"; readonly of: string }
  /** What one feature costs, as a share of what the server does without it. */
  | { readonly kind: "feature cost"; readonly of: string; readonly figure: DuelFigureId }
  | { readonly kind: "watching" }
  /** Bytes per beat in files of ours. */
  | { readonly kind: "allocation"; readonly of: string };

/** In which unit `must` and `stretch` are told; shares are told in percent. */
export type TargetUnit = "ratio" | "share" | "kilobytes" | "bytes" | "ms";

export interface Target {
  readonly title: string;
  readonly source: TargetSource;
  readonly unit: TargetUnit;
  readonly better: "higher" | "lower";
  readonly must: number;
  /** Undefined where there is nothing more to want. */
  readonly stretch?: number | undefined;
}

const DEFAULT = "holdfast-shared-node20";
const LEAN = "holdfast-lean-node20";
const BUN = "holdfast-bun";
const WEB_SOCKET = "holdfast-ws-node20";
const C = "c-epoll";
const WS = "ws-node20";

const ENGINES = [
  ["default engine, Node 20", DEFAULT, "shared-node20"],
  ["lean engine, Node 20", LEAN, "lean-node20"],
  ["native engine, Bun", BUN, "bun"],
] as const;

type Bounds = readonly [must: number, stretch?: number];

/** In the order of the engines; a shorter one leaves out those at its end. */
type ByEngine = readonly [Bounds?, Bounds?, Bounds?];

export const TARGETS: readonly Target[] = [
  ahead("Go", "go"),
  ahead("mosquitto", "mosquitto"),
  ahead("nats-server", "nats-server"),
  ahead("net by hand", "net-node20"),
  ahead("ws", WS),
  ...byEngine(
    [
      [0.7, 0.76],
      [0.8, 0.85],
      [0.84, 0.9],
    ],
    (engine, of) => ({
      title: `heartbeats per second to C, ${engine}`,
      source: { kind: "ratio", figure: "beatsPerSecond", of, to: C },
      unit: "ratio",
      better: "higher",
    }),
  ),
  ...byEngine(
    [
      [1.5, 1.4],
      [1.35, 1.28],
      [1.3, 1.22],
    ],
    (engine, of) => ({
      title: `CPU per heartbeat to C, ${engine}`,
      source: { kind: "ratio", figure: "cpuPerBeat", of, to: C },
      unit: "ratio",
      better: "lower",
    }),
  ),
  ...byEngine(
    [
      [3.4, 3.0],
      [1.3, 1.0],
      [1.2, 0.9],
    ],
    (engine, of) => ({
      title: `memory per idle connection, ${engine}`,
      source: { kind: "figure", figure: "memoryPerConnection", of },
      unit: "kilobytes",
      better: "lower",
    }),
  ),
  ...byEngine(
    [
      [0.08, 0.03],
      [0.08, 0.03],
      [0.08, 0.03],
    ],
    (engine, _, of) => ({
      title: `what all features cost, ${engine}`,
      source: { kind: "engine cost", of },
      unit: "share",
      better: "lower",
    }),
  ),
  ...features("heartbeats", "beats"),
  ...features("whole lives", "churn"),
  ...byEngine(
    [
      [0.9, 1],
      [0.9, 1],
      [0.9, 1],
    ],
    (engine, of) => ({
      title: `storm of accepts to C, ${engine}`,
      source: { kind: "ratio", figure: "acceptsPerSecond", of, to: C },
      unit: "ratio",
      better: "higher",
    }),
  ),
  ...byEngine([[50], [50], [50]], burstOf),
  // Whoever does not rest, and whoever is read by node:net, must not hold others up, either.
  burstAt("frames, default engine, Node 20", "holdfast-frame-node20"),
  burstAt("WebSockets, Node 20", WEB_SOCKET),
  burstAt("WebSockets with text pings, Node 20", "holdfast-wsline-node20"),
  burstAt("public engine, Node 20", "holdfast-public-node20"),
  {
    title: "watching 1,000,000 slots, share of a core",
    source: { kind: "watching" },
    unit: "share",
    better: "lower",
    must: 0.002,
    stretch: 0.001,
  },
  // Below a byte there is nothing that sampling could tell from nothing.
  ...byEngine([[1], [1]], (engine, _, of) => ({
    title: `allocated per beat in our files, ${engine}`,
    source: { kind: "allocation", of },
    unit: "bytes",
    better: "lower",
  })),
  {
    title: "heartbeats per second as a WebSocket server, to ws",
    source: { kind: "ratio", figure: "beatsPerSecond", of: WEB_SOCKET, to: WS },
    unit: "ratio",
    better: "higher",
    must: 1,
    stretch: 1.3,
  },
  {
    title: "memory per idle connection as a WebSocket server, to ws",
    source: { kind: "ratio", figure: "memoryPerConnection", of: WEB_SOCKET, to: WS },
    unit: "ratio",
    better: "lower",
    must: 1.1,
    stretch: 1,
  },
];

function burstOf(title: string, of: string): Omit<Target, "must" | "stretch"> {
  return {
    title: `timers late in a burst, ${title}`,
    source: { kind: "figure", figure: "burstLateness", of },
    unit: "ms",
    better: "lower",
  };
}

function burstAt(title: string, of: string): Target {
  return { ...burstOf(title, of), must: 50 };
}

function ahead(name: string, to: string): Target {
  return {
    title: `heartbeats per second to ${name}, default engine, Node 20`,
    source: { kind: "ratio", figure: "beatsPerSecond", of: DEFAULT, to },
    unit: "ratio",
    better: "higher",
    must: 1,
  };
}

type Shape = Omit<Target, "must" | "stretch">;

/** One for each engine that has amounts; `costs` is its name where costs and profiles are kept. */
function byEngine(
  amounts: ByEngine,
  make: (engine: string, contender: string, costs: string) => Shape,
): Target[] {
  return ENGINES.flatMap(([engine, contender, costs], index) => {
    const [must, stretch] = amounts[index] ?? [];
    return must === undefined ? [] : [{ ...make(engine, contender, costs), must, stretch }];
  });
}

function features(what: string, figure: DuelFigureId): Target[] {
  const all = [
    ["the ping budget", "no-budget"],
    ["limits", "no-limits"],
    ["end records", "no-records"],
    ["observers", "no-observation"],
  ] as const;
  return all.map(([feature, of]) => ({
    title: `${feature} alone, ${what}`,
    source: { kind: "feature cost", of, figure },
    unit: "share",
    better: "lower",
    must: 0.05,
    stretch: 0.02,
  }));
}
