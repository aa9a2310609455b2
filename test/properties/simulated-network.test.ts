/**
 * The simulated network against any faults: bytes arrive in order, once or not at all, and after
 * healing all of them have arrived, or the connection is over at both ends.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SimPair } from "../support/sim-pair.ts";

/** One fault, or one use, and how long to wait after it. */
interface Step {
  readonly what: (typeof WHATS)[number];
  readonly size: number;
  readonly waitMs: number;
}

const WHATS = [
  "write-left",
  "write-right",
  "write-left",
  "write-right",
  "cut-up",
  "cut-down",
  "heal",
  "lose",
  "delay",
  "pause-right",
  "resume-right",
  "freeze-client",
  "thaw-client",
  "stall-server",
  "suspend-client",
  "reset-mappings",
  "power-cycle",
  "switch-network",
  "finish-left",
  "reset-right",
] as const;

const STEP: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom(...WHATS),
  size: fc.integer({ min: 1, max: 100_000 }),
  waitMs: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 20_000 })),
});

const KEEPALIVE = { idleMs: 60_000, intervalMs: 10_000, count: 5 };

/** The seed of a trial and what is done to it. */
const GIVEN = [fc.array(STEP, { minLength: 5, maxLength: 40 }), fc.nat(1_000)] as const;

class Trial {
  readonly pair: SimPair;
  readonly written: Record<"left" | "right", number> = { left: 0, right: 0 };
  #isFinished = false;

  constructor(seed: number) {
    this.pair = SimPair.connected({ keepalive: KEEPALIVE }, { keepalive: KEEPALIVE }, seed);
  }

  step({ what, size, waitMs }: Step): void {
    const { left, right, clientHost, serverHost } = this.pair;
    const { path, process } = clientHost;
    if (what === "write-left") this.#write("left", size);
    if (what === "write-right") this.#write("right", size);
    if (what === "cut-up") path.cutUp = true;
    if (what === "cut-down") path.cutDown = true;
    if (what === "heal") this.heal();
    if (what === "lose") path.lossRatio = 0.25;
    if (what === "delay") path.queueMs = size % 3_000;
    if (what === "pause-right") right.transport.pause();
    if (what === "resume-right") right.transport.resume();
    if (what === "freeze-client") process?.freeze();
    if (what === "thaw-client") process?.thaw();
    if (what === "stall-server") serverHost.process?.stall(size);
    if (what === "suspend-client") clientHost.suspend(size, size % 2 === 0);
    if (what === "reset-mappings" && size % 2 === 0) path.loseFlows("reset-on-packet");
    if (what === "switch-network" && size % 2 === 0) path.switchNetwork();
    if (what === "power-cycle" && size % 3 === 0) {
      clientHost.powerOff();
      clientHost.powerOn();
    }
    if (what === "finish-left" && size % 2 === 0) {
      left.transport.finish();
      this.#isFinished = true;
    }
    if (what === "reset-right" && size % 3 === 0) right.transport.reset();
    this.pair.pass(waitMs);
  }

  heal(): void {
    const { path } = this.pair.clientHost;
    path.cutUp = false;
    path.cutDown = false;
    path.lossRatio = 0;
    path.queueMs = 0;
  }

  /** All faults end, and everybody gets the time that kernels take. */
  finish(): void {
    this.heal();
    this.pair.clientHost.process?.thaw();
    this.pair.right.transport.resume();
    this.pair.pass(1_100_000);
  }

  /** Bytes count up from 0 in each direction, so that order, loss and doubling show. */
  #write(from: "left" | "right", size: number): void {
    const { transport } = this.pair[from];
    if (transport.unsentBytes > 0 || (from === "left" && this.#isFinished)) return;
    const at = this.written[from];
    if (this.pair[from].lines.some((line) => line.includes("closed"))) return;
    transport.write(Uint8Array.from({ length: size }, (_, index) => (at + index) % 251));
    this.written[from] = at + size;
  }
}

function isOver(trial: Trial, side: "left" | "right"): boolean {
  if (trial.pair[side].lines.some((line) => line.includes("closed"))) return true;
  return side === "left" && trial.pair.clientHost.process === undefined;
}

function run(steps: readonly Step[], seed: number): Trial {
  const trial = new Trial(seed);
  for (const step of steps) trial.step(step);
  trial.finish();
  return trial;
}

function traceOf(trial: Trial): string {
  return JSON.stringify(trial.pair.events, (_, value: unknown) =>
    value instanceof Uint8Array ? value.length : value,
  );
}

test("the same seed and the same faults give the same events", () => {
  const property = fc.property(...GIVEN, (steps, seed) => {
    expect(traceOf(run(steps, seed))).toBe(traceOf(run(steps, seed)));
  });
  fc.assert(property, { numRuns: 20 });
});

test("bytes arrive in order, once or not at all; after healing all, or the flow is over", () => {
  let whole = 0;
  let over = 0;
  const property = fc.property(...GIVEN, (steps, seed) => {
    const trial = run(steps, seed);
    const { left, right } = trial.pair;
    for (const [from, to] of [
      ["left", right],
      ["right", left],
    ] as const) {
      expect(to.bytes.length).toBeLessThanOrEqual(trial.written[from]);
      expect(to.bytes.findIndex((byte, index) => byte !== index % 251)).toBe(-1);
    }
    const isWhole =
      right.bytes.length === trial.written.left && left.bytes.length === trial.written.right;
    if (isWhole) whole += 1;
    else {
      over += 1;
      expect([isOver(trial, "left"), isOver(trial, "right")]).toEqual([true, true]);
    }
    expect(trial.pair.told("thrown")).toEqual([]);
    for (const side of ["client", "server"] as const) {
      const closed = trial.pair.told("flow-closed", side).length;
      expect(closed).toBe(isOver(trial, side === "client" ? "left" : "right") ? 1 : 0);
    }
  });
  fc.assert(property, { numRuns: 150 });
  // Both outcomes must have been seen, or the trial is too mild or too harsh to prove anything.
  expect(whole).toBeGreaterThan(5);
  expect(over).toBeGreaterThan(5);
});
