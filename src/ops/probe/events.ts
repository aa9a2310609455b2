/** What a probe tells while it runs. Nothing here prints. */
import type { Bracket } from "./bracket.ts";
import type { Sample } from "./sample.ts";

export type ProbeEvent =
  /** The server is there; so many idle times will be tried, up to the longest. */
  | {
      readonly event: "plan";
      readonly idleTimesMs: readonly number[];
      readonly answerWithinMs: number;
      readonly serverLeaseMsMax: number | undefined;
    }
  | { readonly event: "opened"; readonly count: number; readonly of: number }
  /** May come twice for one idle time: what came late corrects the first verdict. */
  | { readonly event: "sample"; readonly sample: Sample }
  | { readonly event: "bracket"; readonly bracket: Bracket }
  | { readonly event: "outage"; readonly isOver: boolean }
  /** Something that will not work as wanted, or is unwise. */
  | { readonly event: "warning"; readonly text: string };

export type ObserveProbe = (event: ProbeEvent) => void;
