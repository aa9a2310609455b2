/** What happens to the workers of a cluster, for whoever tells it. */

export type ClusterChange =
  /** It listens. `replaces` is the one whose place it takes. */
  | {
      readonly what: "up";
      readonly worker: number;
      readonly pid: number | undefined;
      readonly replaces: number | undefined;
    }
  /** Its process is no more. `lost`: connections that it held when it last told, if it crashed. */
  | {
      readonly what: "ended";
      readonly worker: number;
      readonly pid: number | undefined;
      readonly code: number | null;
      readonly signal: string | null;
      readonly isOrderly: boolean;
      readonly lost: number;
    }
  /** The next one is not started at once, since they die too quickly. */
  | { readonly what: "waits"; readonly delayMs: number; readonly replaces: number | undefined }
  /** One was started and did not come to listen. */
  | { readonly what: "failed"; readonly text: string }
  /** It has said nothing for seconds: it is stopped, or very busy. It keeps its place. */
  | { readonly what: "silent"; readonly worker: number; readonly pid: number | undefined }
  | { readonly what: "answers"; readonly worker: number }
  | { readonly what: "roll"; readonly phase: "begins" | "done" | "stops" };
