/**
 * Looks at the events of a plan that came from a file: kind, time, victims and numbers.
 *
 * A fault takes a parameter that it does not know for its default, and a victim that nobody is for
 * nothing. Here both are mistakes, since the file then tells another story than it seems to.
 */
import { FAULT_TABLE } from "./fault-table.ts";
import type { EventParameters, PlannedEvent } from "./plan.ts";
import { PlanFields } from "./plan-fields.ts";
import { FAULT_KINDS, type FaultKind } from "./sim-event.ts";

export interface EventPeople {
  readonly faultsMs: number;
  /** The server of ours. */
  readonly server: string;
  readonly servers: readonly string[];
  readonly clients: readonly string[];
}

const EVENTS_MAX = 100_000;

type Expected =
  | { readonly is: "switch" }
  | { readonly is: "number"; readonly min: number; readonly max: number }
  | { readonly is: "word"; readonly words: readonly string[] };

const SWITCH: Expected = { is: "switch" };
const wordOf = (...words: readonly string[]): Expected => ({ is: "word", words });
const numberFrom = (min: number, max: number): Expected => ({ is: "number", min, max });

const DAY_MS = 86_400_000;
const BOX = {
  timeoutMs: numberFrom(1, DAY_MS),
  sweepMs: numberFrom(1, DAY_MS),
  outboundOnly: SWITCH,
};

/** Everything that the table of faults draws, by name. */
const PARAMETERS: Readonly<Partial<Record<FaultKind, Readonly<Record<string, Expected>>>>> = {
  "one-way-loss": { up: SWITCH },
  "packet-loss": { ratio: numberFrom(0, 1) },
  bufferbloat: { queueMs: numberFrom(0, DAY_MS) },
  jitter: { jitterMs: numberFrom(0, DAY_MS) },
  "mapping-lost-silent": BOX,
  "mapping-lost-reset": BOX,
  "expired-reset": BOX,
  "expired-finish": BOX,
  "network-switch": { isTold: SWITCH },
  "late-alarms": { lateMsMax: numberFrom(0, DAY_MS) },
  suspend: { runsOn: SWITCH },
  "wall-step": { byMs: numberFrom(-1e12, 1e12) },
  "server-restart": { how: wordOf("crash", "destroy", "close") },
  drain: { graceMs: numberFrom(0, DAY_MS) },
  overload: { how: wordOf("few", "slow-answers", "rate", "buffers") },
  "slow-reader": { side: wordOf("client", "server"), trickles: SWITCH },
  flood: { everyMs: numberFrom(1, DAY_MS), line: SWITCH },
  junk: {
    how: wordOf("bytes", "line", "long-line", "half-frame", "long-message", "bad-hello"),
  },
  "mute-peer": { says: wordOf("", "F", "ping\n") },
};

export function checkEvents(plan: PlanFields, people: EventPeople): readonly PlannedEvent[] {
  const ids = new Set<number>();
  const known: People = {
    ...people,
    clientNames: new Set(people.clients),
    names: new Set([...people.servers, ...people.clients]),
  };
  return plan
    .list("events", EVENTS_MAX)
    .map((one, index) => eventOf(new PlanFields(`events[${index}]`, one), ids, known));
}

interface People extends EventPeople {
  readonly clientNames: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
}

function eventOf(fields: PlanFields, ids: Set<number>, people: People): PlannedEvent {
  const id = fields.integer("id", 0, 2 ** 32);
  if (ids.has(id)) throw fields.wrong("id", "a number that no other event has");
  ids.add(id);
  const atMs = fields.number("atMs", 0, people.faultsMs);
  const durationMs = fields.number("durationMs", 0, people.faultsMs);
  const kind = fields.oneOf("kind", FAULT_KINDS);
  const hosts = hostsOf(fields, kind, people);
  const place = fields.placeOf("parameters");
  const parameters = parametersOf(new PlanFields(place, fields.value("parameters")), kind);
  fields.done();
  return { id, atMs, durationMs, kind, hosts, parameters };
}

function hostsOf(fields: PlanFields, kind: FaultKind, people: People): readonly string[] {
  const { victims } = FAULT_TABLE[kind];
  const isCrowd = victims === "crowd";
  const given = fields.list("hosts", isCrowd ? people.clients.length : 1);
  const hosts = given.filter((host): host is string => typeof host === "string");
  const areSome = hosts.length === given.length && hosts.length > 0;
  if (areSome && hosts.every((host) => mayBefall(host, victims, people))) return hosts;
  const whom = {
    client: "one client of this plan",
    crowd: "clients of this plan",
    server: `the server ${people.server}`,
    process: `one client of this plan or the server ${people.server}`,
    stranger: "one stranger such as stranger-1",
  } as const;
  throw fields.wrong("hosts", `a list that names ${whom[victims]}`);
}

function mayBefall(
  host: string,
  victims: (typeof FAULT_TABLE)[FaultKind]["victims"],
  { server, clientNames, names }: People,
): boolean {
  switch (victims) {
    case "client":
    case "crowd":
      return clientNames.has(host);
    case "server":
      return host === server;
    case "process":
      return host === server || clientNames.has(host);
    case "stranger":
      return /^[a-z][a-z0-9-]{0,40}$/.test(host) && !names.has(host);
    default:
      return victims satisfies never;
  }
}

function parametersOf(fields: PlanFields, kind: FaultKind): EventParameters {
  const parameters: Record<string, number | boolean | string> = {};
  for (const [name, expected] of Object.entries(PARAMETERS[kind] ?? {})) {
    if (expected.is === "switch") parameters[name] = fields.boolean(name);
    else if (expected.is === "word") parameters[name] = fields.oneOf(name, expected.words);
    else parameters[name] = fields.number(name, expected.min, expected.max);
  }
  fields.done();
  return parameters;
}
