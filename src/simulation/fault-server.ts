/** Faults of the server as a program: restarts, drains, shortages. */
import { type BeginFault, type FaultSite, numberOf } from "./fault-site.ts";
import type { PlannedEvent } from "./plan.ts";
import type { FaultKind } from "./sim-event.ts";
import type { Shortage } from "./sim-server.ts";

type ServerFault = Extract<FaultKind, "server-restart" | "drain" | "overload">;

export const SERVER_FAULTS: Readonly<Record<ServerFault, BeginFault>> = {
  "server-restart": (site, event) => {
    const { how } = event.parameters;
    if (how === "crash") return crash(site, event);
    return restart(site, event, how === "close" ? 0 : "at once");
  },
  drain: (site, event) => restart(site, event, numberOf(event.parameters, "graceMs", 5_000)),
  overload: (site, event) => {
    if (event.parameters["how"] !== "slow-answers") return shorten(site, event);
    const { server } = site;
    server.isSlowToDecide = true;
    return (over) => {
      server.isSlowToDecide = false;
      over();
    };
  },
};

function taken(site: FaultSite, event: PlannedEvent): (() => void) | undefined {
  const [name = ""] = event.hosts;
  return site.server.isUp ? site.take(name) : undefined;
}

function crash(site: FaultSite, event: PlannedEvent): ReturnType<BeginFault> {
  const giveBack = taken(site, event);
  if (giveBack === undefined) return undefined;
  const [name = ""] = event.hosts;
  site.host(name).crashProcess();
  site.lose(name);
  return (over) => {
    site.start(name);
    giveBack();
    over();
  };
}

/** Goes in good order; the next one starts when nothing is left and the time has come. */
function restart(
  site: FaultSite,
  event: PlannedEvent,
  graceMs: number | "at once",
): ReturnType<BeginFault> {
  const giveBack = taken(site, event);
  if (giveBack === undefined) return undefined;
  const { server } = site;
  let left = 2;
  let over = (): void => {};
  const step = (): void => {
    left -= 1;
    if (left > 0) return;
    server.start();
    giveBack();
    over();
  };
  server.stop(graceMs, step);
  return (then) => {
    over = then;
    step();
  };
}

/** The same server with too little of something, until the fault is over. */
function shorten(site: FaultSite, event: PlannedEvent): ReturnType<BeginFault> {
  const giveBack = taken(site, event);
  if (giveBack === undefined) return undefined;
  const { server } = site;
  let isStarted = false;
  let over: (() => void) | undefined;
  const backToNormal = (): void => {
    server.stop("at once", () => {
      server.start();
      giveBack();
      over?.();
    });
  };
  server.stop("at once", () => {
    isStarted = true;
    server.start(shortageOf(event));
    if (over !== undefined) backToNormal();
  });
  return (then) => {
    over = then;
    if (isStarted) backToNormal();
  };
}

const KIB = 1_024;

function shortageOf({ parameters }: PlannedEvent): Shortage {
  switch (parameters["how"]) {
    case "few":
      return { maxConnections: 2 };
    case "rate":
      return { acceptPerSecondMax: 1 };
    default:
      return {
        messageBytesMax: 64 * KIB,
        outboxBytesMax: 64 * KIB,
        outboxHighWaterBytes: 8 * KIB,
        bufferBytesTotalMax: 64 * KIB,
        handshakesMax: 1,
      };
  }
}
