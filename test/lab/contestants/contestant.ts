/**
 * One way of keeping a connection alive: a server and a client of it, one connection between them.
 *
 * A contestant tells when its end of the connection is in use and when it ended, on the clock that
 * all processes of a machine share. It never dials twice: what an end finds, it finds by itself.
 */
import type { LabOptions } from "../bounds.ts";

export const CONTESTANTS = ["holdfast-frame", "holdfast-line", "net", "ws"] as const;
export type ContestantId = (typeof CONTESTANTS)[number];

export interface EndFacts {
  /** Why, in a word: a code of the product or of the system. */
  readonly how: string;
  /** When the last byte was heard; undefined when none was. */
  readonly heardAtMs: number | undefined;
  /** By how much the product shifted its deadlines since its own process was late. */
  readonly ourLatenessMs: number;
}

export interface Listener {
  /** A message went both ways. */
  open(): void;
  ended(facts: EndFacts): void;
}

export interface ServerEnd {
  readonly port: number;
  /** Sends a message of so many bytes, where there is a connection. */
  send(bytes: number): void;
}

export type ClientEnd = Pick<ServerEnd, "send">;

export interface Contestant {
  serve(host: string, options: LabOptions, tell: Listener): Promise<ServerEnd>;
  dial(host: string, port: number, options: LabOptions, tell: Listener): ClientEnd;
}

/** Said by the client first, and given back by the server. */
export const HELLO = "hello";

/** CLOCK_MONOTONIC: the same in all processes, other than `performance.now()`. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Tells the first time only: a later connection is not part of the contest. */
export function once(tell: Listener): Listener {
  let hasOpened = false;
  let hasEnded = false;
  return {
    open: () => {
      if (!hasOpened) tell.open();
      hasOpened = true;
    },
    ended: (facts) => {
      if (!hasEnded) tell.ended(facts);
      hasEnded = true;
    },
  };
}
