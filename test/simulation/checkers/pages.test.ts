/** What checkers grant to the client of pages, and that they grant no more. */
import { expect, test } from "vitest";
import { buffers } from "../../../src/simulation/checkers/buffers.ts";
import { deathInBound } from "../../../src/simulation/checkers/death-in-bound.ts";
import { falseDeath } from "../../../src/simulation/checkers/false-death.ts";
import { lease } from "../../../src/simulation/checkers/lease.ts";
import { notLatched } from "../../../src/simulation/checkers/not-latched.ts";
import { oneEnd } from "../../../src/simulation/checkers/one-end.ts";
import type { SimEvent } from "../../../src/simulation/sim-event.ts";
import { encodePart } from "../../../src/wire/frame-codec.ts";
import {
  acked,
  CLIENT,
  closed,
  ended,
  endOf,
  line,
  ONLINE,
  opened,
  ping,
  read,
  Story,
  status,
  wrote,
} from "./story.ts";

const PAGE = { ...CLIENT, isPage: true };
const LINES = { ...PAGE, dialect: "line" } as const;
const MANY = encodePart("binary", false, new Uint8Array(65_000));

function handed(atMs: number): SimEvent {
  return { what: "handed", atMs, bytes: 5, ...endOf(1, "client") };
}

/** Both ends of a flow over which lines are spoken. */
function openedForLines(): SimEvent[] {
  return [...opened(1, 0).filter(({ what }) => what !== "wrote" && what !== "acked"), handed(0)];
}

test("not-latched: a page that is online has its one alarm, and exactly one WebSocket", () => {
  const look = (alarmsArmed: number, flowsOpen: number, behindSinceMs?: number): string[] => {
    const story = new Story(notLatched, PAGE).tell(status(0, ONLINE));
    story.link.behindSinceMs = behindSinceMs;
    Object.assign(story.link, { status: ONLINE, alarmsArmed, dialsUnderWay: 0, flowsOpen });
    return story.look(1_000).look(2_000).said;
  };
  expect(look(1, 1)).toEqual([]);
  expect(look(0, 1)).toHaveLength(1);
  expect(look(2, 1)).toHaveLength(1);
  expect(look(1, 2)).toHaveLength(1);
  expect(look(1, 0)).toHaveLength(1);
  // It was closed, which waits behind the messages that nobody takes.
  expect(look(1, 0, 500)).toEqual([]);
});

test("one-end: a page has no reset, and its browser lets go in the end", () => {
  const story = (): Story => new Story(oneEnd, PAGE).tell(...opened(1, 0));
  const died = ended(1, "client", 15_000, "PEER_SILENT");
  const closedLater = story().tell(died, closed(1, "client", 75_000, "closed"));
  closedLater.tell(ended(1, "server", 76_000, "PEER_VANISHED"));
  expect(closedLater.over(100_000).said).toEqual([]);
  const held = story().tell(died, ended(1, "server", 76_000, "PEER_VANISHED"));
  expect(held.over(100_000).said[0]).toContain("still held by its browser");
});

test("one-end: a page that ends while it is greeted has nothing to tell, and only then", () => {
  const over = (name: "ended" | "online"): string[] => {
    const greeting: SimEvent[] = [
      { what: "flow-open", atMs: 0, ...endOf(1, "client") },
      { what: "phase", atMs: 0, from: "silent", to: "greeting", ...endOf(1, "client") },
      closed(1, "client", 10, "closed"),
    ];
    const story = new Story(oneEnd, PAGE).tell(...greeting);
    if (name === "ended") Object.assign(story.link, { status: { name } });
    return story.over(100_000).said;
  };
  expect(over("ended")).toEqual([]);
  expect(over("online")[0]).toContain("never ended");
});

test("a page hears whole messages, and only they are evidence for it", () => {
  const asked = (...between: SimEvent[]): Story => {
    const story = new Story(falseDeath, PAGE).tell(...opened(1, 0), handed(0));
    story.tell(ping(1, "client", 10_000), ...between);
    return story.tell(ended(1, "client", 15_000, "PEER_SILENT"));
  };
  expect(asked(read(1, "client", 14_000)).said).toEqual([]);
  expect(asked(read(1, "client", 14_000), handed(14_000)).said[0]).toContain("without a ping");

  const parts = new Story(deathInBound, PAGE).tell(...opened(1, 0), handed(0));
  parts.tell(ping(1, "client", 10_000));
  for (let atMs = 14_000; atMs < 18_000; atMs += 1_000) parts.tell(read(1, "client", atMs));
  expect(parts.look(19_000).said.some((text) => text.includes("client)"))).toBe(true);
});

test("what a kernel acknowledges is no news to a page", () => {
  const moving = (terms: typeof PAGE): string[] => {
    const story = new Story(falseDeath, terms).tell(...opened(1, 0));
    story.tell(wrote(1, "client", 9_000, MANY), ping(1, "client", 10_000));
    story.tell(acked(1, "client", 13_500, 20_000));
    return story.tell(ended(1, "client", 15_000, "PEER_SILENT")).said;
  };
  expect(moving({ ...CLIENT })).toHaveLength(1);
  expect(moving(PAGE)).toEqual([]);
});

test("lines: far behind, a page waits for an answer as long as output may stand still", () => {
  const dies = (atMs: number, bytes: number): string[] => {
    const story = new Story(falseDeath, LINES).tell(...openedForLines());
    story.tell(line(1, "client", 9_000, "x".repeat(bytes)), line(1, "client", 10_000, "ping"));
    return story.tell(ended(1, "client", atMs, "PEER_SILENT")).said;
  };
  expect(dies(15_000, 1_000)).toEqual([]);
  expect(dies(15_000, 80_000)[0]).toContain("60000 ms are the least");
  expect(dies(70_000, 80_000)).toEqual([]);
});

test("a page is too slow once its application was behind for so long", () => {
  const slow = (behindSinceMs: number | undefined): string[] => {
    const story = new Story(falseDeath, PAGE).tell(...opened(1, 0));
    story.link.behindSinceMs = behindSinceMs;
    return story.tell(ended(1, "client", 90_000, "READER_TOO_SLOW")).said;
  };
  expect(slow(30_000)).toEqual([]);
  expect(slow(50_000)[0]).toContain("behind for 40000 ms only");
  expect(slow(undefined)).toHaveLength(1);
});

test("while the application of a page is behind, silence is ours", () => {
  const look = (behindSinceMs: number | undefined): boolean => {
    const story = new Story(deathInBound, PAGE).tell(...opened(1, 0), handed(0));
    story.link.behindSinceMs = behindSinceMs;
    for (let atMs = 5_000; atMs <= 30_000; atMs += 5_000) story.look(atMs);
    return story.said.some((text) => text.includes("client)"));
  };
  expect(look(undefined)).toBe(true);
  expect(look(2_000)).toBe(false);
});

test("lease: of a page the opening is told after what it wrote in that step", () => {
  const story = new Story(lease, LINES).tell(
    { what: "flow-open", atMs: 0, ...endOf(1, "client") },
    wrote(1, "client", 0, MANY, false),
    { what: "phase", atMs: 0, from: "silent", to: "open", ...endOf(1, "client") },
  );
  expect(story.look(60_000).said).toEqual([]);
});

test("buffers: the outbox of a page", () => {
  const queues = (outboxBytes: number): string[] => {
    const story = new Story(buffers, PAGE);
    story.link.outboxBytes = outboxBytes;
    return story.look(1_000).said;
  };
  expect(queues(1_000)).toEqual([]);
  expect(queues(1_001)[0]).toContain("queues 1001 bytes; 1000 are allowed");
});
