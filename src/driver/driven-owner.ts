/** Who holds driven connections, and what is around them: what driven.ts calls. */
import type { Clock } from "../base/time.ts";
import type { BeatEffect, Dialect, Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Verdict } from "../liveness/monitor.ts";
import type { GoAway, Hello, Welcome } from "../wire/frame.ts";
import type { Alarms } from "./alarms.ts";
import type { Driven } from "./driven.ts";
import type { RestPath } from "./rest-path.ts";

/** Who holds driven connections: one object for all connections of a server, or a link. */
export interface DrivenOwner {
  /** The first byte opens a handshake; in the line dialect `onOpened` comes at once instead. */
  onGreeting(driven: Driven): void;
  /** What had to be agreed on before the first byte (TLS, an upgrade) is. */
  onReady(driven: Driven): void;
  onHello(driven: Driven, hello: Hello): void;
  onOpened(driven: Driven, dialect: Dialect, welcome: Welcome | undefined): void;
  onMessage(driven: Driven, data: Message): void;
  onVerdict(driven: Driven, verdict: Verdict, was: Verdict): void;
  onBeat(driven: Driven, beat: BeatEffect): void;
  /** The first ping of the transport's own protocol, from a peer that has said no byte. */
  onNativePinged?(driven: Driven): void;
  /** Whether `onRestBeat` is of use now. */
  readonly wantsRestBeats?: boolean;
  /** A peer at rest has sent its ping number `seq`. For owners whose connections may rest. */
  onRestBeat?(driven: Driven, seq: number): void;
  onGoAway(driven: Driven, goaway: GoAway): void;
  /** The outbox is below its high-water mark again. */
  onDrained(driven: Driven): void;
  /** All that was sent is confirmed. */
  onDelivered(driven: Driven): void;
  /** Everything speaks for death: call `driven.condemn()` or `driven.hold(ms)`, now or later. */
  onJudge(driven: Driven): void;
  /** How many more bytes (fewer: negative) this connection and its transport hold than before. */
  onHeldBytes(driven: Driven, change: number): void;
  /** Last, and once. `unwritten` had no byte written and is not part of `record.undelivered`. */
  onEnd(driven: Driven, record: EndRecord, unwritten: readonly Message[]): void;
}

export interface DrivenSurroundings {
  readonly clock: Clock;
  readonly alarms: Alarms;
  /** Reports what a handler threw, as uncaught, later. */
  readonly report: (error: unknown) => void;
  /** Where quiet peers lie down; left out where none may. */
  readonly rest?: RestPath | undefined;
}
