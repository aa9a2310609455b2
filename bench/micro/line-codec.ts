/** The line codec alone. Every decode goes on until the codec is dry, as the machine does. */
import { LineCodec } from "../../src/wire/line-codec.ts";
import { encodeLine, lineWords } from "../../src/wire/line-words.ts";
import { bytewise, type Decoder, whole } from "./decoding.ts";
import type { MicroGroup, MicroTask } from "./task.ts";
import { expectSame } from "./task.ts";

const WORDS = lineWords("ping", "pong");
const LINE_BYTES_MAX = 64 * 1024;
const TEXT_63 = "a line of text, as programs and people write them to each other";
const TEXT_LINE = encodeLine(TEXT_63);

function codec(): Decoder {
  return new LineCodec(WORDS, LINE_BYTES_MAX);
}

export const lineCodec: MicroGroup = {
  title: "line codec",
  tasks: () => [
    whole("line: decode ping", codec(), WORDS.pingBytes, { kind: "ping" }),
    bytewise("line: decode ping, byte by byte", codec(), WORDS.pingBytes, { kind: "ping" }),
    whole("line: decode 64 B text", codec(), TEXT_LINE, text(TEXT_63)),
    bytewise("line: decode 64 B text, byte by byte", codec(), TEXT_LINE, text(TEXT_63)),
    encode(),
  ],
};

function text(line: string): unknown {
  return { kind: "text", text: line, replaced: false };
}

function encode(): MicroTask {
  return {
    name: "line: encode 64 B text",
    check: () => expectSame(Buffer.from(encodeLine(TEXT_63)).toString(), `${TEXT_63}\n`),
    run(times) {
      let bytes = 0;
      for (let count = 0; count < times; count++) bytes += encodeLine(TEXT_63).length;
      return bytes;
    },
  };
}
