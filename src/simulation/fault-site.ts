/** What the faults find: the parts of a world that they can reach. */
import type { ClientActor } from "./actor.ts";
import type { Draw } from "./draw.ts";
import type { LayeredPath } from "./layered-path.ts";
import type { EventParameters, PlannedEvent } from "./plan.ts";
import type { SimHost } from "./sim-host.ts";
import type { SimServer } from "./sim-server.ts";
import type { Timeline } from "./timeline.ts";

export interface FaultSite {
  readonly timeline: Timeline;
  /** The server that clients of ours and strangers dial. */
  readonly server: SimServer;
  client(host: string): ClientActor | undefined;
  host(name: string): SimHost;
  path(host: string): LayeredPath | undefined;
  draw(event: PlannedEvent): Draw;
  /**
   * Takes this host for something that excludes others of its kind, such as two crashes at once.
   * Undefined when it is taken already; else the function that gives it back.
   */
  take(host: string): (() => void) | undefined;
  /** A process went down with its host: whoever ran in it is told. */
  lose(host: string): void;
  /** Boots the host and starts whoever lives there. */
  start(host: string): void;
  /** It will never come back. */
  bury(host: string): void;
}

/**
 * Begins a fault and returns what ends it. Undefined when it cannot befall the world as it is now.
 * `over` is what the ending calls when it is complete, at once or later.
 */
export type BeginFault = (
  site: FaultSite,
  event: PlannedEvent,
) => ((over: () => void) => void) | undefined;

export function numberOf(parameters: EventParameters, name: string, fallback: number): number {
  const value = parameters[name];
  return typeof value === "number" ? value : fallback;
}

/** Runs all of these, and says that it is over. */
export function ending(...undos: readonly (() => void)[]): (over: () => void) => void {
  return (over) => {
    for (const undo of undos) undo();
    over();
  };
}
