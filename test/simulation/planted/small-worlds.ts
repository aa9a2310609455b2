/** Worlds made by hand: a server, a few clients that are alike, and the faults of a test. */
import type { ConnectOptions } from "../../../src/client/options.ts";
import type { ClientPlan, Plan, PlannedEvent, ServerPlan } from "../../../src/simulation/plan.ts";

type Server = Extract<ServerPlan, { kind: "server" }>;
type Link = Extract<ClientPlan, { kind: "link" }>;

export interface SmallWorld {
  readonly seed?: number;
  readonly clients?: number;
  readonly minutes?: number;
  readonly dialect?: "line" | "frame";
  readonly connect?: ConnectOptions;
  readonly link?: Partial<Link>;
  readonly listen?: Server["options"];
  readonly server?: Partial<Server>;
  readonly others?: readonly ClientPlan[];
  readonly events?: readonly Omit<PlannedEvent, "id">[];
}

const PATH = { delayMs: 20, jitterMs: 0, lossRatio: 0 };

export function smallWorld(wishes: SmallWorld): Plan {
  const { clients = 3, minutes = 10, dialect = "frame", others = [], events = [] } = wishes;
  const links = Array.from({ length: clients }, (_, index): ClientPlan => {
    return {
      kind: "link",
      host: `client-${index + 1}`,
      server: "server-1",
      path: PATH,
      startAtMs: index * 10,
      dialect,
      options: { redial: { attemptsMax: false }, ...wishes.connect },
      sendEveryMs: false,
      sendBytesMax: 40,
      iterates: false,
      ...wishes.link,
    };
  });
  const server: ServerPlan = {
    kind: "server",
    host: "server-1",
    options: { ...wishes.listen },
    echoRatio: 0,
    pushEveryMs: false,
    pushBytesMax: 40,
    ...wishes.server,
  };
  return {
    seed: wishes.seed ?? 1,
    faultsMs: minutes * 60_000,
    servers: [server],
    clients: [...links, ...others],
    events: events.map((event, id) => ({ id: id + 1, ...event })),
  };
}

/** One fault. */
export function fault(
  kind: PlannedEvent["kind"],
  atSeconds: number,
  lastsSeconds: number,
  hosts: readonly string[],
  parameters: PlannedEvent["parameters"] = {},
): Omit<PlannedEvent, "id"> {
  return { kind, atMs: atSeconds * 1_000, durationMs: lastsSeconds * 1_000, hosts, parameters };
}

/** All links of a world with so many. */
export function everyone(clients: number): string[] {
  return Array.from({ length: clients }, (_, index) => `client-${index + 1}`);
}

/** The same world with pages instead of programs on sockets. */
export function onPages(plan: Plan): Plan {
  const clients = plan.clients.map((client): ClientPlan => {
    if (client.kind !== "link") return client;
    const {
      keepalive: _,
      tls: __,
      userTimeoutMs: ___,
      websocket: ____,
      ...options
    } = client.options;
    return { ...client, kind: "page", options };
  });
  return { ...plan, clients };
}
