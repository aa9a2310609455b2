import { expect, test } from "vitest";
import { LimitBoard, type LimitOrder } from "./limit-board.ts";

const TOTALS = { connections: 100, rate: undefined, buffer: 1_000, perAddress: 9 };

function boardOf(workers: number, totals = TOTALS): LimitBoard {
  const board = new LimitBoard(totals, workers);
  for (let id = 1; id <= workers; id++) board.join(id, 1_000);
  return board;
}

/** Every worker does at once what it is told, and holds nothing that is in the way. */
function settle(board: LimitBoard): LimitOrder[] {
  const all: LimitOrder[] = [];
  for (let orders = board.orders(); orders.length > 0; orders = board.orders()) {
    all.push(...orders);
    for (const { worker, name, value } of orders) board.onObeyed(worker, name, value);
  }
  return all;
}

test("the first workers begin with equal parts, and one more begins with nothing", () => {
  const board = new LimitBoard(TOTALS, 3);
  const parts = [1, 2, 3, 4].map((id) => board.join(id, 1_000).get("connections"));
  expect(parts).toEqual([34, 33, 33, 0]);
});

test("no worker gets more connections than it has descriptors for", () => {
  const board = new LimitBoard(TOTALS, 2);
  expect(board.join(1, 20).get("connections")).toBe(20);
  expect(board.join(2, 1_000).get("connections")).toBe(80);
});

test("one that is leaving gives up what its connections free", () => {
  const board = boardOf(2);
  board.onUses(1, [{ name: "connections", used: 50, wanted: 50, hunger: 1 }]);
  board.onUses(2, [{ name: "connections", used: 50, wanted: 50, hunger: 1 }]);
  board.retire(1);
  board.onUses(1, [{ name: "connections", used: 20, wanted: 20, hunger: 0 }]);
  const last = settle(board).findLast(({ worker }) => worker === 2);
  expect(last).toEqual({ worker: 2, name: "connections", value: 80 });
});

test("an address has the same part everywhere until it comes near it at one worker", () => {
  const board = boardOf(2);
  expect(settle(board)).toEqual([]);
  board.onUses(1, [{ name: "address:192.0.2.7", used: 3, wanted: 3, hunger: 2 }]);
  const orders = settle(board);
  const lastOf = (id: number): number | undefined =>
    orders.findLast(({ worker }) => worker === id)?.value;
  expect([lastOf(1), lastOf(2)]).toEqual([6, 1]);
});

test("once nobody is there from an address, everybody has the small part of it again", () => {
  const board = boardOf(2);
  const name = "address:192.0.2.7";
  board.onUses(1, [{ name, used: 3, wanted: 3, hunger: 2 }]);
  settle(board);
  board.onUses(1, [{ name, used: 0, wanted: 0, hunger: 0 }]);
  const orders = settle(board).filter((order) => order.name === name);
  expect(orders.findLast(({ worker }) => worker === 1)?.value).toBe(3);
  // And it is forgotten: the next word of it begins anew.
  board.onUses(2, [{ name, used: 0, wanted: 0, hunger: 0 }]);
  expect(board.orders()).toEqual([]);
});

test("a worker that died leaves its parts to the one that replaces it", () => {
  const board = boardOf(2);
  board.leave(1);
  expect(board.join(3, 1_000).get("connections")).toBe(50);
});
