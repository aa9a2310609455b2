import { expect, test } from "vitest";
import { CLIENT_CONFIG, ConnectionPair, SERVER_CONFIG } from "../testing/connection-pair.ts";
import { OutgoingMessage, weightOf } from "./outgoing-message.ts";

test("who sent bytes may write into them at once, however long they wait here", () => {
  const pair = new ConnectionPair({});
  pair.run(100);
  const { connection, out } = pair.server;
  out.paused = true;
  connection.send("x".repeat(300_000), pair.now); // More than the wire takes.
  pair.run(10);
  const bytes = Uint8Array.of(1, 2, 3);
  connection.send(bytes, pair.now);
  bytes.fill(9);
  out.paused = false;
  pair.run(1_000);
  expect(pair.client.delivered[1]).toEqual(Uint8Array.of(1, 2, 3));
});

test("an empty message weighs something, so that the outbox cannot hold any number of them", () => {
  const pair = new ConnectionPair({
    client: CLIENT_CONFIG,
    server: { ...SERVER_CONFIG, outboxBytesMax: 10 },
  });
  pair.run(100);
  const { connection } = pair.server;
  for (const data of ["", new Uint8Array(0)]) {
    for (let count = 0; count < 5; count++) connection.send(data, pair.now);
  }
  expect(connection.outboxBytes).toBe(10);
  const full = expect.objectContaining({ code: "OUTBOX_FULL" });
  expect(() => connection.send("", pair.now)).toThrow(full);
});

test("a message weighs what it has as UTF-8, whoever asks", () => {
  for (const [data, weight] of [
    ["é🐎", 6],
    ["", 1],
    [new Uint8Array(7), 7],
  ] as const) {
    expect(weightOf(data)).toBe(weight);
    for (const toMany of [false, true])
      expect(new OutgoingMessage(data, toMany)).toMatchObject({ weight });
  }
});
