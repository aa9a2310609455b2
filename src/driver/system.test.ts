import { expect, test } from "vitest";
import { toHex } from "../base/bytes.ts";
import { pooledSecrets } from "./system.ts";

test("secrets from the pool are of the length asked for, and none is drawn twice", () => {
  const secrets = pooledSecrets();
  const seen = new Set<string>();
  for (let draw = 0; draw < 5_000; draw++) {
    const count = draw % 3 === 0 ? 24 : 16; // Not a divisor of the pool, so its end is met, too.
    const bytes = secrets.bytes(count);
    expect(bytes.length).toBe(count);
    for (let at = 0; at + 8 <= count; at += 8) seen.add(toHex(bytes.subarray(at, at + 8)));
    bytes.fill(7); // Whoever draws owns what it got.
  }
  // Eight bytes of chance never repeat here; what is left of an erased or spent pool would.
  expect(seen.size).toBe(1_667 * 3 + 3_333 * 2);
});

test("more than the pool holds is drawn all the same", () => {
  const secrets = pooledSecrets();
  const most = secrets.bytes(10_000);
  expect(most.length).toBe(10_000);
  expect(new Set(most).size).toBe(256);
  expect(secrets.bytes(0).length).toBe(0);
});
