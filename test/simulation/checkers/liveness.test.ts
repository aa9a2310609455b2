import { expect, test } from "vitest";
import { deathInBound } from "../../../src/simulation/checkers/death-in-bound.ts";
import { falseDeath } from "../../../src/simulation/checkers/false-death.ts";
import { kernelLine } from "../../../src/simulation/checkers/kernel-line.ts";
import { lease } from "../../../src/simulation/checkers/lease.ts";
import { massExpiry } from "../../../src/simulation/checkers/mass-expiry.ts";
import { phaseSpread } from "../../../src/simulation/checkers/phase-spread.ts";
import type { SimEvent } from "../../../src/simulation/sim-event.ts";
import { encodePart } from "../../../src/wire/frame-codec.ts";
import {
  acked,
  arrived,
  CLIENT,
  closed,
  ended,
  fault,
  faultOver,
  line,
  opened,
  ping,
  read,
  Story,
  wrote,
} from "./story.ts";

const MANY = encodePart("binary", false, new Uint8Array(65_000));

test("death-in-bound: in time is in time, and late is late, by its end and by looking", () => {
  const inTime = new Story(deathInBound).tell(...opened(1, 0), ping(1, "client", 10_000));
  inTime.look(14_000).tell(ended(1, "client", 15_000, "PEER_SILENT"));
  inTime.look(16_000).tell(ended(1, "server", 17_000, "PEER_SILENT"));
  expect(inTime.said).toEqual([]);

  const late = new Story(deathInBound).tell(...opened(1, 0), ping(1, "client", 10_000));
  late.tell(ended(1, "client", 17_000, "PEER_SILENT"));
  expect(late.said).toHaveLength(1);
  expect(late.said[0]).toContain("silent for 17000 ms");

  const never = new Story(deathInBound)
    .tell(...opened(1, 0))
    .look(15_000)
    .look(19_000);
  expect(never.said.map((text) => text.slice(0, 15))).toEqual([
    "flow 1 (client)",
    "flow 1 (server)",
  ]);
});

test("death-in-bound: our lateness, an awakening and output that moved are granted", () => {
  const stalled = new Story(deathInBound).tell(...opened(1, 0), fault("stall", 5_000, "client-1"));
  stalled.tell(faultOver(25_000)).look(25_000).look(41_000);
  expect(stalled.said.filter((text) => text.includes("client)"))).toEqual([]);
  stalled.look(42_000);
  expect(stalled.said.filter((text) => text.includes("client)"))).toHaveLength(1);

  const slow = new Story(deathInBound).tell(...opened(1, 0), wrote(1, "client", 1_000, MANY));
  slow.tell(ping(1, "client", 10_000), acked(1, "client", 40_000, 5_000)).look(70_000);
  expect(slow.said.filter((text) => text.includes("client)"))).toEqual([]);
});

test("death-in-bound: what a kernel takes for a frozen process is news once only", () => {
  const story = new Story(deathInBound).tell(...opened(1, 0));
  for (let atMs = 10_000; atMs < 60_000; atMs += 1_000) {
    story.tell(ping(1, "client", atMs), acked(1, "client", atMs + 300)).look(atMs + 400);
  }
  expect(story.said.filter((text) => text.includes("client)"))).toHaveLength(1);
});

test("false-death: bytes that waited unread, whoever was to blame for the delay", () => {
  const story = new Story(falseDeath).tell(...opened(1, 0), ping(1, "client", 10_000));
  story.tell(arrived(1, "client", 14_000), ended(1, "client", 15_000, "PEER_SILENT"));
  expect(story.said[0]).toContain("waited unread for 1000 ms");
  const read5 = new Story(falseDeath).tell(...opened(1, 0), ping(1, "client", 10_000));
  read5.tell(arrived(1, "client", 3_000), read(1, "client", 3_000));
  read5.tell(ping(1, "client", 12_000), ended(1, "client", 17_000, "PEER_SILENT"));
  expect(read5.said).toEqual([]);
});

test("false-death: nobody dies unasked, or sooner than the answer time", () => {
  const unasked = new Story(falseDeath).tell(...opened(1, 0));
  unasked.tell(ended(1, "server", 12_000, "PEER_SILENT"));
  expect(unasked.said[0]).toContain("without a ping");
  const early = new Story(falseDeath).tell(...opened(1, 0), ping(1, "server", 12_000));
  early.tell(ended(1, "server", 15_000, "PEER_SILENT"));
  expect(early.said[0]).toContain("3000 ms after it was asked; 5000 ms are the least");
  const held = new Story(falseDeath).tell(...opened(1, 0), ping(1, "server", 12_000));
  held.tell(ended(1, "server", 15_000, "PEER_SILENT", { held: true }));
  expect(held.said).toEqual([]);
});

