/**
 * Promise: what is sent over a link of a page is written in order, bounded, confirmed or handed
 * back, and never written twice. The outbox is held to a model that keeps simple lists.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isHoldfastError } from "../../src/base/errors.ts";
import { PART_BYTES_MAX } from "../../src/page/frames.ts";
import { Outbox } from "../../src/page/outbox.ts";

interface Sent {
  readonly name: string;
  readonly length: number;
  written: number;
  isBegun: boolean;
}

type Step =
  | { readonly do: "push"; readonly length: number }
  | { readonly do: "write" | "seal" | "detach" | "room" | "longer" }
  | { readonly do: "confirm"; readonly ahead: number; readonly partBytes: number };

const CONFIG = { outboxBytesMax: 300_000, outboxHighWaterBytes: 150_000 };
const LONGER_THAN = 140_000;

/** What the outbox should be, in lists. */
class Model {
  items: Sent[] = [];
  stop = Infinity;
  writtenCount = 0;
  confirmedCount = 0;
  partBytes = 0;
  isAboveMark = false;

  get bytes(): number {
    return this.items.reduce((sum, { length }) => sum + Math.max(1, length), 0);
  }

  get nextIndex(): number {
    const index = this.items.findIndex((one) => !this.isWritten(one));
    return index < 0 ? this.items.length : index;
  }

  get next(): Sent | undefined {
    return this.nextIndex < this.stop ? this.items[this.nextIndex] : undefined;
  }

  get unconfirmedBytes(): number {
    return this.items.reduce((sum, { written }) => sum + written, 0) - this.partBytes;
  }

  isWritten({ isBegun, written, length }: Sent): boolean {
    return isBegun && written === length;
  }

  write(): void {
    const { next } = this;
    if (next === undefined) return;
    next.written = Math.min(next.length, next.written + PART_BYTES_MAX);
    next.isBegun = true;
    if (this.isWritten(next)) this.writtenCount += 1;
  }

  /** Undefined: what was never sent, or had been confirmed. */
  confirm(messages: number, partBytes: number): number | undefined {
    const before = this.unconfirmedBytes;
    const count = messages - this.confirmedCount;
    if (count < 0 || messages > this.writtenCount) return undefined;
    const least = count === 0 ? this.partBytes : 0;
    const rest = this.items.slice(count);
    if (partBytes < least || partBytes > (rest[0]?.written ?? 0)) return undefined;
    this.items = rest;
    this.stop -= count;
    this.confirmedCount = messages;
    this.partBytes = partBytes;
    return before - this.unconfirmedBytes + count;
  }

  detach(): Sent[] {
    const begun = this.items.filter(({ isBegun }) => isBegun);
    this.items = this.items.filter(({ isBegun }) => !isBegun);
    this.stop = Infinity;
    this.writtenCount = 0;
    this.confirmedCount = 0;
    this.partBytes = 0;
    return begun;
  }
}

/** False: the ACK was wrong, and the connection breaks off. */
function apply(step: Step, model: Model, outbox: Outbox, count: number): boolean {
  switch (step.do) {
    case "push": {
      const { length } = step;
      const weight = Math.max(1, length);
      const isFull = model.bytes + weight > CONFIG.outboxBytesMax;
      const push = (): boolean => outbox.push(`m${count}`, new Uint8Array(length));
      if (isFull) {
        expect(push).toThrow(expect.objectContaining({ code: "OUTBOX_FULL" }));
        break;
      }
      model.items.push({ name: `m${count}`, length, written: 0, isBegun: false });
      const isAbove = model.bytes > CONFIG.outboxHighWaterBytes;
      model.isAboveMark ||= isAbove;
      expect(push()).toBe(!isAbove);
      break;
    }
    case "write":
      if (model.next !== undefined) outbox.wrote();
      model.write();
      break;
    case "seal":
      outbox.seal();
      model.stop = Math.min(model.stop, model.items.length);
      break;
    case "detach":
      expect(outbox.detach()).toEqual(model.detach().map(({ name }) => name));
      break;
    case "room": {
      const hasRoom = model.isAboveMark && model.bytes <= CONFIG.outboxHighWaterBytes;
      if (hasRoom) model.isAboveMark = false;
      expect(outbox.takeRoom()).toBe(hasRoom);
      break;
    }
    case "longer": {
      // Asked only when a connection begins.
      if (model.items.some(({ isBegun }) => isBegun) || model.stop < Infinity) break;
      const longer = model.items.filter(({ length }) => length > LONGER_THAN);
      model.items = model.items.filter(({ length }) => length <= LONGER_THAN);
      expect(outbox.takeLonger(LONGER_THAN)).toEqual(longer.map(({ name }) => name));
      break;
    }
    case "confirm": {
      const messages = model.confirmedCount + step.ahead;
      const gained = model.confirm(messages, step.partBytes);
      expect(outbox.confirm(messages, step.partBytes)).toBe(gained);
      return gained !== undefined;
    }
    default:
      step satisfies never;
  }
  return true;
}

