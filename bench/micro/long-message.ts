/** A message of 1 MiB in 17 parts: decoded, put together, read as text. */
import { PART_BYTES_MAX, type PartType } from "../../src/wire/frame.ts";
import { encodePart } from "../../src/wire/frame-codec.ts";
import { MessageAssembler } from "../../src/wire/message-assembler.ts";
import { decoder } from "./frame-codec.ts";
import { expectThat, type MicroGroup, type MicroTask } from "./task.ts";

const MESSAGE_BYTES = 1024 * 1024;
/** What one read of a socket gives at most. */
const READ_BYTES = 64 * 1024;

export const longMessage: MicroGroup = {
  title: "a message of 1 MiB",
  tasks: () => {
    const stream = messageInParts();
    return [
      receive("frame: 1 MiB in parts, in reads of 64 KiB", slices(stream, READ_BYTES)),
      receive("frame: 1 MiB in parts, byte by byte", slices(stream, 1)),
      send(),
    ];
  },
};

function typeAt(from: number): PartType {
  return from === 0 ? "text" : "cont";
}

function partsOf(message: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let from = 0; from < message.length; from += PART_BYTES_MAX) {
    const more = from + PART_BYTES_MAX < message.length;
    parts.push(encodePart(typeAt(from), more, message.subarray(from, from + PART_BYTES_MAX)));
  }
  return parts;
}

function messageInParts(): Uint8Array {
  return Buffer.concat(partsOf(new Uint8Array(MESSAGE_BYTES).fill(0x61)));
}

function slices(stream: Uint8Array, length: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < stream.length; from += length) {
    pieces.push(stream.subarray(from, from + length));
  }
  return pieces;
}

function receive(name: string, pieces: readonly Uint8Array[]): MicroTask {
  const frames = decoder();
  const assembler = new MessageAssembler(MESSAGE_BYTES);
  /** The characters of the messages that came out. */
  const hear = (): number => {
    let characters = 0;
    for (const piece of pieces) {
      frames.push(piece);
      for (let item = frames.next(); item !== undefined; item = frames.next()) {
        expectThat(item.kind === "part", "parts come out");
        const result = assembler.part(item.type, item.more, item.payload);
        if (result?.kind === "message") characters += result.message.length;
      }
    }
    return characters;
  };
  return {
    name,
    check: () => expectThat(hear() === MESSAGE_BYTES, "the message comes out whole"),
    run(times) {
      let characters = 0;
      for (let count = 0; count < times; count++) characters += hear();
      return characters;
    },
  };
}

function send(): MicroTask {
  const message = new Uint8Array(MESSAGE_BYTES).fill(0x61);
  return {
    name: "frame: encode 1 MiB in parts",
    check: () => expectThat(partsOf(message).length === 17, "there are 17 parts"),
    run(times) {
      let sum = 0;
      for (let count = 0; count < times; count++) sum += partsOf(message).length;
      return sum;
    },
  };
}
