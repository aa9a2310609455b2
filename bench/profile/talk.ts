/** What a client of a profile says and understands, in either dialect. */
import { encodeFrame, encodePing, FrameDecoder } from "../../src/wire/frame-codec.ts";
import { encodePreface } from "../../src/wire/preface.ts";
import type { ClientDialect } from "./orders.ts";

export interface Talk {
  /** The first bytes. */
  greeting(): Uint8Array;
  ping(): Uint8Array;
  /** How many pings these bytes answer. */
  hear(bytes: Uint8Array): number;
  /** True once, when beats may begin. */
  hasOpened(): boolean;
}

export function talkOf(dialect: ClientDialect): Talk {
  return dialect === "line" ? new LineTalk() : new FrameTalk();
}

const LF = 0x0a;
const PING_LINE = Uint8Array.from(Buffer.from("ping\n"));
const NEXT_MS = 30_000;

/** It counts lines: the server of a profile says nothing but pongs. The first one opens. */
class LineTalk implements Talk {
  #phase: "new" | "opened" | "told" = "new";

  greeting(): Uint8Array {
    return PING_LINE;
  }

  ping(): Uint8Array {
    return PING_LINE;
  }

  hear(bytes: Uint8Array): number {
    let lines = 0;
    for (const byte of bytes) if (byte === LF) lines += 1;
    if (this.#phase !== "new" || lines === 0) return lines;
    this.#phase = "opened";
    return lines - 1;
  }

  hasOpened(): boolean {
    if (this.#phase !== "opened") return false;
    this.#phase = "told";
    return true;
  }
}

class FrameTalk implements Talk {
  readonly #decoder = new FrameDecoder({ role: "client" });
  #seq = 0;
  #welcomed = false;

  greeting(): Uint8Array {
    const hello = {
      agent: "profile",
      intervalMsMin: NEXT_MS,
      intervalMsMax: NEXT_MS,
      nextMs: NEXT_MS,
      messageBytesMax: 1024 * 1024,
    };
    return Buffer.concat([encodePreface(), encodeFrame({ kind: "hello", hello })]);
  }

  ping(): Uint8Array {
    this.#seq += 1;
    return encodePing(this.#seq, NEXT_MS);
  }

  hear(bytes: Uint8Array): number {
    let pongs = 0;
    this.#decoder.push(bytes);
    for (let item = this.#decoder.next(); item; item = this.#decoder.next()) {
      if (item.kind === "pong") pongs += 1;
      else if (item.kind === "welcome") this.#welcomed = true;
      else if (item.kind !== "preface") throw new Error(`${item.kind} came, and was not expected`);
    }
    return pongs;
  }

  hasOpened(): boolean {
    const hasOpened = this.#welcomed;
    this.#welcomed = false;
    return hasOpened;
  }
}
