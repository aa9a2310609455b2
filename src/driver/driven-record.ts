/** Makes the end record: the machine gives the facts, the driver what only it can know. */
import type { EndFacts, EndRecord } from "../connection/end-record.ts";
import { endSentence } from "../connection/sentence.ts";

import type { Transport } from "../transports/transport.ts";

/** `reset`: whether the peer was sent one. */
export function endRecord(
  { id, openedAtWallMs }: { readonly id: string; readonly openedAtWallMs: number },
  facts: EndFacts,
  { kind, remote, tls }: Transport,
  reset: boolean,
  endedAtWallMs: number,
): EndRecord {
  const { code, by, dialect, livedMs, wasOpen, peerSaid, cause, evidence, undelivered } = facts;
  return {
    id,
    code,
    by,
    sentence: endSentence(facts),
    remote: remote.text,
    via: remote.proxied?.via,
    transport: kind,
    tls: tls?.protocol,
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
