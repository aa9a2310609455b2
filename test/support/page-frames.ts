/** What the frames of a page hear, in the words of the codec, so that the two can be compared. */
import { isHoldfastError } from "../../src/base/errors.ts";
import { type Frames, type Heard, jsonOf, wordsOf } from "../../src/page/frames.ts";
import type { Frame, GoAway, PartType, Welcome } from "../../src/wire/frame.ts";
import { FRAME_TYPE } from "../../src/wire/frame-types.ts";

export interface Refused {
  readonly kind: "fault";
  readonly code: string;
}

const NAME_OF: ReadonlyMap<number, keyof typeof FRAME_TYPE> = new Map(
  Object.entries(FRAME_TYPE).map(([name, type]) => [type, name as keyof typeof FRAME_TYPE]),
);

/** Frame after frame, and at last the fault, if there was one. Nothing else may be thrown. */
export function hearFrames(frames: Frames, message: Uint8Array): (Frame | Refused)[] {
  const heard: (Frame | Refused)[] = [];
  try {
    for (const one of frames.hear(undefined, message)) heard.push(frameOf(one));
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    heard.push({ kind: "fault", code: error.code });
  }
  return heard;
}

function frameOf(heard: Heard): Frame {
  const { type, first, second, payload } = heard;
  const kind = NAME_OF.get(type);
  switch (kind) {
    case "welcome":
      return { kind, welcome: jsonOf<Welcome>(heard) };
    case "goaway":
      return { kind, goaway: jsonOf<GoAway>(heard) };
    case "ping":
    case "pong":
      return { kind, seq: first, nextMs: second };
    case "ack":
      return { kind, messages: first, partBytes: second };
    case "slow":
      return { kind, intervalMs: first };
    case "end":
      return { kind, ...wordsOf(heard) };
    case "text":
    case "binary":
    case "cont":
      return partOf(kind, first, payload);
    default:
      throw new Error(`a client never hears a frame of type ${type}`);
  }
}

function partOf(type: PartType, flags: number, payload: Uint8Array): Frame {
  return { kind: "part", type, more: flags === 1, payload: payload.slice() };
}
