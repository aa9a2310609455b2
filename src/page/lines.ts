/**
 * The line dialect for pages: each text message is a line, for servers that know nothing of
 * Holdfast. Handed in by the door that has it, so that nobody else carries it.
 */
import { HoldfastError } from "../base/errors.ts";
import type { Message } from "../connection/effects.ts";
import { WRONG_DIALECT_LINE } from "../connection/greetings.ts";
import { type Heard, PING, PONG, TEXT } from "./frames.ts";
import type { LinesOfDoor, PageLineConfig } from "./extras.ts";
import { readOptions } from "./page-options.ts";
import type { Speech } from "./speech.ts";

const WORD = "1 to 64 characters without a line break";

const NOTHING: Uint8Array = Uint8Array.of();

class Lines implements Speech {
  readonly #config: PageLineConfig;
  #isBegun = false;

  constructor(config: PageLineConfig) {
    this.#config = config;
  }

  get isLine(): true {
    return true;
  }

  hello(): undefined {}

  ack(): undefined {}

  end(): undefined {}

  ping(): string {
    return this.#config.ping;
  }

  pong(): string | undefined {
    const { pong } = this.#config;
    return pong === false ? undefined : pong;
  }

  /** A line is one message, however long, so it goes out with its first part. */
  part(data: Message, _body: Uint8Array, at: number): Message | undefined {
    return at > 0 ? undefined : data;
  }

  *hear(data: unknown, bytes: Uint8Array): Generator<Heard> {
    const { ping, pong, lineBytesMax } = this.#config;
    if (typeof data !== "string") {
      const code = this.#isBegun ? "WEBSOCKET_INVALID" : "WRONG_DIALECT";
      throw new HoldfastError(code, "a binary message came");
    }
    if (!this.#isBegun && data === WRONG_DIALECT_LINE) {
      throw new HoldfastError("WRONG_DIALECT", "this server speaks frames");
    }
    this.#isBegun = true;
    const end = /\r?\n$/.exec(data)?.[0].length ?? 0;
    const text = data.slice(0, data.length - end);
    if (text.includes("\n")) {
      throw new HoldfastError("WEBSOCKET_INVALID", "a line holds a line feed");
    }
    if (bytes.length > lineBytesMax) {
      throw new HoldfastError("LINE_TOO_LONG", `a text message has ${bytes.length} bytes`);
    }
    const type = text === ping ? PING : text === pong ? PONG : TEXT;
    const payload = type === TEXT ? bytes.subarray(0, bytes.length - end) : NOTHING;
    yield { type, first: 0, second: 0, payload };
  }
}

/** Why this is no line; undefined when it is one. */
function whyNoLine(data: Message, { ping, pong }: PageLineConfig): string | undefined {
  if (typeof data !== "string") return "a line is text, not bytes";
  if (/[\r\n]/.test(data)) return "a line cannot hold a line feed or a carriage return";
  if (data === ping) return "the text is the ping word, which a peer would answer";
  if (data === pong) return "the text is the pong word, which a peer would take for an answer";
  return undefined;
}

function isWord(value: unknown): boolean {
  return typeof value === "string" && /^[^\r\n]{1,64}$/.test(value);
}

export const LINES: LinesOfDoor = {
  rules: {
    pong: [
      (pong) => pong === "expected" || pong === "none",
      'one of "expected", "none"',
      "expected",
    ],
  },
  readLine: (options) => {
    const line = readOptions("line", options, "lineBytesMax 16 1073741824 1048576", {
      ping: [isWord, WORD, "ping"],
      pong: [(word) => word === false || isWord(word), `${WORD}, or false`, "pong"],
    }) as unknown as PageLineConfig;
    if (line.ping !== line.pong) return line;
    const text = "line: `ping` and `pong` must differ, or each would answer itself";
    throw new HoldfastError("OPTION_INVALID", text);
  },
  speechOf: (config) => new Lines(config),
  whyNoLine,
};
