import { expect, test } from "vitest";
import {
  BOTH_DIALECTS,
  ConnectionPair,
  LINE_CLIENT_CONFIG,
  SERVER_CONFIG,
} from "../testing/connection-pair.ts";

const LONGEST = 300_000;

test("a line of any length goes out once and whole", () => {
  const client = { ...LINE_CLIENT_CONFIG, lineBytesMax: LONGEST };
  const pair = new ConnectionPair({ client, server: SERVER_CONFIG });
  pair.client.connection.send("hello", pair.now);
  pair.run(10);
  const lengths = [0, 1, 65_534, 65_535, 65_536, 100_000, 131_071, 131_072, LONGEST - 1];
  const texts = lengths.map((length) => "x".repeat(length));
  for (const text of texts) pair.server.connection.send(text, pair.now);
  pair.run(1_000);
  expect(pair.client.delivered.map(({ length }) => length)).toEqual(lengths);
  expect(pair.client.delivered).toEqual(texts);
  expect(pair.server.connection.outboxBytes).toBe(0);
});

test.each(BOTH_DIALECTS)(
  "%s: what is half written at the end is given back, once",
  (_, options) => {
    const pair = new ConnectionPair(options);
    pair.client.connection.send("hello", pair.now);
    pair.run(1_000);
    pair.server.out.paused = true;
    pair.server.out.capacityBytes = 1_000;
    const texts = ["a".repeat(100_000), "b", "c"];
    for (const text of texts) pair.server.connection.send(text, pair.now);
    pair.run(10);
    pair.server.connection.abort("CLOSED_HERE", "", pair.now);
    pair.settle();
    expect(pair.server.end).toMatchObject({ undelivered: [texts[0]], unwritten: ["b", "c"] });
  },
);
