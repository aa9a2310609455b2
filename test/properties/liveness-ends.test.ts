/** The rules of liveness that only show where the machine ends and the kernel helps. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isHoldfastError } from "../../src/base/errors.ts";
import { resolveConnect } from "../../src/client/socket-terms.ts";
import { resolveListen } from "../../src/server/options.ts";
import { BOTH_DIALECTS, ConnectionPair } from "../../src/testing/connection-pair.ts";

test("5.7 dead means destroyed: no farewell, whatever was queued, and nothing is kept", () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 200_000 }), { maxLength: 6 });
  fc.assert(
    fc.property(fc.constantFrom(...BOTH_DIALECTS), sizes, ([name, options], queued) => {
      const pair = new ConnectionPair(options);
      pair.run(40_000);
      pair.cut();
      const sides = [pair.client, pair.server];
      for (const { connection } of sides) {
        for (const size of queued) connection.send("x".repeat(size), pair.now);
      }
      const before = sides.map((side) => side.seen("write").length);
      pair.run(300_000);
      for (const [index, side] of sides.entries()) {
        expect(["PEER_SILENT", "PEER_TAKES_NOTHING"]).toContain(side.end?.code);
        expect(side.end?.orderly).toBe(false);
        expect(side.seen("finish")).toEqual([]);
        const written = side.seen("write").slice(before[index]);
        expect(written.filter(({ bytes }) => bytes[0] === END_FRAME)).toEqual([]);
        expect(side.connection.heldBytes).toBe(0);
        expect(side.connection.deadline()).toBeUndefined();
        const named = (side.end?.undelivered.length ?? 0) + (side.end?.unwritten.length ?? 0);
        // In the line dialect what the kernel has taken counts as delivered.
        if (name === "frame") expect(named).toBe(queued.length);
      }
    }),
    { numRuns: 30 },
  );
});

/** The type of END; docs/protocol.md section 5. */
const END_FRAME = 11;

test("5.8 kernel help: no options let the kernel end whom our own rule still bears", () => {
  const near = fc.constantFrom(1_000, 59_999, 60_000, 60_001); // Of the default, and of each other.
  const ms = fc.option(fc.oneof(near, fc.integer({ min: 1, max: 400_000 })), { nil: undefined });
  fc.assert(
    fc.property(ms, ms, fc.boolean(), (drainTimeoutMs, userTimeoutMs, isServer) => {
      const options = { drainTimeoutMs, userTimeoutMs };
      try {
        const given = isServer
          ? resolveListen({ ...options, port: 0, accept: ["frame"] }, 1_000)
          : resolveConnect(options);
        const { kernel } = "server" in given ? given : given.dial;
        const { connection } = "server" in given ? given.server : given;
        if (kernel.userTimeoutMs === false) return;
        expect(kernel.userTimeoutMs).toBeGreaterThan(connection.liveness.drainTimeoutMs);
      } catch (error) {
        if (!isHoldfastError(error)) throw error;
        expect(error.code).toBe("OPTION_INVALID");
      }
    }),
  );
});
