/** What a connection asks of its driver, one at a time, through `poll()`. */
import type { ErrorCode } from "../base/errors.ts";
import type { Verdict } from "../liveness/monitor.ts";
import type { GoAway, Hello, Welcome } from "../wire/frame.ts";
import type { EndFacts } from "./end-record.ts";

/** Why we leave, as told to the peer. */
export interface LastWord {
  readonly code: string;
  readonly reason: string;
}

/** A message of the application: text as string, binary as bytes, as with WebSocket. */
export type Message = string | Uint8Array;

export type Dialect = "line" | "frame";

export type Effect =
  /** Hand these bytes to the transport; say by `handleWritten` whether the kernel took them. */
  | { readonly do: "write"; readonly bytes: Uint8Array }
  /** Nothing more will be written: send FIN, with `word` where the transport has words. */
  | { readonly do: "finish"; readonly word: LastWord }
  | { readonly do: "pause" }
  | { readonly do: "resume" }
  /** Ask the transport for the unacknowledged bytes, then call `handleUnacked`. */
  | { readonly do: "measure" }
  /** Server: the first byte came, and it opens a handshake. */
  | { readonly do: "greeting" }
  /** Server: answer with `welcome` or `refuse`. */
  | { readonly do: "hello"; readonly hello: Hello }
  /** The application may send and will receive. A frame client gets the server's WELCOME. */
  | { readonly do: "opened"; readonly dialect: Dialect; readonly welcome: Welcome | undefined }
  | { readonly do: "deliver"; readonly data: Message }
  | { readonly do: "verdict"; readonly verdict: Verdict; readonly was: Verdict }
  /** A heartbeat was answered, after `rttMs` where that could be told. */
  | BeatEffect
  /** Client: the server is going away or sends us elsewhere. */
  | { readonly do: "goaway"; readonly goaway: GoAway }
  /** The outbox is below its high-water mark again. */
  | { readonly do: "drained" }
  /** All that was sent is acknowledged (frame) or taken by the kernel (line). */
  | { readonly do: "delivered" }
  /** Everything speaks for death. Answer with `condemn` or `hold`. */
  | { readonly do: "judge" }
  /** The last effect. Reset the transport, unless it is closed already. */
  | { readonly do: "end"; readonly facts: EndFacts };

/** Flat, since it is one of the two effects of every beat, and hardly anybody listens to it. */
export interface BeatEffect extends Beat {
  readonly do: "beat";
}

/** What an application is told, which is to be made only where one listens. */
export function beatOf({ of, seq, rttMs, nextMs }: BeatEffect): Beat {
  return { of, seq, rttMs, nextMs };
}

export interface Beat {
  /** "ours": our ping was answered. "theirs": the peer's ping was heard. */
  readonly of: "ours" | "theirs";
  /** Counted from 1 on each connection and side. */
  readonly seq: number;
  readonly rttMs: number | undefined;
  /** When the peer promised to speak again; 0 for no promise. */
  readonly nextMs: number;
}

/** What a server says to a peer that it does not let in, or sends away. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly retry: GoAway["retry"];
  readonly afterMs: number;
  readonly spreadMs: number;
}

/** The answer to "measure". */
export interface Measure {
  /** What the peer's kernel has not acknowledged; undefined where that cannot be known. */
  readonly unackedBytes: number | undefined;
  /** What our own kernel has not taken. */
  readonly unsentBytes: number;
  /** The peer's kernel answers, and has no room: its application does not read, or slowly. */
  readonly windowIsShut: boolean;
}
