/**
 * What a checker may know besides the events: how everything was configured, and the present state
 * of what can be counted from outside.
 */
import type { LinkStatus } from "../client/status.ts";
import type { Driven } from "../driver/driven.ts";
import type { RedialConfig } from "../redial/redial-policy.ts";
import type { SimEvent } from "./sim-event.ts";

export interface ClientTerms {
  readonly dialect: "line" | "frame";
  /** Where it adapts, the longest that nobody has to be told of. */
  readonly intervalMs: number;
  readonly adapts: boolean;
  /** False: the peer never answers a ping. */
  readonly answersExpected: boolean;
  /** The client of its own that pages have: what a page cannot know or do, it is excused for. */
  readonly isPage: boolean;
  readonly answerWithinMs: number | false;
  readonly timeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly pauseMsMax: number;
  readonly stallToleranceMs: number;
  readonly outboxBytesMax: number;
  readonly inboxBytesMax: number;
  readonly redial: RedialConfig;
}

export interface ServerTerms {
  readonly timeoutMs: number;
  readonly leaseMsMin: number;
  readonly leaseMsMax: number;
  readonly answerWithinMs: number | false;
  readonly drainTimeoutMs: number;
  readonly pauseMsMax: number;
  readonly stallToleranceMs: number;
  readonly handshakeTimeoutMs: number;
  readonly pingIntervalMsMin: number | false;
  readonly bufferBytesTotalMax: number;
  readonly reconnectWindowMs: number;
  readonly tickMs: number;
}

export interface LinkView {
  readonly name: string;
  readonly host: string;
  readonly terms: ClientTerms;
  readonly status: LinkStatus;
  /**
   * Alarms that the link itself has set (waits, attempt deadlines), without those of its watch. A
   * page has one for everything.
   */
  readonly alarmsArmed: number;
  /** Dials under way: the kernel is asked for a connection and has not answered. */
  readonly dialsUnderWay: number;
  /** TCP connections of this link that are open at its kernel. */
  readonly flowsOpen: number;
  /** Since when the application has been so far behind that nothing should be read for it. */
  readonly behindSinceMs: number | undefined;
  /** What waits in the outbox, where no machine could be looked into. */
  readonly outboxBytes: number | undefined;
}

export interface ServerView {
  readonly host: string;
  readonly terms: ServerTerms;
  readonly isUp: boolean;
  readonly open: number;
  readonly bufferedBytes: number;
}

export interface WorldView {
  readonly nowMs: number;
  readonly links: readonly LinkView[];
  readonly servers: readonly ServerView[];
  /** The machine at one end of a flow, while it is there. For looking, not for touching. */
  machine(flow: number, side: "client" | "server"): Driven | undefined;
  /** How late the process of this host was, in sum, between two true times. */
  latenessMs(host: string, fromMs: number, untilMs: number): number;
}

export interface Finding {
  readonly checker: string;
  readonly atMs: number;
  readonly sentence: string;
}

/** Judges one promise. Made anew for each run; told every event in order, and the end. */
export interface Checker {
  readonly name: string;
  onEvent(event: SimEvent): void;
  /** Now and then, at least once in five simulated seconds, and once at the end. */
  onLook(view: WorldView): void;
  onOver(view: WorldView): void;
}

export type MakeChecker = (
  view: WorldView,
  report: (finding: Omit<Finding, "checker">) => void,
) => Checker;
