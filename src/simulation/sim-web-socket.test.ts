import { expect, test } from "vitest";
import { ManualClock } from "../testing/manual-clock.ts";
import type { Open, Transport, TransportHandlers } from "../transports/transport.ts";
import { encodeFrame, encodePart, encodePing } from "../wire/frame-codec.ts";
import { encodePreface } from "../wire/preface.ts";
import { BROWSER_CLOSE_MS, SimWebSocket } from "./sim-web-socket.ts";

const END = encodeFrame({ kind: "end", code: "DRAINED", reason: "" });
const PONG = encodePing(1, 0);

/** A WebSocket of a page, and the pipe below it. */
class Rig {
  readonly clock = new ManualClock();
  readonly told: string[] = [];
  /** What the pipe was told, with how many bytes of each write. */
  readonly pipe: string[] = [];
  readonly socket: SimWebSocket;
  /** The kernel takes no more. */
  isFull = false;
  #handlers: TransportHandlers | undefined;
  #unsentBytes = 0;

  constructor(isBinary: boolean) {
    const transport = {
      write: (bytes: Uint8Array) => {
        this.pipe.push(`write ${bytes.length}`);
        if (this.isFull) this.#unsentBytes = bytes.length;
        return !this.isFull;
      },
      finish: () => void this.pipe.push("finish"),
      close: () => void this.pipe.push("close"),
    };
    Object.defineProperty(transport, "unsentBytes", { get: () => this.#unsentBytes });
    let offer: () => void = () => {};
    const open: Open = (dial) => {
      offer = () =>
        dial.onOpened((handlers) => {
          this.#handlers = handlers;
          return transport as unknown as Transport;
        });
      return () => void this.pipe.push("cancel");
    };
    this.socket = new SimWebSocket(open, isBinary, this.clock, {
      onOpened: () => {},
      onSend: () => {},
      onHand: (bytes) => this.told.push(`hand ${bytes}`),
      onClosing: ({ isOfPage }) => this.told.push(`closing, ${isOfPage ? "awaited" : "left"}`),
    });
    this.listen({
      onmessage: ({ data }) => {
        if (typeof data === "string") this.told.push(data);
      },
      onclose: ({ code }) => this.told.push(`close ${code}`),
    });
    offer();
  }

  get handlers(): TransportHandlers {
    if (this.#handlers === undefined) throw new Error("it was opened");
    return this.#handlers;
  }

  /** As a page does, which has one listener for each. */
  listen(listeners: Partial<Pick<SimWebSocket, "onclose" | "onmessage">>): void {
    Object.assign(this.socket, listeners);
  }

  drain(): void {
    this.isFull = false;
    this.#unsentBytes = 0;
    this.handlers.onDrained(true);
  }
}

test("a stream comes as messages of whole frames, however it is cut, and none is too long", () => {
  const rig = new Rig(true);
  const parts = [60_000, 60_000, 10].map((length) =>
    encodePart("binary", false, new Uint8Array(length)),
  );
  const stream = [...encodePreface(), ...PONG, ...parts.flatMap((part) => [...part]), ...PONG];
  for (let at = 0; at < 10; at++) rig.handlers.onBytes(Uint8Array.of(stream[at] ?? 0));
  rig.handlers.onBytes(Uint8Array.from(stream.slice(10)));
  const lengths = rig.told.map((text) => Number(text.slice("hand ".length)));
  expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(stream.length);
  expect(lengths[0]).toBe(8);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(65_540);
  expect(lengths).toHaveLength(3);
});

test("each line is a message, and half of one is none", () => {
  const rig = new Rig(false);
  const say = (text: string): void => rig.handlers.onBytes(new TextEncoder().encode(text));
  say("one\ntwo\nthr");
  say("ee\n");
  expect(rig.told).toEqual(["hand 4", "one", "hand 4", "two", "hand 6", "three"]);
});

test("the other side closes: it was meant where it said END, or where lines are spoken", () => {
  const closeOf = (isBinary: boolean, ...words: Uint8Array[]): string | undefined => {
    const rig = new Rig(isBinary);
    for (const word of words) rig.handlers.onBytes(word);
    rig.handlers.onFinished();
    rig.handlers.onClosed(undefined);
    expect(rig.pipe).toEqual(["close"]);
    expect(rig.told.filter((text) => text.startsWith("close"))).toHaveLength(1);
    return rig.told.at(-1);
  };
  expect(closeOf(true, encodePreface(), END)).toBe("close 1000");
  expect(closeOf(true, encodePreface(), PONG)).toBe("close 1006");
  expect(closeOf(false)).toBe("close 1000");
  const reset = new Rig(true);
  reset.handlers.onClosed(new Error("read ECONNRESET"));
  expect(reset.told).toEqual(["close 1006"]);
});

test("close writes what waits, then FIN; the page hears no message after it", () => {
  const rig = new Rig(false);
  rig.isFull = true;
  rig.socket.send("one");
  rig.socket.send("two");
  expect([rig.pipe, rig.socket.bufferedAmount]).toEqual([["write 4"], 8]);
  rig.listen({ onclose: null });
  rig.socket.close();
  expect([rig.told, rig.socket.isOfPage]).toEqual([["closing, left"], false]);
  rig.socket.send("three");
  rig.handlers.onBytes(new TextEncoder().encode("late\n"));
  rig.drain();
  expect(rig.pipe).toEqual(["write 4", "write 4", "finish"]);
  expect(rig.told).toEqual(["closing, left"]);
});

test("a browser waits a minute for the other side to close, and then lets go", () => {
  const rig = new Rig(true);
  rig.socket.close();
  expect(rig.told).toEqual(["closing, awaited"]);
  rig.clock.advance(BROWSER_CLOSE_MS - 1);
  expect(rig.pipe).toEqual(["finish"]);
  rig.clock.advance(1);
  expect(rig.pipe).toEqual(["finish", "close"]);
});
