/**
 * The phases of one connection, and what moves it from one to the next.
 *
 * The table is the truth: the machine changes phase through it only, and the diagram in
 * docs/states.md is drawn from it. A trigger that a phase does not name is ignored there.
 */

export type Phase =
  /** Nothing was said yet; a server does not even know the dialect. */
  | "silent"
  /** Frame dialect: preface and HELLO, or WELCOME, are awaited. */
  | "greeting"
  /** Server: HELLO was heard; the owner decides whether to welcome. */
  | "deciding"
  /** Messages flow. */
  | "open"
  /** This side said its last word, or the peer did; what is queued is still being written. */
  | "closing"
  /** All is written and FIN was sent; the peer's FIN is awaited. */
  | "finishing"
  | "ended";

export type Trigger =
  | "dialled-for-lines"
  | "dialled-for-frames"
  | "first-frame-byte"
  | "first-line-byte"
  | "hello-heard"
  | "welcomed"
  | "close-asked"
  | "refused"
  | "peer-finished"
  | "all-written"
  | "over";

export const NEXT: Readonly<Record<Phase, Readonly<Partial<Record<Trigger, Phase>>>>> = {
  silent: {
    "dialled-for-lines": "open",
    "dialled-for-frames": "greeting",
    "first-frame-byte": "greeting",
    "first-line-byte": "open",
    refused: "closing",
    "peer-finished": "closing",
    over: "ended",
  },
  greeting: {
    "hello-heard": "deciding",
    welcomed: "open",
    refused: "closing",
    "peer-finished": "closing",
    over: "ended",
  },
  deciding: { welcomed: "open", refused: "closing", "peer-finished": "closing", over: "ended" },
  open: { "close-asked": "closing", refused: "closing", "peer-finished": "closing", over: "ended" },
  closing: { "all-written": "finishing", over: "ended" },
  finishing: { over: "ended" },
  ended: {},
};
