/**
 * The first byte tells how a peer speaks, so one port can serve both kinds of peer: `F8` opens the
 * preface of the frame dialect and never occurs in UTF-8; everything else is a line.
 */
import { PREFACE_FIRST_BYTE } from "./preface.ts";

export function dialectOf(firstByte: number): "line" | "frame" {
  return firstByte === PREFACE_FIRST_BYTE ? "frame" : "line";
}