function compare(model: Model, outbox: Outbox): void {
  const { next } = model;
  expect(outbox.bytes).toBe(model.bytes);
  expect(outbox.bytes).toBeLessThanOrEqual(CONFIG.outboxBytesMax);
  expect(outbox.isEmpty).toBe(model.items.length === 0);
  expect(outbox.unconfirmedBytes).toBe(model.unconfirmedBytes);
  expect(outbox.writtenCount).toBe(model.writtenCount);
  expect([outbox.next?.data, outbox.next?.at]).toEqual([next?.name, next?.written]);
  expect(outbox.isThrough).toBe(next === undefined && model.nextIndex === 0);
}

const length = fc.oneof(fc.nat(5), fc.constantFrom(65_535, 65_536, 131_070, 131_071, 150_000));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("push" as const), length }) },
  { weight: 8, arbitrary: fc.constant({ do: "write" } as const) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("confirm" as const),
      ahead: fc.constantFrom(0, 0, 1, 1, 2, -1),
      partBytes: fc.constantFrom(0, 0, 0, 1, 65_535, 65_536, 131_070),
    }),
  },
  { weight: 3, arbitrary: fc.constantFrom<Step>({ do: "room" }, { do: "longer" }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: "seal" }, { do: "detach" }) },
);

test("whatever happens to it, the outbox holds what the model holds", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const model = new Model();
      const outbox = new Outbox(CONFIG);
      for (const [count, one] of steps.entries()) {
        if (!apply(one, model, outbox, count)) return;
        compare(model, outbox);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("whoever waits for delivery is answered once: all arrived, or so many are lost", async () => {
  const outbox = new Outbox(CONFIG);
  await outbox.delivered();
  outbox.push("a", new Uint8Array(1));
  outbox.push("b", new Uint8Array(1));
  const told: unknown[] = [];
  const wait = (): Promise<void> =>
    outbox.delivered().then(
      () => void told.push("delivered"),
      (error: unknown) => void told.push(isHoldfastError(error) && error.message),
    );
  const first = wait();
  outbox.settle();
  outbox.fail(1, "PEER_SILENT", "why");
  await first;
  expect(told).toEqual(["1 message was not delivered: why"]);
  const second = wait();
  outbox.wrote();
  outbox.wrote();
  outbox.confirm(1, 0);
  outbox.settle();
  expect(told).toHaveLength(1);
  outbox.confirm(2, 0);
  outbox.settle();
  outbox.fail(2, "PEER_SILENT", "too late");
  await second;
  expect(told).toEqual(["1 message was not delivered: why", "delivered"]);
});

test("what was never written is handed out at the end", () => {
  const outbox = new Outbox(CONFIG);
  for (const name of ["a", "b"]) outbox.push(name, new Uint8Array(1));
  outbox.wrote();
  expect(outbox.detach()).toEqual(["a"]);
  expect(outbox.empty()).toEqual(["b"]);
  expect(outbox.isEmpty).toBe(true);
});
