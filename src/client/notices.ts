/** What a link tells its observer, and what it says only once. An observer's fault is not ours. */
import type { Observation, Observe } from "../base/observation.ts";
import type { Stall } from "../liveness/stall-log.ts";
import { isLocal, type LinkTarget } from "./target.ts";

export class Notices {
  readonly #observe: Observe;
  readonly #report: (error: unknown) => void;
  #hasToldOfToken = false;

  constructor(observe: Observe, report: (error: unknown) => void) {
    this.#observe = observe;
    this.#report = report;
  }

  warn(text: string): void {
    this.#tell({ what: "warning", text });
  }

  stall({ lateMs, suspended }: Stall): void {
    this.#tell({ what: "stall", lateMs, suspended });
  }

  /** A token is about to travel there. */
  tokenTravels(to: LinkTarget): void {
    if (this.#hasToldOfToken || to.dialect !== "frame" || to.secure || isLocal(to)) return;
    this.#hasToldOfToken = true;
    this.warn(`the token travels to ${to.label} as plain text: whoever is on the path can read it`);
  }

  #tell(observation: Observation): void {
    try {
      this.#observe(observation);
    } catch (error) {
      this.#report(error);
    }
  }
}
