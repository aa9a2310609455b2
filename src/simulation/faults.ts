/** Begins and ends the faults of a plan, and tells of those that really came about. */
import { MACHINE_FAULTS } from "./fault-machine.ts";
import { PATH_FAULTS } from "./fault-path.ts";
import { PEER_FAULTS } from "./fault-peer.ts";
import { SERVER_FAULTS } from "./fault-server.ts";
import type { BeginFault, FaultSite } from "./fault-site.ts";
import type { PlannedEvent } from "./plan.ts";
import type { FaultKind, Tell } from "./sim-event.ts";

const BEGIN: Readonly<Record<FaultKind, BeginFault>> = {
  ...PATH_FAULTS,
  ...MACHINE_FAULTS,
  ...SERVER_FAULTS,
  ...PEER_FAULTS,
};

export class Faults {
  readonly #site: FaultSite;
  readonly #tell: Tell;
  /** What ends those that were begun and not ended. */
  readonly #active = new Map<number, (over: () => void) => void>();
  /** Ended, but not over yet: a server needs a moment to come back. */
  #ending = 0;
  #areHealed = false;

  constructor(site: FaultSite, tell: Tell) {
    this.#site = site;
    this.#tell = tell;
  }

  get areOver(): boolean {
    return this.#active.size === 0 && this.#ending === 0;
  }

  schedule(events: readonly PlannedEvent[]): void {
    for (const event of events) this.#site.timeline.at(event.atMs, () => this.#begin(event));
  }

  /** Ends whatever has not ended; nothing begins from here on. */
  heal(): void {
    this.#areHealed = true;
    for (const id of [...this.#active.keys()]) this.#end(id);
  }

  #begin(event: PlannedEvent): void {
    if (this.#areHealed) return;
    const end = BEGIN[event.kind](this.#site, event);
    if (end === undefined) return;
    const { id, kind, hosts, durationMs } = event;
    this.#tell({ what: "fault", atMs: this.#site.timeline.nowMs, id, kind, hosts });
    if (kind === "vanish") return; // Never over.
    this.#active.set(id, end);
    this.#site.timeline.in(durationMs, () => this.#end(id));
  }

  #end(id: number): void {
    const end = this.#active.get(id);
    if (end === undefined) return;
    this.#active.delete(id);
    this.#ending += 1;
    end(() => {
      this.#ending -= 1;
      this.#tell({ what: "fault-over", atMs: this.#site.timeline.nowMs, id });
    });
  }
}
