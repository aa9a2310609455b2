import fc from "fast-check";
import { expect, test } from "vitest";
import { encodePing, encodePong } from "../../wire/frame-codec.ts";
import { lineWords } from "../../wire/line-words.ts";
import { HEADER_BYTES, type Speakers, trafficOf, trafficOfAll } from "./traffic.ts";

const KEEPALIVE = { idleMs: 60_000, intervalMs: 10_000, count: 5 };
const FRAMES: Speakers = {
  dialect: "frame",
  words: lineWords("ping", "pong"),
  answersExpected: true,
  keepalive: KEEPALIVE,
};
const LINES: Speakers = { ...FRAMES, dialect: "line" };

test("the payload of a day is what the codec writes, ping by ping", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 3_600_000 }), (intervalMs) => {
      const traffic = trafficOf(intervalMs, FRAMES);
      let bytes = 0;
      for (let seq = 1; seq <= traffic.pingsPerDay; seq++) {
        bytes += encodePing(seq, intervalMs).length + encodePong(seq, 0).length;
      }
      const last = traffic.pingsPerDay;
      expect(traffic.payloadBytesPerDay).toBe(bytes);
      expect(traffic.pingBytes).toBe(encodePing(last, intervalMs).length);
      expect(traffic.pongBytes).toBe(encodePong(last, 0).length);
    }),
    { numRuns: 30 },
  );
});

test("every 30 s: two packets and two bare acknowledgements for each ping", () => {
  // The jitter only shortens: 0 to 5 % of 30 s, so 29.25 s on average.
  const pings = Math.round(86_400 / 29.25);
  const traffic = trafficOf(30_000, LINES);
  expect(traffic).toMatchObject({
    pingsPerDay: pings,
    pingBytes: 5,
    pongBytes: 5,
    payloadBytesPerDay: pings * 10,
    packetsPerDay: pings * 4,
    wireBytesPerDay: pings * 10 + pings * 4 * HEADER_BYTES,
    keepalivePacketsPerDay: 0,
    wakeupsPerDay: pings,
  });
  const mute = trafficOf(30_000, { ...LINES, answersExpected: false });
  expect(mute).toMatchObject({ pongBytes: 0, packetsPerDay: pings * 2 });
  const wordy = trafficOf(30_000, { ...LINES, words: lineWords("are you there?", false) });
  expect(wordy).toMatchObject({ pingBytes: 15, pongBytes: 0 });
});

test("keepalive of the kernel counts where it comes between two pings", () => {
  const between = (intervalMs: number, keepalive: Speakers["keepalive"]): number => {
    const traffic = trafficOf(intervalMs, { ...LINES, keepalive });
    return traffic.keepalivePacketsPerDay / traffic.pingsPerDay;
  };
  expect(between(60_000, KEEPALIVE)).toBe(0);
  expect(between(61_000, KEEPALIVE)).toBe(2);
  expect(between(240_000, KEEPALIVE)).toBe(6);
  expect(between(240_000, false)).toBe(0);
});

test("many connections are as many times one", () => {
  const traffic = trafficOf(30_000, FRAMES);
  const all = trafficOfAll(traffic, 10_000);
  expect(all.wireBytesPerDay).toBe(traffic.wireBytesPerDay * 10_000);
  expect(all.pingsPerSecond).toBeCloseTo((traffic.pingsPerDay * 10_000) / 86_400);
  expect(all.packetsPerSecond).toBeCloseTo(all.pingsPerSecond * 4);
  expect(all.wireBytesPerSecond).toBeCloseTo(all.wireBytesPerDay / 86_400);
});
