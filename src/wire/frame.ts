/**
 * What the frame dialect says, as values. docs/protocol.md is normative; the codec is beside this.
 *
 * Durations and counts are whole numbers from 0 to 2^53 - 1. The codec refuses other numbers; it
 * does not judge whether a duration is reasonable: who uses one clamps it.
 */

export type Frame =
  | { readonly kind: "hello"; readonly hello: Hello }
  | { readonly kind: "welcome"; readonly welcome: Welcome }
  | { readonly kind: "ping"; readonly seq: number; readonly nextMs: number }
  | { readonly kind: "pong"; readonly seq: number; readonly nextMs: number }
  | {
      readonly kind: "part";
      readonly type: PartType;
      /** True: a CONT of the same message follows. */
      readonly more: boolean;
      /** When decoded: lent, a view that is valid until the pushed bytes are taken back. */
      readonly payload: Uint8Array;
    }
  | { readonly kind: "ack"; readonly messages: number; readonly partBytes: number }
  | { readonly kind: "slow"; readonly intervalMs: number }
  | { readonly kind: "goaway"; readonly goaway: GoAway }
  | { readonly kind: "end"; readonly code: string; readonly reason: string };

export type FrameKind = Frame["kind"];

/** TEXT and BINARY begin a message, CONT goes on with it. */
export type PartType = "text" | "binary" | "cont";

export interface Hello {
  readonly agent: string;
  readonly token?: string | undefined;
  readonly intervalMsMin: number;
  readonly intervalMsMax: number;
  readonly nextMs: number;
  readonly messageBytesMax: number;
  /** The connection that this one replaces, and the secret that proves it. */
  readonly previous?: { readonly id: string; readonly secret: string } | undefined;
  /** A session to resume. Reserved: servers of version 1 ignore it. */
  readonly session?: string | undefined;
}

export interface Welcome {
  readonly id: string;
  readonly secret: string;
  /** Changes when the server restarts. */
  readonly epoch: string;
  readonly leaseMsMin: number;
  readonly leaseMsMax: number;
  readonly timeoutMs: number;
  /** 0: the server keeps no ping budget. */
  readonly pingIntervalMsMin: number;
  readonly messageBytesMax: number;
  readonly nextMs: number;
  /** Over how long a client should spread its first redial after an unexplained end. */
  readonly reconnectWindowMs: number;
  readonly networkKey?: string | undefined;
  readonly previous?: PreviousReport | undefined;
}

/** What the server knows about the client's previous connection. */
export interface PreviousReport {
  readonly state: "open" | "ended" | "unknown";
  /** The last ping heard on it; 0 for none. */
  readonly lastPingSeq: number;
  /** How long ago its last byte was heard; absent when unknown. */
  readonly lastHeardMsAgo?: number | undefined;
  /** How it ended: one of our codes. */
  readonly code?: string | undefined;
}

export interface GoAway {
  readonly reason: string;
  readonly retry: "now" | "after" | "never";
  readonly afterMs: number;
  readonly spreadMs: number;
  readonly url?: string | undefined;
}

/** What the peer did wrong. A codec that returned one returns it again for ever. */
export interface WireFault {
  readonly kind: "fault";
  readonly code: WireFaultCode;
  /** Our own words, without the peer's text. */
  readonly detail: string;
}

export type WireFaultCode =
  | "FRAME_INVALID"
  | "HELLO_INVALID"
  | "LINE_TOO_LONG"
  | "VERSION_UNSUPPORTED"
  | "WRONG_DIALECT";

/** What the body of any frame may hold. */
export const FRAME_BODY_BYTES_MAX: number = 64 * 1024;

/** What one part of a message may carry: the body without its byte of flags. */
export const PART_BYTES_MAX: number = FRAME_BODY_BYTES_MAX - 1;

export const PROTOCOL_VERSION = 1;
