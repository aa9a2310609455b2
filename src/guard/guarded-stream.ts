/**
 * A guarded socket of node:net or node:tls.
 *
 * Two listeners, "end" and "close", neither of which starts or stops anything; what an error was is
 * read off the closed socket, so that there is no "error" listener which would keep a crash from
 * happening. They are shared functions that find their guarded connection on the socket.
 *
 * Easy to break: "data" is listened to for the answer to a ping, and only while the data flow
 * anyway, since a "data" listener of its own would start a flow and take bytes from the owner.
 */
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Instant } from "../base/time.ts";
import type { Ending, GuardRecord } from "./guard-record.ts";
import { Guarded } from "./guarded.ts";
import { mark, marked } from "./mark.ts";
import type { Surroundings } from "./surroundings.ts";
import { faultEnding } from "./system-fault.ts";

export class GuardedStream extends Guarded {
  readonly target: Socket;
  #listensToData = false;

  constructor(target: Socket, number: number, around: Surroundings, now: Instant) {
    super(number, around, now);
    this.target = target;
    mark(target, this);
    // First, since the listener of an owner may answer an end with one of his own.
    target.prependListener("end", onEnd);
    target.on("close", onClose);
    this.begin(target, now);
  }

  override get isClosed(): boolean {
    return this.target.closed;
  }

  override get canBeAsked(): boolean {
    const { target } = this;
    return this.around.config.ping !== undefined && target.writable && this.isConnected;
  }

  override get queuedBytes(): number {
    return this.target.writableLength;
  }

  /** The peer ended its side. */
  handleEnd(): void {
    if (!this.target.writableEnded) this.peerBegan = true;
  }

  handleClose(): void {
    this.closed(this.endingNow());
  }

  handleData(chunk: Uint8Array | string): void {
    const seq = this.askedSeq;
    const ping = this.around.config.ping;
    if (seq === undefined || ping === undefined) return;
    // With setEncoding the owner gets text, and so do we.
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, this.#encoding) : chunk;
    let isAnswer = false;
    try {
      isAnswer = ping.isAnswer(bytes);
    } catch (error) {
      this.around.report(error);
    }
    if (!isAnswer || this.hasEnded) return;
    this.answered(seq);
  }

  protected override endingNow(): Ending {
    const { errored } = this.target;
    return faultEnding(errored) ?? this.#ordinaryEnding(errored);
  }

  protected override ask(): void {
    const { ping } = this.around.config;
    if (ping !== undefined) this.target.write(ping.bytes);
  }

  protected override sayGoodbye(): void {
    this.target.end();
  }

  protected override abandon(): void {
    this.target.destroy();
  }

  protected override onLook(now: Instant): void {
    const { target } = this;
    const wanted = this.awaitsAnswer(now) && target.readableFlowing === true;
    if (wanted === this.#listensToData) return;
    this.#listensToData = wanted;
    if (wanted) target.on("data", onData);
    else target.off("data", onData);
  }

  protected override unwire(): void {
    const { target } = this;
    target.off("end", onEnd).off("close", onClose);
    if (this.#listensToData) target.off("data", onData);
    mark(target, undefined);
  }

  get #encoding(): BufferEncoding {
    return this.target.readableEncoding ?? "utf8";
  }

  #ordinaryEnding(errored: Error | null): Ending {
    const peerSaid: GuardRecord["peerSaid"] = undefined;
    const cause = errored ?? undefined;
    const detail = cause?.message ?? "";
    return this.peerBegan && cause === undefined
      ? { code: "CLOSED_BY_PEER", by: "peer", detail, cause, peerSaid }
      : { code: "CLOSED_HERE", by: "here", detail, cause, peerSaid };
  }
}

function onEnd(this: Socket): void {
  (marked(this) as GuardedStream | undefined)?.handleEnd();
}

function onClose(this: Socket): void {
  (marked(this) as GuardedStream | undefined)?.handleClose();
}

function onData(this: Socket, chunk: Uint8Array | string): void {
  (marked(this) as GuardedStream | undefined)?.handleData(chunk);
}
