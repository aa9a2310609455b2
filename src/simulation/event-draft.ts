/**
 * Draws the schedule of faults: a list, in order of time, of what befalls whom and for how long.
 *
 * Storms matter more than single faults, so a part of the events comes in clusters: the second
 * fault strikes while the first is being recovered from.
 */
import type { Draw } from "./draw.ts";
import { FAULT_TABLE, type FaultSpec } from "./fault-table.ts";
import type { ClientPlan, PlannedEvent, PlanWishes } from "./plan.ts";
import { FAULT_KINDS, type FaultKind } from "./sim-event.ts";

export interface EventTerms {
  readonly faultsMs: number;
  readonly density: number;
  readonly servers: readonly string[];
  readonly clients: readonly ClientPlan[];
  readonly faults: NonNullable<PlanWishes["faults"]>;
}

/** A list beyond this would take longer to run than it teaches. */
const EVENTS_MAX = 50_000;
const CROWD = 60;

export function draftEvents(draw: Draw, terms: EventTerms): readonly PlannedEvent[] {
  const kinds = draftKinds(draw, terms);
  if (kinds.length === 0) return [];
  const hours = terms.faultsMs / 3_600_000;
  const wanted = Math.round(terms.density * hours * (2 + terms.clients.length));
  const count = Math.min(EVENTS_MAX, Math.max(3, wanted));
  const events: Omit<PlannedEvent, "id">[] = [];
  let nearMs = 0;
  let mayVanish = Math.floor(terms.clients.length / 4);
  for (let index = 0; index < count; index++) {
    const follows = index > 0 && draw.happens(0.35);
    nearMs = follows ? nearMs + draw.whole(0, 20_000) : draw.whole(0, terms.faultsMs);
    const kind = pickKind(draw, kinds);
    const event = draftEvent(draw, kind, nearMs, terms);
    // A world from which everybody has vanished is calm.
    if (kind === "vanish") mayVanish -= 1;
    const isOneTooMany = kind === "vanish" && mayVanish < 0;
    if (event !== undefined && !isOneTooMany) events.push(event);
  }
  if (terms.faults === "swarm" && terms.clients.length >= CROWD) {
    events.push(partitionOfAll(draw, terms));
  }
  return events
    .toSorted((one, other) => one.atMs - other.atMs)
    .map((event, index) => ({ id: index + 1, ...event }));
}

/** The rule about mass expiry is for crowds, so each crowd meets what it is made for. */
function partitionOfAll(draw: Draw, terms: EventTerms): Omit<PlannedEvent, "id"> {
  const atMs = draw.whole(10_000, Math.floor(terms.faultsMs / 2));
  const durationMs = Math.min(draw.spread(20_000, 90_000), terms.faultsMs - atMs);
  const hosts = terms.clients.map(({ host }) => host);
  return { atMs, durationMs, kind: "partition", hosts, parameters: {} };
}

interface WeightedKind {
  readonly kind: FaultKind;
  readonly weight: number;
}

function draftKinds(draw: Draw, terms: EventTerms): readonly WeightedKind[] {
  const { faults } = terms;
  if (faults === "none") return [];
  const weightOf = (kind: FaultKind): number => {
    const { victims, weight } = FAULT_TABLE[kind];
    return victims === "client" || victims === "process" ? weight : weight * serverShare(terms);
  };
  if (faults !== "swarm") return faults.map((kind) => ({ kind, weight: weightOf(kind) }));
  const share = draw.between(0.15, 0.8);
  const chosen: WeightedKind[] = [];
  for (const kind of FAULT_KINDS) {
    const occurs = draw.happens(share);
    const weight = weightOf(kind) * draw.between(0.2, 2);
    if (occurs) chosen.push({ kind, weight });
  }
  return chosen;
}

/** The more clients there are, the more faults; but the server must not be down for ever. */
function serverShare({ clients }: EventTerms): number {
  return Math.min(1, 6 / clients.length);
}

function pickKind(draw: Draw, kinds: readonly WeightedKind[]): FaultKind {
  let left = draw.next() * kinds.reduce((sum, { weight }) => sum + weight, 0);
  for (const { kind, weight } of kinds) {
    left -= weight;
    if (left < 0) return kind;
  }
  return (kinds[0] as WeightedKind).kind;
}

function draftEvent(
  draw: Draw,
  kind: FaultKind,
  atMs: number,
  terms: EventTerms,
): Omit<PlannedEvent, "id"> | undefined {
  const spec = FAULT_TABLE[kind];
  const hosts = draftHosts(draw, spec, terms);
  const [minMs, maxMs] = spec.lasts;
  const lastsMs = maxMs === 0 ? 0 : draw.spread(minMs, maxMs);
  const parameters = spec.parameters(draw);
  if (hosts.length === 0 || atMs >= terms.faultsMs) return undefined;
  const durationMs = Math.min(lastsMs, terms.faultsMs - atMs);
  return { atMs, durationMs, kind, hosts, parameters };
}

function draftHosts(draw: Draw, spec: FaultSpec, terms: EventTerms): readonly string[] {
  const { servers, clients } = terms;
  switch (spec.victims) {
    case "client":
      return oneOf(draw, clients);
    case "crowd": {
      const ratio = draw.pick([0.3, 0.7, 1]);
      return clients.filter(() => draw.happens(ratio)).map(({ host }) => host);
    }
    case "server":
      return [servers[0] as string];
    case "process":
      if (draw.happens(0.35 * serverShare(terms))) return [servers[0] as string];
      return oneOf(draw, clients);
    case "stranger":
      return [`stranger-${draw.whole(1, 1_000_000)}`];
    default:
      return spec.victims satisfies never;
  }
}

function oneOf(draw: Draw, clients: readonly ClientPlan[]): readonly string[] {
  const client = clients[draw.whole(0, clients.length - 1)];
  return client === undefined ? [] : [client.host];
}
