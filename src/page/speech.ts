/**
 * How a connection speaks: the frames of Holdfast, or what a door hands in instead. What there is
 * no word for in a dialect is undefined, and is not said.
 */
import type { Message } from "../connection/effects.ts";
import type { Heard } from "./frames.ts";

export type Word = string | Uint8Array | undefined;

export interface Speech {
  readonly isLine: boolean;
  /** The first word. Without one a connection is online as soon as it is open. */
  hello(hello: object): Word;
  ping(seq: number, nextMs: number): Word;
  pong(seq: number, nextMs: number): Word;
  ack(messages: number, partBytes: number): Word;
  /** A message, or the part of it from `at` on. */
  part(data: Message, body: Uint8Array, at: number): Word;
  end(code: string, reason: string): Word;
  /** What one message of the WebSocket says. @throws HoldfastError for what breaks the rules. */
  hear(data: unknown, bytes: Uint8Array): Iterable<Heard>;
}