test("false-death: the path carried all, the peer ran, and still it was called silent", () => {
  const story = (...between: SimEvent[]): string[] => {
    const told = new Story(falseDeath).tell(...opened(1, 0), ping(1, "client", 10_000));
    return told.tell(...between, ended(1, "client", 15_000, "PEER_SILENT")).said;
  };
  const taken = acked(1, "client", 10_040);
  expect(story(taken)[0]).toContain("the path carried everything");
  expect(story()).toEqual([]);
  expect(story(taken, fault("freeze", 10_000, "server-1"))).toEqual([]);
  expect(story(taken, closed(1, "server", 12_000, "process-gone"))).toEqual([]);
});

test("false-death: a peer that takes output, or reads, is not called silent or stuck", () => {
  const moving = new Story(falseDeath).tell(...opened(1, 0), wrote(1, "client", 9_000, MANY));
  moving.tell(ping(1, "client", 10_000), acked(1, "client", 13_500, 20_000));
  moving.tell(ended(1, "client", 15_000, "PEER_SILENT"));
  expect(moving.said[0]).toContain("after it took output");
  const reading = new Story(falseDeath).tell(...opened(1, 0), wrote(1, "client", 1_000, MANY));
  for (let atMs = 10_000; atMs < 60_000; atMs += 10_000) {
    reading.tell(read(1, "server", atMs, 40_000));
  }
  reading.tell(acked(1, "client", 60_000), ended(1, "client", 61_000, "PEER_TAKES_NOTHING"));
  expect(reading.said[0]).toContain("had read");
});

test("lease: each gap is measured by what was announced before it", () => {
  const kept = new Story(lease).tell(...opened(1, 0), ping(1, "client", 9_900));
  kept.tell(ping(1, "client", 19_000, 30_000), ping(1, "client", 48_000)).look(57_000);
  expect(kept.said).toEqual([]);
  kept.look(59_000);
  expect(kept.said[0]).toContain("within 10000 ms and did not for 11000 ms");

  const longer = new Story(lease).tell(...opened(1, 0), ping(1, "client", 9_000, 10_000));
  expect(longer.tell(ping(1, "client", 29_000, 30_000)).said).toHaveLength(1);
  const refused = new Story(lease).tell(...opened(1, 0), wrote(1, "client", 5_000, MANY, false));
  expect(refused.look(60_000).said).toEqual([]);
  const asleep = new Story(lease).tell(...opened(1, 0), fault("suspend", 1_000, "client-1"));
  asleep.lateMs = 40_000;
  expect(asleep.tell(faultOver(41_000)).look(50_000).said).toEqual([]);
});

test("mass-expiry: fifty may die before the crowd is seen, and not many more", () => {
  const story = new Story(massExpiry);
  story.server.open = 100;
  for (let flow = 1; flow <= 52; flow++) story.tell(ended(flow, "server", 1_000, "PEER_SILENT"));
  for (let flow = 53; flow <= 90; flow++) {
    story.tell(ended(flow, "server", 1_000, "PEER_SILENT", { held: true }));
  }
  expect(story.said).toEqual([]);
  expect(story.tell(ended(91, "server", 2_000, "PEER_SILENT")).said).toHaveLength(1);
});

test("phase-spread: first beats at one point of the interval are no draw", () => {
  const beatsAt = (ratio: (index: number) => number): string[] => {
    const story = new Story(phaseSpread, { ...CLIENT, dialect: "line" });
    for (let flow = 1; flow <= 40; flow++) {
      story.tell(...opened(flow, 0).filter(({ what }) => what !== "wrote"));
    }
    const pings = Array.from({ length: 40 }, (_, index) => {
      return line(index + 1, "client", Math.round(10_000 * ratio(index)), "ping");
    });
    return story.tell(...pings.toSorted((a, b) => a.atMs - b.atMs)).look(20_000).said;
  };
  expect(beatsAt((index) => index / 40)).toEqual([]);
  expect(beatsAt(() => 0.99)).toHaveLength(1);
  expect(beatsAt((index) => (index < 30 ? 0.31 : 0.8))).toHaveLength(1);
});

test("kernel-line: a kernel gives up nobody who has yet to read what came", () => {
  const story = new Story(kernelLine).tell(...opened(1, 0), wrote(1, "server", 1_000, MANY, false));
  story.tell(arrived(1, "client", 1_020, 60_000));
  expect(story.tell(closed(1, "server", 40_000, "kernel-timeout")).said).toHaveLength(1);
  const dead = new Story(kernelLine).tell(...opened(1, 0), wrote(1, "server", 1_000, MANY, false));
  expect(dead.tell(closed(1, "server", 71_000, "kernel-timeout")).said).toEqual([]);
});
