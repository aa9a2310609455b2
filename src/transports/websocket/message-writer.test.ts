import fc from "fast-check";
import { expect, test } from "vitest";
import { MessageWriter, type Speech } from "./message-writer.ts";
import { BINARY_BYTES_MAX, hasLineBreak, readMessage } from "./message-reader.ts";
import type { WsSocket } from "./ws-package.ts";

/** What was sent, as messages. */
class Sent {
  readonly messages: Buffer[] = [];
  readonly fragments: number[] = [];
  #begun: Buffer[] = [];

  send(data: Uint8Array, { fin }: { readonly fin: boolean }): void {
    this.#begun.push(Buffer.from(data));
    if (!fin) return;
    this.messages.push(Buffer.concat(this.#begun));
    this.fragments.push(this.#begun.length);
    this.#begun = [];
  }

  get isMidMessage(): boolean {
    return this.#begun.length > 0;
  }
}

function writing(speech: Speech, ...writes: readonly Uint8Array[]): Sent {
  const sent = new Sent();
  const writer = new MessageWriter(sent as unknown as WsSocket, false);
  for (const bytes of writes) {
    for (let at = 0; at < bytes.length; at += 65_536) {
      const slice = bytes.subarray(at, at + 65_536);
      writer.write(slice, at + slice.length === bytes.length, speech);
    }
  }
  return sent;
}

test("each write of frames is one message, in slices or not", () => {
  const { messages, fragments } = writing("binary", Buffer.alloc(5), Buffer.alloc(100_000));
  expect(messages.map(({ length }) => length)).toEqual([5, 100_000]);
  expect(fragments).toEqual([1, 2]);
});

test("what is longer than a message may be becomes several", () => {
  const { messages } = writing("binary", Buffer.alloc(3 * BINARY_BYTES_MAX + 1));
  expect(messages.map(({ length }) => length)).toEqual([131_072, 131_072, 131_072, 1]);
});

test("each line is one message, and one that comes in pieces is one, too", () => {
  const sent = writing(
    "text",
    ...["a\nbc", "d", "\n", "\n", "e\nf"].map((one) => Buffer.from(one)),
  );
  expect(sent.messages.map(String)).toEqual(["a", "bcd", "", "e"]);
  expect(sent.fragments).toEqual([1, 3, 1, 1]);
  expect(sent.isMidMessage).toBe(true);
});

test("what a writer makes of lines, a reader makes lines of, wherever the writes are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), fc.nat(40), (texts, step) => {
      const lines = texts.map((text) => `${text.replace(/[\r\n]/g, "")}\n`);
      const bytes = Buffer.from(lines.join(""));
      const cuts: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += step + 1)
        cuts.push(bytes.subarray(at, at + step + 1));
      const { messages } = writing("text", ...cuts);
      expect(Buffer.concat(messages.map((one) => readMessage(one, false))).equals(bytes)).toBe(
        true,
      );
    }),
  );
});

test("one line feed at the end of a text is accepted, and no other", () => {
  for (const text of ["a", "a\n", "a\r\n", "", "\n", "\r\n", "a\rb"]) {
    expect(hasLineBreak(Buffer.from(text)), JSON.stringify(text)).toBe(false);
  }
  for (const text of ["a\nb", "a\n\n", "\na", "a\r\nb"]) {
    expect(hasLineBreak(Buffer.from(text)), JSON.stringify(text)).toBe(true);
  }
  const read = (text: string): string => String(Buffer.from(readMessage(Buffer.from(text), false)));
  expect(["a", "a\n", "a\r\n", "", "\r\n", "a\r"].map(read)).toEqual([
    "a\n",
    "a\n",
    "a\n",
    "\n",
    "\n",
    "a\r\n",
  ]);
});

test("the bytes on the wire are counted with their headers", () => {
  const writer = new MessageWriter(new Sent() as unknown as WsSocket, true);
  const lengths = [0, 125, 126, 65_535, 65_536].map((length) =>
    writer.write(Buffer.alloc(length), true, "binary"),
  );
  expect(lengths).toEqual([6, 131, 134, 65_543, 65_550]);
});
