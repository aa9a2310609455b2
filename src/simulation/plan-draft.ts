/**
 * Draws a plan from a seed.
 *
 * Worlds have to be harsh, each in its own way: which kinds of faults occur at all, and how often,
 * is drawn as well, so that no kind always hides behind another. What is easy to break: options
 * that contradict each other across the wire (a plain client that pings too rarely) make ends that
 * are nobody's fault, and teach nothing.
 */
import { type Draw, Streams } from "./draw.ts";
import { draftEvents } from "./event-draft.ts";
import { draftAdaptive, draftLinkOptions, draftServerOptions } from "./option-draft.ts";
import type { ClientPlan, PathPlan, Plan, PlanWishes, ServerPlan } from "./plan.ts";

const SERVER_HOST = "server-1";
const PLAIN_SERVER_HOST = "server-2";

const MINUTE_MS = 60_000;
/** Of the groups that are no plain programs. */
const PAGES_SHARE = 0.25;
/** A hundred clients for two hours: beyond that a world has to be quiet to be run at all. */
const QUIET_CLIENT_MS = 200 * 60 * MINUTE_MS;

interface Shape {
  readonly clients: number;
  readonly faultsMs: number;
  /** Faults for each client and hour. */
  readonly density: number;
}

export function draftPlan(seed: number, wishes: PlanWishes = {}): Plan {
  const streams = new Streams(seed);
  const shape = draftShape(streams.stream("shape"), wishes);
  const draws: PeopleDraws = {
    draw: streams.stream("people"),
    adaptiveDraw: streams.stream("adaptive"),
    pageDraw: streams.stream("pages"),
  };
  const { servers, clients } = draftPeople(draws, shape);
  const events = draftEvents(streams.stream("faults"), {
    ...shape,
    servers: [SERVER_HOST],
    clients,
    faults: wishes.faults ?? "swarm",
  });
  return { seed, faultsMs: shape.faultsMs, servers, clients, events };
}

function draftShape(draw: Draw, wishes: PlanWishes): Shape {
  const size = draw.next();
  let drawn: Shape;
  if (size < 0.55) {
    drawn = {
      clients: draw.whole(2, 5),
      faultsMs: draw.whole(6, 16) * MINUTE_MS,
      density: draw.spread(16, 250),
    };
  } else if (size < 0.95) {
    drawn = {
      clients: draw.whole(8, 20),
      faultsMs: draw.whole(3, 6) * MINUTE_MS,
      density: draw.spread(8, 80),
    };
  } else {
    drawn = {
      clients: draw.whole(60, 110),
      faultsMs: draw.whole(2, 3) * MINUTE_MS,
      density: draw.spread(2, 16),
    };
  }
  return {
    clients: wishes.clients ?? drawn.clients,
    faultsMs: wishes.hours === undefined ? drawn.faultsMs : wishes.hours * 60 * MINUTE_MS,
    density: wishes.clients === undefined ? drawn.density : draw.spread(1, 4),
  };
}

/** What came later has a stream of its own, so that seeds are still the worlds that they were. */
interface PeopleDraws {
  readonly draw: Draw;
  readonly adaptiveDraw: Draw;
  readonly pageDraw: Draw;
}

interface People {
  readonly servers: readonly ServerPlan[];
  readonly clients: readonly ClientPlan[];
}

function draftPeople(draws: PeopleDraws, shape: Shape): People {
  const { draw } = draws;
  const framesOnly = draw.happens(0.1);
  const isQuiet = shape.clients * shape.faultsMs > QUIET_CLIENT_MS;
  const options = draftServerOptions(draw, { clients: shape.clients, framesOnly, isQuiet });
  const isBusy = draw.happens(0.6);
  const servers: readonly ServerPlan[] = [
    {
      kind: "server",
      host: SERVER_HOST,
      options,
      echoRatio: draw.pick([0, 0.3, 1]),
      pushEveryMs: isBusy ? draw.spread(1_000, 60_000) : false,
      pushBytesMax: draw.pick([40, 400, 5_000, 200_000]),
    },
    { kind: "plain-server", host: PLAIN_SERVER_HOST, answers: draw.happens(0.7) },
  ];
  const isCrowd = shape.clients >= 60;
  const groups = Array.from({ length: draw.whole(1, isCrowd ? 2 : 3) }, () =>
    draftGroup(draws, servers, isQuiet),
  );
  const spreadMs = draw.pick([0, 1_000, 60_000]);
  const clients = Array.from({ length: shape.clients }, (_, index): ClientPlan => {
    const make = groups[draw.whole(0, groups.length - 1)] ?? groups[0];
    if (make === undefined) throw new Error("broken promise: there is a first group");
    return make(`client-${index + 1}`, draw.whole(0, spreadMs));
  });
  return { servers, clients };
}

type MakeClient = (host: string, startAtMs: number) => ClientPlan;

/** Clients of one make: alike, but for their paths. */
function draftGroup(
  { draw, adaptiveDraw, pageDraw }: PeopleDraws,
  servers: readonly ServerPlan[],
  isQuiet: boolean,
): MakeClient {
  const [real, plain] = servers;
  if (real?.kind !== "server" || plain?.kind !== "plain-server") {
    throw new Error("broken promise: one real server, one plain");
  }
  const isOnPage = pageDraw.happens(PAGES_SHARE);
  const timeoutMs = real.options.timeoutMs ?? MINUTE_MS;
  const framesOnly = real.options.accept?.length === 1;
  const kind = framesOnly ? 1 : draw.next();
  if (kind < 0.15) {
    const intervalMs = Math.floor(timeoutMs / draw.pick([2, 2.5, 4]));
    const readsAnswers = draw.happens(0.8);
    const redialMs = draw.whole(200, 5_000);
    return (host, startAtMs) => ({
      kind: "plain",
      host,
      server: real.host,
      startAtMs,
      path: draftPath(draw),
      intervalMs,
      redialMs,
      readsAnswers,
    });
  }
  const toPlain = kind < 0.25;
  const dialect = toPlain || kind < 0.45 ? "line" : "frame";
  const isMute = toPlain && !plain.answers;
  const adaptive = draftAdaptive(adaptiveDraw, isMute);
  const options = draftLinkOptions(draw, { dialect, timeoutMs, isQuiet, isMute, adaptive });
  const oftenMs = isQuiet ? 600_000 : 2_000;
  const sendEveryMs = draw.happens(0.7) ? draw.spread(oftenMs, 60 * oftenMs) : false;
  // A server takes lines of at most 64 KiB, unless it is told otherwise.
  const sendBytesMax = draw.pick([40, 400, 5_000, dialect === "line" ? 60_000 : 200_000]);
  const iterates = draw.happens(0.6);
  return (host, startAtMs) => ({
    kind: isOnPage ? "page" : "link",
    host,
    server: toPlain ? plain.host : real.host,
    startAtMs,
    path: draftPath(draw),
    dialect,
    options,
    sendEveryMs,
    sendBytesMax,
    iterates,
  });
}

function draftPath(draw: Draw): PathPlan {
  return {
    delayMs: draw.spread(1, 150),
    jitterMs: draw.pick([0, 1, 20]),
    lossRatio: draw.pick([0, 0, 0.001, 0.01]),
  };
}
