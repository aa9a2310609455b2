/**
 * A result for the tests of reports: invented figures, near enough to real ones to look at.
 *
 * Test support only. It has one of everything that a report must not lose: marks of each kind,
 * missing contenders, a fault, figures without a meaning for some, and text that needs escaping.
 */
import type { FigureId } from "../figures.ts";
import type {
  Allocation,
  Amounts,
  ContenderResult,
  DuelResult,
  EngineCost,
  RunResult,
  Sample,
  Watching,
} from "../results.ts";

interface Row {
  readonly id: string;
  readonly title: string;
  readonly group: ContenderResult["group"];
  readonly version: string;
  readonly note?: string;
  readonly faults?: readonly string[];
  /** 0: has no such figure. */
  readonly figures: readonly [
    beats: number,
    echoes: number,
    accepts: number,
    cpuUs: number,
    idlePercent: number,
    kilobytes: number,
  ];
  /** Of the server and of the load generator, while saturated. */
  readonly shares?: readonly [server: number, load: number];
  /** How far the third round was from the others, all figures alike. */
  readonly wobble?: number;
}

const NODE20 = "v20.20.2";
const NODE26 = "v26.4.0";

const ROWS: readonly Row[] = [
  {
    id: "holdfast-shared-node20",
    title: "Holdfast, shared engine, Node 20",
    group: "holdfast",
    version: NODE20,
    figures: [128_400, 109_000, 31_200, 16.9, 0.06, 2.93],
  },
  {
    id: "holdfast-public-node20",
    title: "Holdfast, public engine, Node 20",
    group: "holdfast",
    version: NODE20,
    figures: [84_700, 71_500, 30_100, 20.4, 0.07, 3.12],
  },
  {
    id: "holdfast-frame-node20",
    title: "Holdfast, shared engine, frames, Node 20",
    group: "holdfast",
    version: NODE20,
    figures: [117_900, 96_400, 19_800, 18.3, 0.06, 3.41],
    note: "Clients speak frames, so a beat is 10 bytes and answered with 10.",
  },
  {
    id: "holdfast-shared-node26",
    title: "Holdfast, shared engine, Node 26",
    group: "holdfast",
    version: NODE26,
    figures: [127_100, 110_300, 32_400, 16.4, 0.05, 2.11],
  },
  {
    id: "c-epoll",
    title: "C, epoll",
    group: "reference",
    version: "gcc 12.2.0",
    figures: [171_300, 168_200, 32_900, 11.7, 0.01, 0.01],
    note: "The least that a kernel allows.",
    wobble: 1.06,
  },
  {
    id: "go",
    title: "Go 1.19",
    group: "reference",
    version: "go1.19.8",
    figures: [118_600, 117_100, 33_600, 22.1, 0.02, 9.5],
  },
  {
    id: "net-node20",
    title: "node:net with a timer per socket, Node 20",
    group: "peer",
    version: NODE20,
    figures: [86_700, 79_800, 26_100, 21.8, 0.55, 3.56],
    note: "What most people write by hand: `socket.setTimeout` | a listener each.",
  },
  {
    id: "net-node26",
    title: "node:net with a timer per socket, Node 26",
    group: "peer",
    version: NODE26,
    figures: [94_100, 88_000, 29_700, 18.1, 0.41, 2.61],
  },
  {
    id: "net-bun",
    title: "node:net with a timer per socket, Bun 1.3",
    group: "peer",
    version: "1.3.6",
    figures: [131_900, 127_000, 33_000, 16.8, 0.04, 1.83],
    wobble: 1.22,
  },
  {
    id: "ws-node20",
    title: "ws 8.23 <with the recipe of its manual>, Node 20",
    group: "peer",
    version: "8.23.0",
    figures: [71_600, 58_300, 9_210, 24.2, 1.12, 4.46],
    note: "Clients & server speak WebSocket, which costs a frame each way.",
  },
  {
    id: "ws-node26",
    title: "ws 8.23 <with the recipe of its manual>, Node 26",
    group: "peer",
    version: "8.23.0",
    figures: [78_800, 64_900, 10_060, 21.7, 0.93, 3.87],
  },
  {
    id: "ws-bun",
    title: "Bun.serve with WebSocket, Bun 1.3",
    group: "peer",
    version: "1.3.6",
    figures: [152_700, 149_900, 30_800, 13, 0.05, 1.06],
    shares: [0.88, 0.99],
  },
  {
    id: "socketio-node20",
    title: "socket.io 4.8, Node 20",
    group: "peer",
    version: "4.8.4",
    figures: [0, 31_500, 4_210, 0, 2.76, 12.09],
    note: "Only the server beats.",
    faults: ["round 2: exited with code 1 | <out of memory>"],
  },
  {
    id: "socketio-node26",
    title: "socket.io 4.8, Node 26",
    group: "peer",
    version: "4.8.4",
    figures: [0, 34_100, 4_620, 0, 2.31, 10.2],
  },
  {
    id: "mosquitto",
    title: "mosquitto 2.0.11",
    group: "peer",
    version: "2.0.11",
    figures: [114_600, 88_300, 26_500, 15.5, 0.08, 0.72],
  },
  {
    id: "nats-server",
    title: "nats-server 2.9.10",
    group: "peer",
    version: "2.9.10",
    figures: [84_200, 74_700, 12_400, 24.5, 0.04, 19.05],
    note: "Uses more than one core if it is given more.",
    shares: [0.83, 0.57],
  },
];

