/** One way to die, as each end finds it and as its kernel alone would. */
import type { Finding } from "./kernel-alone.ts";

export type WayId =
  | "closed"
  | "far-behind"
  | "frozen"
  | "greeting"
  | "half-message"
  | "mass"
  | "reset"
  | "slept"
  | "stall"
  | "takes-nothing"
  | "unacknowledged"
  | "vanished";

export interface EndOfWay extends Finding {
  /** What the kernel would do without a heartbeat; undefined where it has no part in it. */
  readonly alone: Finding | undefined;
}

export interface WayToDie {
  readonly id: WayId;
  readonly title: string;
  /** What the client finds. */
  readonly client: EndOfWay;
  /** What the server finds. */
  readonly server: EndOfWay;
}
