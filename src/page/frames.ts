/**
 * The frame dialect as a page needs it: what a client says and hears, in messages of whole frames.
 *
 * The codec in wire/ takes streams that may be cut anywhere, for both roles; a WebSocket has
 * borders, so what stands here is a quarter of it. Both are held to the same vectors, and to each
 * other, by tests. Easy to break: a message of another peer may hold anything, so whatever is read
 * is within what came, and what is wrong is thrown as a HoldfastError for the connection to catch.
 */
import { type ErrorCode, HoldfastError } from "../base/errors.ts";
import type { Message } from "../connection/effects.ts";
import type { Speech } from "./speech.ts";

const HELLO = 1;
export const WELCOME = 2;
export const PING = 3;
export const PONG = 4;
export const TEXT = 5;
const BINARY = 6;
export const CONT = 7;
export const ACK = 8;
export const SLOW = 9;
export const GOAWAY = 10;
export const END = 11;

/** Types from here on must be understood. */
const MANDATORY = 0x80;
const SKIPPED_IN_ROW_MAX = 64;
/** Of one message (docs/protocol.md, section 9). */
const MESSAGE_BYTES_MAX = 131_072;
const PREFACE = [0xf8, 0x48, 0x46, 1] as const;
/** By type: how long a body may be that comes to a client; HELLO never does. */
const BODY_BYTES_MAX = [undefined, -1, 16_384, 16, 16, 65_536, 65_536, 65_536, 16, 8, 2_048, 2_048];

const WELCOME_FIELDS = [
  "id secret epoch",
  "leaseMsMin leaseMsMax timeoutMs pingIntervalMsMin messageBytesMax nextMs reconnectWindowMs",
] as const;
const GOAWAY_FIELDS = ["reason retry", "afterMs spreadMs"] as const;

/** By type: with how many numbers a body begins. */
const NUMBERS = [0, 0, 0, 2, 2, 1, 1, 1, 2, 1, 0, 1];

/** What one part of a message may carry. */
export const PART_BYTES_MAX = 65_535;

/** What a client hears. What the fields mean depends on the type. */
export interface Heard {
  readonly type: number;
  /** PING, PONG: seq; ACK: messages; SLOW: the interval; a part: its flags; END: of the code. */
  readonly first: number;
  /** PING, PONG: nextMs; ACK: bytes of the message under way. */
  readonly second: number;
  /** What is left of the body: a view of the message that it came in. */
  readonly payload: Uint8Array;
}

