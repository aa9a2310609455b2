import { expect, test } from "vitest";
import { HoldfastError } from "../base/errors.ts";
import type { Message } from "../connection/effects.ts";
import { Outgoing } from "./outgoing.ts";

/** Takes what fits, and forgets it when told that it arrived. */
class PretendedPipe {
  readonly taken: Message[] = [];
  outboxBytes = 0;
  isClosing = false;
  readonly #bytesMax: number;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  send(message: Message): boolean {
    if (this.isClosing) throw new HoldfastError("NOT_OPEN", "closing");
    if (this.outboxBytes + message.length > this.#bytesMax) {
      throw new HoldfastError("OUTBOX_FULL", "full");
    }
    this.taken.push(message);
    this.outboxBytes += message.length;
    return true;
  }
}

function rig(bytesMax = 1_000): { outgoing: Outgoing; drains: () => number; told: unknown[] } {
  let drains = 0;
  const told: unknown[] = [];
  const outgoing = new Outgoing(
    { bytesMax, highWaterBytes: 20, words: undefined },
    {
      onDrain: () => void (drains += 1),
      onSettled: () => {},
      onUndelivered: (undelivered) => told.push(undelivered),
    },
  );
  return { outgoing, drains: () => drains, told };
}

const NOTHING_LOST = { messages: [], code: "PEER_RESET", sentence: "" } as const;

test("what a connection gives back goes out before what was sent after it", () => {
  const { outgoing } = rig();
  const first = new PretendedPipe(100);
  outgoing.attach(first, undefined);
  outgoing.send("one");
  first.isClosing = true;
  outgoing.send("two");
  expect(first.taken).toEqual(["one"]);
  outgoing.detach(["one"], NOTHING_LOST);
  outgoing.send("three");
  const second = new PretendedPipe(100);
  outgoing.attach(second, undefined);
  expect(second.taken).toEqual(["one", "two", "three"]);
});

test("what a full connection refuses waits, and nothing overtakes it", () => {
  const { outgoing } = rig();
  outgoing.send("x".repeat(8));
  outgoing.send("y".repeat(8));
  const pipe = new PretendedPipe(10);
  outgoing.attach(pipe, undefined);
  outgoing.send("z");
  expect(pipe.taken).toEqual(["x".repeat(8)]);
  pipe.outboxBytes = 0;
  outgoing.handleDelivered();
  expect(pipe.taken).toEqual(["x".repeat(8), "y".repeat(8), "z"]);
  expect(outgoing.isSettled).toBe(false);
});

test("a connection that closes already leaves the message to the next one", () => {
  const { outgoing, told } = rig();
  const closing = new PretendedPipe(100);
  outgoing.attach(closing, undefined);
  closing.isClosing = true;
  expect(outgoing.send("one")).toBe(true);
  outgoing.detach([], NOTHING_LOST);
  const next = new PretendedPipe(100);
  outgoing.attach(next, undefined);
  expect(next.taken).toEqual(["one"]);
  expect(told).toEqual([]);
});

test("a message that was refused leaves nothing under way", async () => {
  const { outgoing } = rig();
  outgoing.attach(new PretendedPipe(10), undefined);
  expect(() => outgoing.send("x".repeat(11))).toThrow(/full/);
  expect(outgoing.isSettled).toBe(true);
  await outgoing.delivered();
});

test("drain is told once for each time that send said false", () => {
  const { outgoing, drains } = rig();
  const pipe = new PretendedPipe(100);
  outgoing.attach(pipe, undefined);
  expect(outgoing.send("x".repeat(21))).toBe(false);
  outgoing.flush();
  expect(drains()).toBe(0);
  pipe.outboxBytes = 0;
  outgoing.flush();
  outgoing.flush();
  expect(drains()).toBe(1);
});

test("what was given back is bounded like what is new", () => {
  const { outgoing } = rig(10);
  outgoing.attach(new PretendedPipe(100), undefined);
  outgoing.send("x".repeat(8));
  outgoing.detach(["x".repeat(8)], NOTHING_LOST);
  expect(() => outgoing.send("yyy")).toThrow(expect.objectContaining({ code: "OUTBOX_FULL" }));
  expect(outgoing.send("yy")).toBe(true);
});
