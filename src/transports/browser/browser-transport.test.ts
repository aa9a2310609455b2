import { expect, test } from "vitest";
import { ManualClock } from "../../testing/manual-clock.ts";
import { Recorder } from "../../testing/transport-recorder.ts";
import { isHoldfastError } from "../../base/errors.ts";
import type { LastWord } from "../transport.ts";
import { type OpenBrowserConfig, openBrowser } from "./open-browser.ts";
import type { CloseLike, PlatformSocket } from "./web-socket-like.ts";

/** The socket of a browser, which does what the test says. */
class FakeSocket implements PlatformSocket {
  static last: FakeSocket | undefined;
  binaryType = "blob";
  bufferedAmount = 0;
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: CloseLike) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly sent: (string | Uint8Array)[] = [];
  readonly closes: (readonly [code: number | undefined, reason: string | undefined])[] = [];
  /** How much of what is sent waits. */
  keeps = false;
  readonly url: string;
  readonly protocols: readonly string[];

  constructor(url: string, protocols: readonly string[]) {
    if (url.includes("forbidden")) throw new Error("mixed content");
    this.url = url;
    this.protocols = protocols;
    FakeSocket.last = this;
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.sent.push(typeof data === "string" ? data : data.slice());
    if (this.keeps) this.bufferedAmount += data.length;
  }

  close(code?: number, reason?: string): void {
    this.closes.push([code, reason]);
    this.readyState = 2;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  says(data: string | readonly number[]): void {
    this.onmessage?.({ data: typeof data === "string" ? data : Uint8Array.from(data).buffer });
  }

  ends(code: number, reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ code, reason, wasClean: code !== 1006 });
  }
}

class Ear extends Recorder {
  readonly texts: string[] = [];
  said: LastWord | undefined;

  override onBytes(bytes: Uint8Array): void {
    this.texts.push(new TextDecoder().decode(bytes));
    super.onBytes(bytes);
  }

  override onFinished(said?: LastWord): void {
    this.said = said;
    super.onFinished();
  }
}

interface Scene {
  readonly clock: ManualClock;
  readonly ear: Ear;
  readonly socket: FakeSocket;
  readonly failures: Error[];
  readonly cancel: () => void;
  events: number;
}

function dial(changes: Partial<OpenBrowserConfig> = {}): Scene {
  const clock = new ManualClock();
  const ear = new Ear();
  const failures: Error[] = [];
  FakeSocket.last = undefined;
  const cancel = openBrowser({
    WebSocket: FakeSocket,
    clock,
    url: "wss://a.example:443/live?key=secret",
    label: "wss://a.example:443/live?…",
    remote: "a.example:443",
    protocols: [],
    speech: "binary",
    firstByte: 1,
    textBytesMax: 10,
    onEvent: () => {
      scene.events += 1;
    },
    ...changes,
  })({
    onOpened: (attach) => ear.attach(attach),
    onFailed: (error) => failures.push(error),
  });
  const socket = FakeSocket.last ?? new FakeSocket("", []);
  const scene: Scene = { clock, ear, socket, failures, cancel, events: 0 };
  return scene;
}

function opened(changes: Partial<OpenBrowserConfig> = {}): Scene {
  const scene = dial(changes);
  scene.socket.open();
  return scene;
}

test("frames offer our subprotocol first, lines offer none of ours", () => {
  expect(dial({ protocols: ["x"] }).socket.protocols).toEqual(["holdfast.1", "x"]);
  expect(dial({ speech: "text", protocols: ["x"] }).socket.protocols).toEqual(["x"]);
  expect(dial().socket.binaryType).toBe("arraybuffer");
});

test("a dial that leads nowhere fails once, without the secrets of its url", () => {
  const { socket, failures } = dial();
  socket.ends(1006);
  socket.ends(1006);
  expect(failures.map(({ message }) => message)).toEqual([
    "cannot reach wss://a.example:443/live?…: the browser's console may say why",
  ]);
  expect(isHoldfastError(failures[0]) && failures[0].code).toBe("DIAL_FAILED");
});

test("what the page may not open is the caller's fault, told later and not for ever", () => {
  const { clock, failures } = dial({ url: "ws://forbidden/" });
  expect(failures).toEqual([]);
  clock.advance(0);
  expect(isHoldfastError(failures[0]) && failures[0].code).toBe("URL_INVALID");
  const cancelled = dial({ url: "ws://forbidden/" });
  cancelled.cancel();
  cancelled.clock.advance(0);
  expect(cancelled.failures).toEqual([]);
});

test("a cancelled dial closes the socket and tells nothing", () => {
  const { cancel, socket, failures, ear } = dial();
  cancel();
  cancel();
  socket.open();
  socket.ends(1006);
  expect(socket.closes.length).toBe(1);
  expect(failures).toEqual([]);
  expect(ear.closedCount).toBe(0);
});

