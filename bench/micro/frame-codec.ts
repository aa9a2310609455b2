/** The frame codec alone. Every decode goes on until the decoder is dry, as the machine does. */
import {
  encodeFrame,
  encodePart,
  encodePing,
  encodePong,
  FrameDecoder,
} from "../../src/wire/frame-codec.ts";
import { encodePreface } from "../../src/wire/preface.ts";
import { bytewise, whole } from "./decoding.ts";
import { expectSame, type MicroGroup, type MicroTask } from "./task.ts";

/** As of a connection that has beaten for days: two bytes of number, three of promise. */
const SEQ = 12_345;
const NEXT_MS = 30_000;
const PING = encodePing(SEQ, NEXT_MS);
const TEXT_64 = encodePart("text", false, new Uint8Array(64).fill(0x61));
const TEXT_1024 = encodePart("text", false, new Uint8Array(1024).fill(0x61));
const PAYLOAD_64 = new Uint8Array(64).fill(0x61);

export const frameCodec: MicroGroup = {
  title: "frame codec",
  tasks: () => [
    whole("frame: decode PING", decoder(), PING, ping()),
    bytewise("frame: decode PING, byte by byte", decoder(), PING, ping()),
    encodingPong(),
    whole("frame: decode TEXT of 64 B", decoder(), TEXT_64, part(64)),
    bytewise("frame: decode TEXT of 64 B, byte by byte", decoder(), TEXT_64, part(64)),
    whole("frame: decode TEXT of 1 KB", decoder(), TEXT_1024, part(1024)),
    bytewise("frame: decode TEXT of 1 KB, byte by byte", decoder(), TEXT_1024, part(1024)),
    encodingText(),
  ],
};

/** One that has seen the preface. */
export function decoder(): FrameDecoder {
  const made = new FrameDecoder({ role: "server" });
  made.push(encodePreface());
  made.next();
  return made;
}

function ping(): unknown {
  return { kind: "ping", seq: SEQ, nextMs: NEXT_MS };
}

function part(length: number): unknown {
  const payload = new Uint8Array(length).fill(0x61);
  return { kind: "part", type: "text", more: false, payload };
}

function encodingPong(): MicroTask {
  return {
    name: "frame: encode PONG",
    check: () => expectSame(encodePong(SEQ, 0), encodeFrame({ kind: "pong", seq: SEQ, nextMs: 0 })),
    run(times) {
      let sum = 0;
      for (let count = 0; count < times; count++) sum += encodePong(SEQ + (count & 7), 0)[3] ?? 0;
      return sum;
    },
  };
}

function encodingText(): MicroTask {
  return {
    name: "frame: encode TEXT of 64 B",
    check: () => expectSame(encodePart("text", false, PAYLOAD_64), TEXT_64),
    run(times) {
      let sum = 0;
      for (let count = 0; count < times; count++) {
        sum += encodePart("text", false, PAYLOAD_64).length;
      }
      return sum;
    },
  };
}