const AMOUNTS: Amounts = {
  rounds: 3,
  slopeFrom: 2_000,
  slopeTo: 18_000,
  stormConnections: 15_000,
  idleConnections: 15_000,
  idleSeconds: 10,
  idleWindows: 3,
  beatRate: 20_000,
  beatSeconds: 5,
  saturateWindow: 256,
  saturateSeconds: 5,
  echoSeconds: 5,
  broadcastConnections: 1_000,
  broadcastSeconds: 5,
  featureConnections: 2_000,
  featureStarts: 4,
  featureSlices: 20,
  featureSliceSeconds: 1,
  burstCount: 3,
  bareStarts: 3,
};

const FEATURES: readonly DuelResult[] = [
  { id: "all", title: "all features", ratios: { beats: [1, 1, 1, 1], churn: [1, 1, 1, 1] } },
  {
    id: "twin",
    title: "all features, once more",
    ratios: { beats: [0.994, 1.006, 1.012, 0.999], churn: [0.97, 1.02, 1.03, 0.99] },
  },
  {
    id: "no-records",
    title: "without end records kept",
    ratios: { beats: [1.001, 0.998, 1.004, 1], churn: [1.06, 1.08, 1.05, 1.09] },
  },
  {
    id: "no-budget",
    title: "without the ping budget",
    ratios: { beats: [1.021, 1.019, 1.03, 1.024], echo: [0.98, 1.01, 1.02, 1] },
  },
];

const ENGINE_COSTS: readonly EngineCost[] = [
  {
    id: "shared-node20",
    title: "shared engine, Node 20",
    duels: [
      { id: "holdfast", title: "Holdfast", ratios: { beats: [1, 1, 1] } },
      { id: "twin", title: "Holdfast, once more", ratios: { beats: [0.99, 1.01, 1.002] } },
      { id: "bare", title: "the engine, bare", ratios: { beats: [1.25, 1.2, 1.3] } },
    ],
  },
];

const WATCHING: Watching = {
  slots: 1_000_000,
  beatsPerSecond: 33_333,
  samples: [0.0014, 0.0015, 0.0017].map((value, round) => ({ round, value })),
  controlSamples: [0.0021, 0.0022, 0.002].map((value, round) => ({ round, value })),
};