test("each write is one message, and taken when the browser has handed it on", () => {
  const { ear, socket, clock } = opened();
  expect(ear.write(Uint8Array.of(1, 2))).toBe(true);
  socket.keeps = true;
  expect(ear.write(Uint8Array.of(3))).toBe(false);
  expect(ear.transport.unsentBytes).toBe(1);
  clock.advance(50);
  expect(ear.drainedCount).toBe(0);
  socket.bufferedAmount = 0;
  clock.advance(100);
  expect(ear.drainedCount).toBe(1);
  clock.advance(10_000);
  expect(ear.drainedCount).toBe(1);
  expect(socket.sent).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3)]);
  expect(clock.alarmCount).toBe(0);
});

test("what comes from the network looks at the output, too", () => {
  const { ear, socket } = opened();
  socket.keeps = true;
  ear.write(Uint8Array.of(3));
  socket.bufferedAmount = 0;
  socket.says([1]);
  expect(ear.drainedCount).toBe(1);
});

test("messages are bytes, and each is an event for late timers", () => {
  const scene = opened();
  const before = scene.events;
  scene.socket.says([1, 65]);
  scene.socket.says([66]);
  expect(scene.ear.texts).toEqual(["\u0001A", "B"]);
  expect(scene.events).toBe(before + 2);
});

test("lines are text messages without their line feed, also those that were begun before", () => {
  const { ear, socket } = opened({ speech: "text", firstByte: undefined });
  const write = (text: string): boolean => ear.write(new TextEncoder().encode(text));
  write("one\ntwo\nth");
  write("ree \u00e9");
  expect(socket.sent).toEqual(["one", "two"]);
  write("!\n");
  expect(socket.sent).toEqual(["one", "two", "three \u00e9!"]);
  socket.says("four");
  socket.says("five\r\n");
  expect(ear.texts).toEqual(["four\n", "five\n"]);
});

test("what breaks a rule ends the pipe, and names the rule", () => {
  const cases = [
    [{}, "text", "WRONG_DIALECT"],
    [{}, [2], "WRONG_DIALECT"],
    [{ speech: "text", firstByte: undefined }, [1], "WRONG_DIALECT"],
    [{ speech: "text", firstByte: undefined }, "two\nlines", "WEBSOCKET_INVALID"],
    [{ speech: "text", firstByte: undefined }, "eleven bytes", "LINE_TOO_LONG"],
  ] as const;
  for (const [changes, data, code] of cases) {
    const { ear, socket } = opened(changes);
    socket.says(data);
    expect(isHoldfastError(ear.fault) && ear.fault.code, String(data)).toBe(code);
    expect(socket.closes).toEqual([[4000, code]]);
    socket.says(data);
    socket.ends(1006);
    expect(ear.closedCount).toBe(1);
  }
});

test("reading cannot be paused: messages wait here, the end behind them, within a limit", () => {
  const { ear, socket, clock } = opened({ firstByte: undefined });
  socket.says([65]);
  ear.pause();
  socket.says([66]);
  socket.ends(1000, "bye");
  expect(ear.texts).toEqual(["A"]);
  expect(ear.closedCount).toBe(0);
  ear.resume();
  expect(ear.texts).toEqual(["A"]); // Never inside the call.
  clock.advance(0);
  expect(ear.texts).toEqual(["A", "B"]);
  expect(ear.said).toEqual({ code: "1000", reason: "bye" });
  expect(ear.closedCount).toBe(1);

  const flood = opened({ firstByte: undefined });
  flood.ear.pause();
  const piece = { data: new ArrayBuffer(128 * 1024) };
  for (let at = 0; at <= 512; at++) flood.socket.onmessage?.(piece);
  const { fault } = flood.ear;
  expect(isHoldfastError(fault) && fault.code).toBe("READER_TOO_SLOW");
});

test("an orderly end is said at once, since the browser sends the rest first, in its words", () => {
  const { ear, socket } = opened();
  socket.keeps = true;
  ear.write(Uint8Array.of(1));
  ear.finish();
  ear.finish();
  expect(socket.closes).toEqual([[1000, ""]]);
  socket.ends(1000);
  expect([ear.finishedCount, ear.closedCount]).toEqual([1, 1]);

  const told = opened();
  told.ear.call(() => told.ear.transport.finish({ code: "FRAME_INVALID", reason: "no" }));
  expect(told.socket.closes).toEqual([[4000, "FRAME_INVALID: no"]]);
});

test("a stream that ends without a close frame has vanished", () => {
  const { ear, socket } = opened();
  socket.ends(1006);
  expect([ear.finishedCount, ear.closedCount, ear.fault]).toEqual([0, 1, undefined]);
});

test("leaving is over at once here, however long the browser says goodbye", () => {
  for (const how of ["reset", "close"] as const) {
    const { ear, socket, clock } = opened();
    const { transport } = ear;
    socket.keeps = true;
    ear.write(Uint8Array.of(1));
    expect(ear.call(() => transport[how]())).not.toBe(true);
    ear.call(() => transport.close());
    expect(ear.closedCount).toBe(0);
    clock.advance(0);
    expect(ear.closedCount).toBe(1);
    socket.says([1]);
    socket.ends(1006);
    clock.advance(10_000);
    expect([ear.closedCount, ear.readCount, transport.unsentBytes]).toEqual([1, 0, 0]);
    expect(ear.write(Uint8Array.of(1))).toBe(false);
    expect(clock.alarmCount).toBe(0);
    ear.verify();
  }
});
