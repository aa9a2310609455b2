/** What a server tells its listeners. */
import type { ErrorCode } from "../base/errors.ts";
import type { Beat, Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Verdict } from "../liveness/monitor.ts";
import type { ServerConnection } from "./server-connection.ts";

export interface ServerEvents {
  /** Somebody came in; no byte was heard yet. `remote` is the peer's address. */
  accepted: [remote: string, id: string];
  /** Messages may flow: the first line came, or the handshake is complete. */
  connection: [connection: ServerConnection];
  message: [connection: ServerConnection, data: Message];
  verdict: [connection: ServerConnection, verdict: Verdict, was: Verdict];
  /** A heartbeat was heard, or one of ours was answered. */
  beat: [connection: ServerConnection, beat: Beat];
  /** Less is queued than the high-water mark again, after `send` returned false. */
  drain: [connection: ServerConnection];
  /** All that was sent to it is acknowledged (frame), or taken by the kernel (line). */
  delivered: [connection: ServerConnection];
  /** Exactly one for each that was accepted, and the last word about it. */
  end: [connection: ServerConnection, record: EndRecord];
  /**
   * Somebody was turned away, at the door or because of its credentials. `detail` says what came
   * instead, where the code alone does not, and is safe to print.
   */
  rejected: [code: ErrorCode, address: string, detail: string | undefined];
}
