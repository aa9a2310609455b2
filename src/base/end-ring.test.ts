import fc from "fast-check";
import { expect, test } from "vitest";
import { EndRing } from "./end-ring.ts";

test("a ring keeps the newest items, oldest first, and hands back what it forgets", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 30 }), (max, count) => {
      const ring = new EndRing<number>(max);
      const gone: number[] = [];
      for (let item = 0; item < count; item++) {
        const out = ring.push(item);
        if (out !== undefined) gone.push(out);
      }
      const all = Array.from({ length: count }, (_, item) => item);
      const kept = Math.min(max, count);
      expect(ring.list()).toEqual(all.slice(count - kept));
      expect(gone).toEqual(all.slice(0, count - kept));
      expect(ring.length).toBe(kept);
    }),
  );
});
