/**
 * How each kind of fault is drawn: whom it befalls, for how long, and with what numbers.
 *
 * The ranges go around the product's own limits, since a fault that lasts a tenth of every timeout,
 * or a hundred times as long as all of them, tells nothing.
 */
import type { Draw } from "./draw.ts";
import type { EventParameters } from "./plan.ts";
import type { FaultKind } from "./sim-event.ts";

export type Victims = "client" | "crowd" | "server" | "process" | "stranger";

export interface FaultSpec {
  readonly victims: Victims;
  /** Shortest and longest; drawn evenly in the logarithm. Both 0: over at once. */
  readonly lasts: readonly [minMs: number, maxMs: number];
  /** How many of them there are compared with others. */
  readonly weight: number;
  parameters(draw: Draw): EventParameters;
}

const NONE = (): EventParameters => ({});

const middlebox = (draw: Draw): EventParameters => ({
  timeoutMs: draw.spread(1_500, 120_000),
  sweepMs: draw.pick([1, 500, 5_000]),
  outboundOnly: draw.happens(0.4),
});

const BOX_MS = [30_000, 900_000] as const;

export const FAULT_TABLE: Readonly<Record<FaultKind, FaultSpec>> = {
  outage: { victims: "client", lasts: [200, 200_000], weight: 3, parameters: NONE },
  "one-way-loss": {
    victims: "client",
    lasts: [500, 200_000],
    weight: 3,
    parameters: (draw) => ({ up: draw.happens(0.5) }),
  },
  partition: { victims: "crowd", lasts: [1_000, 120_000], weight: 1.5, parameters: NONE },
  "packet-loss": {
    victims: "client",
    lasts: [2_000, 300_000],
    weight: 1,
    parameters: (draw) => ({ ratio: draw.pick([0.02, 0.1, 0.3, 0.6]) }),
  },
  bufferbloat: {
    victims: "client",
    lasts: [2_000, 120_000],
    weight: 1.5,
    parameters: (draw) => ({ queueMs: draw.whole(300, 6_000) }),
  },
  jitter: {
    victims: "client",
    lasts: [5_000, 300_000],
    weight: 1,
    parameters: (draw) => ({ jitterMs: draw.whole(50, 2_000) }),
  },
  "mapping-lost-silent": { victims: "client", lasts: BOX_MS, weight: 2, parameters: middlebox },
  "mapping-lost-reset": { victims: "client", lasts: BOX_MS, weight: 1, parameters: middlebox },
  "expired-reset": { victims: "client", lasts: BOX_MS, weight: 1, parameters: middlebox },
  "expired-finish": { victims: "client", lasts: BOX_MS, weight: 1, parameters: middlebox },
  "network-switch": {
    victims: "client",
    lasts: [0, 0],
    weight: 2,
    parameters: (draw) => ({ isTold: draw.happens(0.5) }),
  },
  stall: { victims: "process", lasts: [300, 90_000], weight: 3, parameters: NONE },
  "late-alarms": {
    victims: "process",
    lasts: [10_000, 300_000],
    weight: 1,
    parameters: (draw) => ({ lateMsMax: draw.pick([50, 300, 2_000, 10_000]) }),
  },
  freeze: { victims: "process", lasts: [1_000, 300_000], weight: 1.5, parameters: NONE },
  suspend: {
    victims: "process",
    lasts: [2_000, 600_000],
    weight: 1.5,
    parameters: (draw) => ({ runsOn: draw.happens(0.4) }),
  },
  "wall-step": {
    victims: "process",
    lasts: [0, 0],
    weight: 1,
    parameters: (draw) => ({ byMs: draw.pick([-3_600_000, -5_000, -300, 700, 60_000, 1e9]) }),
  },
  "process-crash": { victims: "client", lasts: [100, 60_000], weight: 1, parameters: NONE },
  "host-crash": { victims: "process", lasts: [1_000, 180_000], weight: 1, parameters: NONE },
  "server-restart": {
    victims: "server",
    lasts: [10, 30_000],
    weight: 1,
    parameters: (draw) => ({ how: draw.pick(["crash", "crash", "destroy", "close"]) }),
  },
  drain: {
    victims: "server",
    lasts: [10, 10_000],
    weight: 0.7,
    parameters: (draw) => ({ graceMs: draw.pick([0, 300, 5_000, 20_000]) }),
  },
  overload: {
    victims: "server",
    lasts: [5_000, 90_000],
    weight: 1.2,
    parameters: (draw) => ({ how: draw.pick(["few", "slow-answers", "rate", "buffers"]) }),
  },
  "slow-reader": {
    victims: "client",
    lasts: [1_000, 120_000],
    weight: 3,
    parameters: (draw) => ({ side: draw.pick(["client", "server"]), trickles: draw.happens(0.4) }),
  },
  vanish: { victims: "client", lasts: [0, 0], weight: 0.3, parameters: NONE },
  flood: {
    victims: "stranger",
    lasts: [20_000, 110_000],
    weight: 0.4,
    parameters: (draw) => ({ everyMs: draw.pick([8, 25, 60]), line: draw.happens(0.5) }),
  },
  junk: {
    victims: "stranger",
    lasts: [1_000, 60_000],
    weight: 0.7,
    parameters: (draw) => ({
      how: draw.pick(["bytes", "line", "long-line", "half-frame", "long-message", "bad-hello"]),
    }),
  },
  "mute-peer": {
    victims: "stranger",
    lasts: [1_000, 200_000],
    weight: 0.7,
    parameters: (draw) => ({ says: draw.pick(["", "F", "ping\n"]) }),
  },
};
