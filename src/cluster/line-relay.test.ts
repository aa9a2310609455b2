import { expect, test } from "vitest";
import { LineRelay } from "./line-relay.ts";

class Written {
  readonly batches: string[] = [];
  readonly #due: (() => void)[] = [];
  readonly relay: LineRelay = new LineRelay({
    send: (text) => void this.batches.push(text),
    tellDropped: (counts) => `dropped ${JSON.stringify(counts)}`,
    soon: (run) => void this.#due.push(run),
  });

  get text(): string {
    return this.batches.join("");
  }

  turn(): void {
    for (const run of this.#due.splice(0)) run();
  }

  /** Takes batch after batch until nothing is under way. */
  takeAll(): void {
    for (let taken = 0; taken < this.batches.length; taken++) {
      this.relay.onTaken(1);
      this.turn();
    }
  }
}

test("lines of one turn leave together, in order and whole", () => {
  const out = new Written();
  for (const line of ["one", "two", "three"]) out.relay.offer(line, 1, "x");
  expect(out.batches).toEqual([]);
  out.turn();
  expect(out.batches).toEqual(["one\ntwo\nthree\n"]);
});

test("four batches are under way at most, and one taken makes room for one", () => {
  const out = new Written();
  const line = "x".repeat(65_536);
  for (let count = 0; count < 7; count++) out.relay.offer(line, 1, "x");
  out.turn();
  expect(out.batches).toHaveLength(4);
  out.relay.onTaken(1);
  expect(out.batches).toHaveLength(5);
});

test("while nobody takes them, details go first, ends last, and it is told how many", () => {
  const out = new Written();
  const long = "x".repeat(1_000);
  for (let count = 0; count < 20_000; count++) {
    out.relay.offer(long, 0, "beat");
    out.relay.offer(long, 1, "open");
    out.turn();
  }
  out.relay.offer("the end", 2, "end");
  out.takeAll();
  const told = out.text.split("\n").filter((line) => line !== "");
  const dropped = told.filter((line) => line.startsWith("dropped"));
  expect(dropped).toHaveLength(1);
  const counts = JSON.parse(dropped[0]?.slice("dropped ".length) ?? "") as Record<string, number>;
  expect(counts["beat"]).toBeGreaterThan(counts["open"] ?? 0);
  expect(counts["end"]).toBeUndefined();
  expect(told).toContain("the end");
  const kept = told.filter((line) => line === long).length;
  expect(kept + (counts["beat"] ?? 0) + (counts["open"] ?? 0)).toBe(40_000);
  expect(kept * 1_000).toBeLessThan(5 * 1024 ** 2);
});

test("it is idle once the last batch was written, or nobody takes any more", async () => {
  const out = new Written();
  out.relay.offer("one", 1, "x");
  let isIdle = false;
  const idle = out.relay.idle().then(() => {
    isIdle = true;
  });
  await Promise.resolve();
  expect(isIdle).toBe(false);
  out.relay.onTaken(1);
  await idle;
  out.relay.offer("two", 1, "x");
  const again = out.relay.idle();
  out.relay.cut();
  await again;
  expect(out.text).toBe("one\ntwo\n");
});