const ALLOCATIONS: readonly Allocation[] = [
  {
    id: "shared-node20",
    title: "shared engine, Node 20",
    beats: 100_000,
    bytesPerBeat: 300,
    ownBytesPerBeat: 40.25,
    sites: [
      { name: "onPing", where: "src/a.ts:7", origin: "ours", bytesPerBeat: 40.25 },
      { name: "writeOrBuffer", where: "node:internal/w:5", origin: "node", bytesPerBeat: 211 },
      { name: "(V8 API)", where: "", origin: "native", bytesPerBeat: 9 },
    ],
  },
];

export const SAMPLE_RESULT: RunResult = {
  format: 1,
  mode: "full",
  startedAt: "2026-03-01T10:00:12.345Z",
  endedAt: "2026-03-01T11:24:50.000Z",
  commit: "0123abc+",
  machine: {
    cpu: "AMD EPYC 7763 64-Core Processor",
    cores: 2,
    memoryBytes: 16 * 1024 ** 3,
    kernel: "Linux 6.18.0",
    node: "v20.20.2",
    pinned: { server: 0, load: "1" },
  },
  amounts: AMOUNTS,
  contenders: ROWS.map(contenderOf),
  missing: [
    { id: "deno", title: "Deno 2", why: "`deno` is not installed" },
    { id: "c-io-uring", title: "C, io_uring", why: "the kernel forbids io_uring here" },
  ],
  features: FEATURES,
  engineCosts: ENGINE_COSTS,
  watching: WATCHING,
  allocations: ALLOCATIONS,
};

function contenderOf(row: Row): ContenderResult {
  const { id, title, group, version, note, faults = [], shares = [0.985, 0.71] } = row;
  const [beats, echoes, accepts, cpuUs, idlePercent, kilobytes] = row.figures;
  const [serverShare, loadShare] = shares;
  const saturated = { serverShare, loadShare };
  const samples: [FigureId, Sample[]][] = [
    ["memoryPerConnection", samplesOf(row, kilobytes * 1024, 0.2)],
    ["beatsPerSecond", samplesOf(row, beats, 1, saturated)],
    ["answerP50", samplesOf(row, beats && 2.5e8 / beats, -1)],
    ["answerP99", samplesOf(row, beats && 4.1e8 / beats, -1.5)],
    ["cpuPerBeat", samplesOf(row, cpuUs, -0.5)],
    ["cpuPerOneWayBeat", samplesOf(row, group === "reference" ? 0 : cpuUs * 0.4, -0.5)],
    ["acceptsPerSecond", samplesOf(row, accepts, 1, saturated)],
    ["burstLateness", samplesOf(row, group === "holdfast" ? 4e6 / beats : 0, -1)],
    ["idleCpuShare", samplesOf(row, idlePercent / 100, 2)],
    ["echo64PerSecond", samplesOf(row, echoes, 1, saturated)],
    ["echo1024PerSecond", samplesOf(row, echoes * 0.83, 1, saturated)],
    // Its connections were too few for it.
    [
      "broadcastPerSecond",
      samplesOf(row, echoes * 3.1, 1, id === "go" ? { serverShare: 0.91 } : saturated),
    ],
    ["memoryAfter", samplesOf(row, (kilobytes - 3) * 1.4e6, 1)],
  ];
  const present = samples.filter(([, list]) => list.length > 0);
  return { id, title, group, version, note, faults, samples: Object.fromEntries(present) };
}

/** One for each round, `weight` times as far apart as the rounds were; none for a value of 0. */
function samplesOf(
  row: Row,
  value: number,
  weight: number,
  shares: Pick<Sample, "serverShare" | "loadShare"> = {},
): Sample[] {
  if (value === 0) return [];
  const isFaulty = (round: number): boolean => round === 2 && (row.faults?.length ?? 0) > 0;
  return [0.97, 1, row.wobble ?? 1.02].flatMap((factor, round) => {
    if (isFaulty(round)) return [];
    // What a row does by itself, so that ratios have a spread, too.
    const own = (((row.title.length * 7 + round * 5) % 11) - 5) / 400;
    return [{ round, value: value * (1 + (factor + own - 1) * weight), ...shares }];
  });
}
