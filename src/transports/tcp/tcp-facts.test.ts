import { expect, test } from "vitest";
import type { EffectiveKernelOptions } from "../transport.ts";
import type { TcpEngineConfig } from "./tcp-engine.ts";
import { DialledFacts } from "./tcp-facts.ts";

const unasked = (): never => {
  throw new Error("nobody asks");
};

function engine(): TcpEngineConfig {
  const unacked = { ask: unasked } as unknown as TcpEngineConfig["unacked"];
  return { native: undefined, unacked, overwriteAfterRead: false };
}

function options(keepaliveCount: number): EffectiveKernelOptions {
  const off = { value: false, source: "known" } as const;
  const count = { value: keepaliveCount, source: "read" } as const;
  return {
    keepaliveIdleMs: off,
    keepaliveIntervalMs: off,
    keepaliveCount: count,
    userTimeoutMs: off,
  };
}

test("dials that came out alike share what is known of them, and no others", () => {
  const facts = new DialledFacts();
  const one = engine();
  const first = facts.of(one, options(5));
  expect(facts.of(one, options(5))).toBe(first);
  expect(facts.of(one, options(6)).kernelOptions.keepaliveCount.value).toBe(6);
  const again = facts.of(one, options(5));
  expect(again).not.toBe(first);
  expect(facts.of(engine(), options(5))).not.toBe(again);
});
