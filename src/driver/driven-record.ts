/** Makes the end record: the machine gives the facts, the driver what only it can know. */
import type { EndFacts, EndRecord } from "../connection/end-record.ts";
import { endSentence } from "../connection/sentence.ts";

/** `outside`: what the transport and the wall clock tell. */
export function endRecord(
  { id, openedAtWallMs }: { readonly id: string; readonly openedAtWallMs: number },
  facts: EndFacts,
  outside: Pick<EndRecord, "remote" | "via" | "reset" | "endedAtWallMs">,
): EndRecord {
  const { code, by, dialect, livedMs, wasOpen, peerSaid, cause, evidence, undelivered } = facts;
  const { remote, via, reset, endedAtWallMs } = outside;
  return {
    id,
    code,
    by,
    sentence: endSentence(facts),
    remote,
    via,
    dialect,
    openedAtWallMs,
    endedAtWallMs,
    livedMs,
    wasOpen,
    reset,
    peerSaid,
    cause,
    evidence,
    undelivered,
    undeliveredCount: undelivered.length,
  };
}
