/** What a connection has to know before its first byte. Nothing here is optional. */
import type { Random } from "../base/random.ts";
import type { StallLog } from "../liveness/stall-log.ts";
import type { PreviousReport } from "../wire/frame.ts";
import type { LineWords } from "../wire/line-words.ts";
import type { Pace } from "./pace.ts";

export interface ConnectionConfig {
  readonly role: "client" | "server";
  /** Client: the dialect of the url. Server: what this port accepts. */
  readonly accepts: { readonly line: boolean; readonly frame: boolean };
  readonly words: LineWords;
  readonly lineBytesMax: number;
  readonly messageBytesMax: number;
  /** `send` throws above it. Counts what is not acknowledged, or in lines not taken, yet. */
  readonly outboxBytesMax: number;
  /** `send` returns false above it. */
  readonly outboxHighWaterBytes: number;
  readonly handshakeTimeoutMs: number;
  /** How long the peer has to close its side after we closed ours. */
  readonly closeTimeoutMs: number;
  readonly liveness: LivenessLimits;
  readonly agent: string;
}

/** The numbers of the liveness rules that a connection needs; liveness/options.ts explains each. */
export interface LivenessLimits {
  /** Client: own beats, unless the server's limits say otherwise. Server: false. */
  readonly intervalMs: number | false;
  readonly answerWithinMs: number | false;
  /** False for `pong: "none"`: the peer never answers. */
  readonly answersExpected: boolean;
  readonly timeoutMs: number;
  readonly leaseMsMin: number;
  readonly leaseMsMax: number;
  readonly drainTimeoutMs: number;
  readonly pauseMsMax: number;
  readonly pingIntervalMsMin: number | false;
}

/** What differs from one connection to the next. */
export interface ConnectionIdentity {
  readonly id: string;
  /** Server: told in WELCOME. Client: empty. */
  readonly secret: string;
}

/** Client: what HELLO says beyond the config. */
export interface Greeting {
  readonly token: string | undefined;
  readonly previous: { readonly id: string; readonly secret: string } | undefined;
}

/** Server: what WELCOME says beyond the config. */
export interface WelcomeTerms {
  readonly epoch: string;
  readonly reconnectWindowMs: number;
  readonly previous: PreviousReport | undefined;
  readonly networkKey: string | undefined;
}

/** What the machine is given besides its config: shared by all connections of a server or link. */
export interface ConnectionContext {
  readonly stalls: StallLog;
  readonly random: Random;
  /** Client: who decides the interval, where it is not fixed. */
  readonly pace?: Pace | undefined;
}
