import fc from "fast-check";
import { expect, test } from "vitest";
import { Ledger } from "./ledger.ts";

/** A worker as the ledger sees it: it takes what its limit allows, and answers late. */
class PretendedWorker {
  readonly id: number;
  used = 0;
  refused = false;
  limit: number;
  readonly inbox: number[] = [];

  constructor(ledger: Ledger, id: number, wish: number) {
    this.id = id;
    this.limit = ledger.join(id, wish, 10_000);
  }

  arrive(count: number): void {
    const room = Math.max(0, this.limit - this.used);
    this.refused = count > room;
    this.used += Math.min(count, room);
  }

  report(ledger: Ledger): void {
    const isLow = this.limit - this.used <= this.limit / 4;
    const hunger = this.refused ? 2 : isLow ? 1 : 0;
    ledger.onUse(this.id, { used: this.used, wanted: this.used, hunger });
    this.refused = false;
  }

  obey(ledger: Ledger): void {
    const value = this.inbox.shift();
    if (value === undefined) return;
    this.limit = Math.max(value, this.used);
    ledger.onObeyed(this.id, this.limit);
  }
}

function send(ledger: Ledger, workers: readonly PretendedWorker[]): void {
  for (const { worker, value } of ledger.orders()) workers[worker - 1]?.inbox.push(value);
}

function threeOf(ledger: Ledger): PretendedWorker[] {
  return [1, 2, 3].map((id) => new PretendedWorker(ledger, id, Math.floor(ledger.total / 3)));
}

test("when all land on one worker, it has the whole total within ten rounds", () => {
  const ledger = new Ledger(900, 0);
  const workers = threeOf(ledger);
  let rounds = 0;
  while ((workers[0]?.used ?? 0) < 900) {
    rounds += 1;
    expect(rounds).toBeLessThanOrEqual(10);
    workers[0]?.arrive(900);
    for (const worker of workers) worker.report(ledger);
    send(ledger, workers);
    for (const worker of workers) worker.obey(ledger);
    send(ledger, workers);
    for (const worker of workers) worker.obey(ledger);
  }
  expect(ledger.granted).toBe(900);
});

test("a worker that does not answer keeps its grant, and the others share the rest", () => {
  const ledger = new Ledger(90, 0);
  const workers = threeOf(ledger);
  for (let round = 0; round < 20; round++) {
    workers[0]?.arrive(90);
    for (const worker of workers) worker.report(ledger);
    send(ledger, workers);
    workers[0]?.obey(ledger);
    workers[2]?.obey(ledger);
  }
  expect(ledger.grantedTo(2)).toBe(30);
  expect(workers[0]?.used).toBe(60);
});

test("a newcomer begins with what is free, and gets its part although it has used nothing", () => {
  const ledger = new Ledger(30, 0);
  const workers = threeOf(ledger);
  for (const worker of workers) worker.arrive(2);
  const fourth = new PretendedWorker(ledger, 4, 10);
  workers.push(fourth);
  expect(fourth.limit).toBe(0);
  for (let round = 0; round < 4; round++) {
    for (const worker of workers) worker.report(ledger);
    send(ledger, workers);
    for (const worker of workers) worker.obey(ledger);
  }
  expect(fourth.limit).toBeGreaterThan(3);
});

test("where nobody is about to run out nothing is moved", () => {
  const ledger = new Ledger(90, 0);
  const workers = threeOf(ledger);
  workers[0]?.arrive(5);
  for (const worker of workers) worker.report(ledger);
  expect(ledger.orders()).toEqual([]);
});

test("what a worker gives back by leaving is free for others", () => {
  const ledger = new Ledger(90, 0);
  threeOf(ledger);
  ledger.leave(2);
  expect(ledger.granted).toBe(60);
  expect(ledger.join(4, 90, 90)).toBe(30);
});

test("property: whatever comes and goes, however late answers are, never above the total", () => {
  const step = fc.record({
    worker: fc.integer({ min: 0, max: 2 }),
    what: fc.constantFrom("arrive", "depart", "report", "send", "obey"),
    count: fc.nat(60),
  });
  const steps = fc.array(step, { minLength: 40, maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 300 }), steps, (total, all) => {
      const ledger = new Ledger(total, 0);
      const workers = threeOf(ledger);
      for (const { worker: at, what, count } of all) {
        const worker = workers[at] as PretendedWorker;
        if (what === "arrive") worker.arrive(count);
        if (what === "depart") worker.used = Math.max(0, worker.used - count);
        if (what === "report") worker.report(ledger);
        if (what === "send") send(ledger, workers);
        if (what === "obey") worker.obey(ledger);
        expect(ledger.granted).toBeLessThanOrEqual(total);
        const limits = workers.reduce((sum, one) => sum + one.limit, 0);
        expect(limits).toBeLessThanOrEqual(total);
      }
    }),
  );
});
