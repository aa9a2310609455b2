/**
 * What messages a peer may send: the first one decides between frames and lines, and every later
 * one is of that kind.
 *
 * Easy to break: a client knows what is spoken before anybody said a word, and meets servers that
 * speak otherwise; that is a wrong url, and not a broken rule.
 */
import type { ErrorCode } from "../../base/errors.ts";
import { PROTOCOL_ERROR, TOO_BIG, UNSUPPORTED } from "./close-word.ts";
import { BINARY_BYTES_MAX, hasLineBreak } from "./message-reader.ts";
import type { Speech } from "./message-writer.ts";

export interface MessageFault {
  readonly code: ErrorCode;
  /** The number for the close frame. */
  readonly close: number;
  readonly detail: string;
}

export class MessageCheck {
  /** What is spoken; undefined until that is known. */
  speech: Speech | undefined;
  readonly #firstByte: number | undefined;
  /** The peer has sent a message that decides. */
  #isDecided = false;

  /** `firstByte`: with what binary messages have to begin the stream; undefined: anything. */
  constructor(speech: Speech | undefined, firstByte: number | undefined) {
    this.speech = speech;
    this.#firstByte = firstByte;
  }

  /** Undefined: the message is in order, and counts as sent. */
  faultOf(data: Uint8Array, isBinary: boolean): MessageFault | undefined {
    const fault = this.#kindFault(isBinary) ?? this.#contentFault(data, isBinary);
    if (fault !== undefined) return fault;
    this.#isDecided = true;
    this.speech = isBinary ? "binary" : "text";
    return undefined;
  }

  #kindFault(isBinary: boolean): MessageFault | undefined {
    const { speech } = this;
    if (speech === undefined || isBinary === (speech === "binary")) return undefined;
    const came = isBinary ? "a binary message" : "a text message";
    if (this.#isDecided) {
      const detail = `${came} came where those before were ${speech}`;
      return { code: "WEBSOCKET_INVALID", close: UNSUPPORTED, detail };
    }
    const detail = `${came} came where ${isBinary ? "lines" : "frames"} were expected`;
    return { code: "WRONG_DIALECT", close: UNSUPPORTED, detail };
  }

  #contentFault(data: Uint8Array, isBinary: boolean): MessageFault | undefined {
    if (!isBinary) {
      if (!hasLineBreak(data)) return undefined;
      const detail = "a text message holds a line break";
      return { code: "WEBSOCKET_INVALID", close: PROTOCOL_ERROR, detail };
    }
    if (data.length > BINARY_BYTES_MAX) {
      const detail = `a binary message has ${data.length} bytes; the limit is ${BINARY_BYTES_MAX}`;
      return { code: "WEBSOCKET_INVALID", close: TOO_BIG, detail };
    }
    const isBegun = this.#isDecided || this.#firstByte === undefined;
    if (isBegun || data[0] === this.#firstByte) return undefined;
    const detail =
      "the first binary message does not begin with the preface of Holdfast; " +
      "lines are sent as text messages";
    return { code: "WRONG_DIALECT", close: UNSUPPORTED, detail };
  }
}
