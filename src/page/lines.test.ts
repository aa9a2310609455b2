/** The line dialect of a page: each text message is a line. */
import { expect, test } from "vitest";
import { WRONG_DIALECT_LINE } from "../connection/greetings.ts";
import { type Heard, PING, PONG, TEXT, utf8 } from "./frames.ts";
import { LINES } from "./lines.ts";
import type { Speech } from "./speech.ts";

const CONFIG = LINES.readLine({ lineBytesMax: 16 });

function hear(speech: Speech, data: unknown): (readonly [type: number, text: string])[] {
  const bytes = typeof data === "string" ? utf8(data) : (data as Uint8Array);
  const heard: Heard[] = [...speech.hear(data, bytes)];
  return heard.map(({ type, payload }) => [type, new TextDecoder().decode(payload)]);
}

test("the words are heard as beats, whole and by case, all else as messages", () => {
  const speech = LINES.speechOf(CONFIG);
  expect(hear(speech, "ping")).toEqual([[PING, ""]]);
  expect(hear(speech, "ping\r\n")).toEqual([[PING, ""]]);
  expect(hear(speech, "pong\n")).toEqual([[PONG, ""]]);
  for (const text of ["Ping", "ping ", "pings", "", "é🐎", "a\rb", "a\r"]) {
    expect(hear(speech, text)).toEqual([[TEXT, text]]);
  }
  expect(hear(speech, "line\r\n")).toEqual([[TEXT, "line"]]);
});

test("without a word for answers none is heard, and none is said", () => {
  const speech = LINES.speechOf(LINES.readLine({ pong: false }));
  expect(hear(speech, "pong")).toEqual([[TEXT, "pong"]]);
  expect(speech.pong(0, 0)).toBeUndefined();
  expect(LINES.speechOf(CONFIG).pong(0, 0)).toBe("pong");
});

test("words of one's own are said and heard", () => {
  const config = LINES.readLine({ ping: "are you there?", pong: "yes" });
  const speech = LINES.speechOf(config);
  expect([speech.ping(1, 0), speech.pong(1, 0)]).toEqual(["are you there?", "yes"]);
  expect(hear(speech, "yes")).toEqual([[PONG, ""]]);
  expect(hear(speech, "ping")).toEqual([[TEXT, "ping"]]);
});

test("what is no line of text breaks the rules", () => {
  const speech = LINES.speechOf(CONFIG);
  expect(() => hear(speech, Uint8Array.of(1))).toThrow(
    expect.objectContaining({ code: "WRONG_DIALECT" }),
  );
  hear(speech, "a");
  expect(() => hear(speech, Uint8Array.of(1))).toThrow(
    expect.objectContaining({ code: "WEBSOCKET_INVALID" }),
  );
  expect(() => hear(speech, "a\nb")).toThrow("a line holds a line feed");
  expect(hear(speech, "x".repeat(16))).toHaveLength(1);
  expect(() => hear(speech, "x".repeat(17))).toThrow(
    expect.objectContaining({ code: "LINE_TOO_LONG" }),
  );
});

test("a server that speaks frames says so at first; later it is a message like any other", () => {
  const config = LINES.readLine({});
  expect(() => hear(LINES.speechOf(config), WRONG_DIALECT_LINE)).toThrow(
    expect.objectContaining({ code: "WRONG_DIALECT" }),
  );
  const speech = LINES.speechOf(config);
  hear(speech, "a");
  expect(hear(speech, WRONG_DIALECT_LINE)).toEqual([[TEXT, WRONG_DIALECT_LINE]]);
});

test("what cannot be a line is told before it is sent", () => {
  for (const wrong of ["a\nb", "a\r", "ping", "pong", Uint8Array.of(1)]) {
    expect(LINES.whyNoLine(wrong, CONFIG)).toMatch(/line|ping word|pong word/);
  }
  expect(LINES.whyNoLine("pong", LINES.readLine({ pong: false }))).toBeUndefined();
  expect(LINES.whyNoLine("a line", CONFIG)).toBeUndefined();
});

test("there is no HELLO, no ACK and no END in lines, and a line is never cut", () => {
  const speech = LINES.speechOf(CONFIG);
  expect([speech.hello({}), speech.ack(1, 0), speech.end("DRAINED", "")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  const long = "x".repeat(100_000);
  expect(speech.part(long, utf8(long), 0)).toBe(long);
  expect(speech.part(long, utf8(long), 65_535)).toBeUndefined();
});