const NOTHING = Uint8Array.of();
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Numbers as varints, bytes as they are. */
function frame(type: number, fields: readonly (number | Uint8Array)[]): Uint8Array {
  const body = join(fields.map((field) => (typeof field === "number" ? varint(field) : field)));
  return join([Uint8Array.of(type), varint(body.length), body]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}

export function join(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Undefined: it is not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The frames of one connection. */
export class Frames implements Speech {
  #bytes: Uint8Array = NOTHING;
  #at = 0;
  #end = 0;
  #isBegun = false;
  #skipped = 0;

  get isLine(): false {
    return false;
  }

  /** The preface, and HELLO after it. */
  hello(hello: object): Uint8Array {
    return join([Uint8Array.from(PREFACE), frame(HELLO, [utf8(JSON.stringify(hello))])]);
  }

  ping(seq: number, nextMs: number): Uint8Array {
    return frame(PING, [seq, nextMs]);
  }

  pong(seq: number, nextMs: number): Uint8Array {
    return frame(PONG, [seq, nextMs]);
  }

  ack(messages: number, partBytes: number): Uint8Array {
    return frame(ACK, [messages, partBytes]);
  }

  part(data: Message, body: Uint8Array, at: number): Uint8Array {
    const end = at + PART_BYTES_MAX;
    const type = at > 0 ? CONT : typeof data === "string" ? TEXT : BINARY;
    return frame(type, [end < body.length ? 1 : 0, body.subarray(at, end)]);
  }

  end(code: string, reason: string): Uint8Array {
    return frame(END, [code.length, utf8(code + reason)]);
  }

  *hear(data: unknown, message: Uint8Array): Generator<Heard> {
    if (typeof data === "string") {
      fail("a text message came", this.#isBegun ? "WEBSOCKET_INVALID" : "WRONG_DIALECT");
    }
    if (message.length > MESSAGE_BYTES_MAX) fail("a message is too long", "WEBSOCKET_INVALID");
    this.#bytes = message;
    this.#at = 0;
    if (!this.#isBegun && message.length > 0) this.#readPreface(message);
    while (this.#at < message.length) {
      this.#end = message.length;
      const type = message[this.#at++] as number;
      const length = this.#whole();
      this.#end = this.#at + length;
      const bytesMax = BODY_BYTES_MAX[type];
      if (this.#end > message.length) fail("a message ended inside a frame");
      this.#skipped = bytesMax === undefined ? this.#skipped + 1 : 0;
      if (this.#skipped > SKIPPED_IN_ROW_MAX || (bytesMax === undefined && type >= MANDATORY)) {
        fail(`frames of type ${type} are unknown`);
      }
      if (length > (bytesMax ?? 65_536)) fail(`a frame of type ${type} has ${length} bytes`);
      if (bytesMax !== undefined) yield this.#frame(type);
      this.#at = this.#end;
    }
  }

  #readPreface(message: Uint8Array): void {
    this.#isBegun = true;
    if (PREFACE.some((byte, at) => at < 3 && message[at] !== byte)) {
      fail("the first bytes are not the preface F8 48 46", "WRONG_DIALECT");
    }
    const version = message[3];
    if (version !== 1) fail(`version ${version} is not spoken here`, "VERSION_UNSUPPORTED");
    this.#at = 4;
  }

  #frame(type: number): Heard {
    const count = NUMBERS[type] as number;
    const first = count > 0 ? this.#whole() : 0;
    const second = count > 1 ? this.#whole() : 0;
    const payload = this.#bytes.subarray(this.#at, this.#end);
    const isPart = type >= TEXT && type <= CONT;
    const isLonger = payload.length > 0 && (count > 1 || type === SLOW);
    if (isLonger || (type <= PONG && count > 0 && first === 0) || (isPart && first > 1)) {
      fail(`a frame of type ${type} is malformed`);
    }
    return { type, first, second, payload };
  }

  /** One varint, in its shortest form. */
  #whole(): number {
    let value = 0;
    for (let unit = 1, at = this.#at; at < this.#end && unit <= 2 ** 49; unit *= 128) {
      const byte = this.#bytes[at++] as number;
      value += (byte % 128) * unit;
      if (byte > 127) continue;
      if ((byte === 0 && unit > 1) || value > Number.MAX_SAFE_INTEGER) break;
      this.#at = at;
      return value;
    }
    return fail("a number is malformed");
  }
}

/** Code and reason of END. @throws HoldfastError */
export function wordsOf({ first, payload }: Heard): { code: string; reason: string } {
  const code = textOf(payload.subarray(0, first));
  const reason = textOf(payload.subarray(first));
  const isRight = code !== undefined && /^[!-~]{1,64}$/.test(code) && code.length === first;
  return isRight && reason !== undefined ? { code, reason } : fail("END is malformed");
}

/** WELCOME or GOAWAY. @throws HoldfastError unless all fields are there that have to be. */
export function jsonOf<T>({ type, payload }: Heard): T {
  const isWelcome = type === WELCOME;
  const [texts, wholes] = isWelcome ? WELCOME_FIELDS : GOAWAY_FIELDS;
  let value: Readonly<Record<string, unknown>> | undefined;
  try {
    value = JSON.parse(textOf(payload) as string) as typeof value;
  } catch {
    // What is no JSON has no fields, either.
  }
  for (const name of `${texts} ${wholes}`.split(" ")) {
    const field = value?.[name];
    const least = name === "leaseMsMax" ? value?.["leaseMsMin"] || 1 : +/Max|^t/.test(name);
    const isRight = texts.includes(name)
      ? typeof field === "string" && (name !== "retry" || /^(now|after|never)$/.test(field))
      : Number.isSafeInteger(field) && (field as number) >= (least as number);
    if (!isRight) {
      fail(`\`${name}\` is not as it must be`, isWelcome ? "HELLO_INVALID" : "FRAME_INVALID");
    }
  }
  return value as T;
}

function fail(detail: string, code: ErrorCode = "FRAME_INVALID"): never {
  throw new HoldfastError(code, detail);
}
