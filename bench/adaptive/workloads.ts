/**
 * Three mixtures of networks, drawn afresh from a seed: how long a path keeps an idle flow, and
 * what it does to a flow that it forgot.
 *
 * "client" mixes home routers, mobile carriers, offices and hostile places; "balanced" puts what
 * stands before servers in the way as well; "even" is log-uniform and knows no round number, so
 * that a search which only knows round numbers shows. The weights are judgement; the figures for
 * homes follow published moments (34 devices: shortest 3.98 min, median 60, mean 386.5).
 */
import { type Random, uniform } from "../../src/base/random.ts";

/** What happens to a flow that the path forgot. */
export type ExpiryMode = "silent" | "reset-on-send" | "cut-at-expiry";

export interface Network {
  /** How long an idle flow is kept for certain. */
  readonly timeoutMs: number;
  readonly mode: ExpiryMode;
  /** For a cut at expiry: RST, or else FIN. */
  readonly isCutByReset: boolean;
  /** Whether packets from the server renew the flow, too. */
  readonly isRenewedByInbound: boolean;
  readonly rttMs: number;
  /** Whether the server reports on the previous connection (frame dialect), or not (lines). */
  readonly isReporting: boolean;
}

export const WORKLOADS = ["client", "balanced", "even"] as const;
export type WorkloadName = (typeof WORKLOADS)[number];

/** `isReporting` alternates, so that exactly half of the runs have no report. */
export function drawNetworks(name: WorkloadName, count: number, random: Random): Network[] {
  return Array.from({ length: count }, (_, at) => drawNetwork(timeoutS(name, random), at, random));
}

export function drawNetwork(timeoutSeconds: number, at: number, random: Random): Network {
  const draw = random.next();
  return {
    timeoutMs: 1_000 * timeoutSeconds,
    mode: draw < 0.6 ? "silent" : draw < 0.85 ? "reset-on-send" : "cut-at-expiry",
    isCutByReset: random.next() < 0.5,
    isRenewedByInbound: random.next() < 0.5,
    rttMs: 20 * 20 ** random.next(), // Log-uniform from 20 to 400 ms.
    isReporting: at % 2 === 0,
  };
}

function timeoutS(name: WorkloadName, random: Random): number {
  switch (name) {
    case "client":
      return clientS(random);
    case "balanced":
      return Math.min(clientS(random), chosen(SERVER_SIDE, random)(random));
    case "even":
      return 25 * (7_200 / 25) ** random.next();
    default:
      return name satisfies never;
  }
}

type Draw = (random: Random) => number;
type Mixture = readonly (readonly [weight: number, draw: Draw])[];

function oneOf(values: readonly number[]): Draw {
  return (random) => values[Math.floor(random.next() * values.length)] as number;
}

function between(low: number, high: number): Draw {
  return (random) => uniform(random, low, high);
}

function times(count: number, value: number): number[] {
  return Array.from({ length: count }, () => value);
}

const HOME_MINUTES: readonly number[] = [
  ...[3.98, 5, 5, 5, 10, 10, 15, 15, 15, 30, 30, 30],
  ...times(8, 60),
  ...times(3, 120),
  ...[240, 360, 600, 846],
  ...times(7, 1_440),
];

const CELL: Mixture = [
  [5.5, between(60, 240)],
  [9.6, oneOf([300, 300, 300, 480])],
  [6, between(600, 1_200)],
  [12, oneOf([1_200, 1_500, 1_800])],
  [67, oneOf([1_800, 1_800, 3_600, 3_600, 7_200, 7_440])],
];

const CLIENT: Mixture = [
  [45, oneOf(HOME_MINUTES.map((minutes) => 60 * minutes))],
  [35, (random) => chosen(CELL, random)(random)],
  [12, oneOf([60, 120, 300, 300, 600, 600, 900, ...times(3, 1_800), ...times(5, 3_600)])],
  [8, between(25, 240)],
];

const SERVER_SIDE: Mixture = [
  [30, () => Infinity],
  [25, () => 350],
  [10, () => 240],
  [10, () => 600],
  [15, () => 60],
  [5, () => 100],
  [5, () => 300],
];

function clientS(random: Random): number {
  return chosen(CLIENT, random)(random);
}

function chosen(mixture: Mixture, random: Random): Draw {
  const sum = mixture.reduce((total, [weight]) => total + weight, 0);
  let rest = random.next() * sum;
  for (const [weight, draw] of mixture) {
    rest -= weight;
    if (rest < 0) return draw;
  }
  return (mixture.at(-1) as Mixture[number])[1];
}
