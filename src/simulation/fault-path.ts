/** Faults of paths and of the boxes on them. */
import { type BeginFault, ending, type FaultSite, numberOf } from "./fault-site.ts";
import type { PathLayer } from "./layered-path.ts";
import type { PlannedEvent } from "./plan.ts";
import type { FaultKind } from "./sim-event.ts";

type PathFault = Extract<
  FaultKind,
  | "outage"
  | "one-way-loss"
  | "partition"
  | "packet-loss"
  | "bufferbloat"
  | "jitter"
  | "mapping-lost-silent"
  | "mapping-lost-reset"
  | "expired-reset"
  | "expired-finish"
  | "network-switch"
>;

export const PATH_FAULTS: Readonly<Record<PathFault, BeginFault>> = {
  outage: layered(() => ({ cutUp: true, cutDown: true })),
  "one-way-loss": layered(({ parameters }) =>
    parameters["up"] === true ? { cutUp: true } : { cutDown: true },
  ),
  partition: layered(() => ({ cutUp: true, cutDown: true })),
  "packet-loss": layered(({ parameters }) => ({ lossRatio: numberOf(parameters, "ratio", 0.1) })),
  bufferbloat: layered(({ parameters }) => ({ queueMs: numberOf(parameters, "queueMs", 1_000) })),
  jitter: layered(({ parameters }) => ({ jitterMs: numberOf(parameters, "jitterMs", 200) })),
  "mapping-lost-silent": layered((event) => boxed(event, "silent")),
  "mapping-lost-reset": layered((event) => boxed(event, "reset-on-packet")),
  "expired-reset": layered((event) => boxed(event, "reset")),
  "expired-finish": layered((event) => boxed(event, "finish")),
  "network-switch": switchNetwork,
};

type Expiry = NonNullable<PathLayer["middlebox"]>["expiry"];

function boxed({ parameters }: PlannedEvent, expiry: Expiry): PathLayer {
  return {
    middlebox: {
      timeoutMs: numberOf(parameters, "timeoutMs", 30_000),
      sweepMs: numberOf(parameters, "sweepMs", 1),
      expiry,
      refreshes: parameters["outboundOnly"] === true ? "outbound" : "both",
    },
  };
}

function layered(layerOf: (event: PlannedEvent) => PathLayer): BeginFault {
  return (site, event) => {
    const undos = event.hosts.flatMap((host) => {
      const path = site.path(host);
      return path === undefined ? [] : [path.lay(layerOf(event))];
    });
    return undos.length === 0 ? undefined : ending(...undos);
  };
}

function switchNetwork(site: FaultSite, event: PlannedEvent): ReturnType<BeginFault> {
  const [host = ""] = event.hosts;
  const path = site.path(host);
  if (path === undefined) return undefined;
  path.switchNetwork();
  if (event.parameters["isTold"] === true) site.client(host)?.networkChanged();
  return ending();
}
