/** What the programs of this folder say about the product's connections. */
import type { EndRecord } from "../../../src/index.ts";
import type { Said } from "./programs.ts";

/** A connection ended. */
export interface Ended extends Said {
  readonly event: "ended";
  readonly name: string;
  readonly record: RecordFacts;
}

export type RecordFacts = Pick<
  EndRecord,
  "code" | "by" | "sentence" | "dialect" | "reset" | "endedAtWallMs" | "livedMs" | "evidence"
>;

/** What of a record fits into JSON and is looked at. */
export function factsOf(record: EndRecord): RecordFacts {
  const { code, by, sentence, dialect, reset, endedAtWallMs, livedMs, evidence } = record;
  return { code, by, sentence, dialect, reset, endedAtWallMs, livedMs, evidence };
}

/** Told to both programs: each connection whose name holds `to` sends so many bytes now. */
export interface SendOrder {
  readonly to: string;
  readonly bytes: number;
}

/** A connection with this in its name sends a message each second, from both sides. */
export const PUSHING = "pushing";
export const PUSH_EVERY_MS = 1_000;
