import { expect, test } from "vitest";
import { encodeFrame, encodePart, encodePing, encodePong } from "../wire/frame-codec.ts";
import { encodePreface } from "../wire/preface.ts";
import { Spoken } from "./spoken.ts";

const text = new TextEncoder();

test("lines: pings and pongs are counted however they are cut, and nothing else is", () => {
  const spoken = new Spoken("client");
  expect(spoken.hear(text.encode("pi"))).toEqual([]);
  expect(spoken.dialect).toBe("line");
  expect(spoken.hear(text.encode("ng\npong\r\nxping\npingx\n"))).toEqual([
    { said: "ping", nextMs: 0 },
    { said: "pong", nextMs: 0 },
  ]);
  expect(spoken.hear(text.encode(`${"ping".repeat(20_000)}\nping\n`))).toHaveLength(1);
});

test("frames: promises are read, messages are not, and nonsense ends it", () => {
  const spoken = new Spoken("client");
  spoken.hear(encodePreface());
  const part = encodePart("binary", false, new Uint8Array(50_000));
  expect(spoken.hear(part.subarray(0, 1_000))).toEqual([]);
  const rest = Uint8Array.from([...part.subarray(1_000), ...encodePing(1, 5_000)]);
  expect(spoken.hear(rest)).toEqual([{ said: "ping", nextMs: 5_000 }]);
  expect(spoken.hear(encodePong(2, 7_000))).toEqual([{ said: "pong", nextMs: 7_000 }]);
  expect(spoken.dialect).toBe("frame");
  expect(spoken.hear(Uint8Array.of(0xff, 0, 0))).toEqual([]);
  expect(spoken.hear(encodePing(2, 5_000))).toEqual([]);
});

test("a server's order to go is known by the longest wait that it asks for", () => {
  const spoken = new Spoken("server");
  spoken.hear(encodePreface());
  const goaway = { reason: "", retry: "after", afterMs: 1_000, spreadMs: 4_000 } as const;
  expect(spoken.hear(encodeFrame({ kind: "goaway", goaway }))).toEqual([
    { said: "goaway", retry: "after", mostMs: 5_000 },
  ]);
});
