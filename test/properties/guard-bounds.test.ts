/** What a guard promises in numbers: not too early, not too late, whatever came before. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { GuardRig } from "../support/guard-rig.ts";

const TIMEOUT_MS = 8_000;
const OPTIONS = { timeoutMs: TIMEOUT_MS, keepalive: false } as const;

/** What happens to a connection, one after the other. */
const happening = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: TIMEOUT_MS - 1 }).map(says) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 * TIMEOUT_MS }).map(stalls) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 * TIMEOUT_MS }).map(pauses) },
);

interface Happening {
  readonly what: "says" | "stalls" | "pauses";
  readonly ms: number;
}

function says(ms: number): Happening {
  return { what: "says", ms };
}

function stalls(ms: number): Happening {
  return { what: "stalls", ms };
}

function pauses(ms: number): Happening {
  return { what: "pauses", ms };
}

test("a peer that says a byte in each timeout lives, and is found in time when it stops", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 30 }), (happenings) => {
      const rig = new GuardRig(OPTIONS);
      const socket = rig.socket();
      rig.clock.advance(0);
      for (const { what, ms } of happenings) {
        if (what === "pauses") socket.pause();
        if (what === "stalls") rig.clock.stall(ms);
        else rig.clock.advance(ms);
        socket.waitingBytes += 1;
        if (what === "pauses") socket.resume();
        rig.clock.advance(0);
        expect(rig.ends, "nobody alive is ended").toEqual([]);
      }
      const silentFrom = rig.clock.now();
      rig.clock.advance(2 * TIMEOUT_MS);
      expect(rig.ends).toMatchObject([{ record: { code: "PEER_SILENT" } }]);
      const foundMs = (rig.ends[0]?.at ?? 0) - silentFrom;
      expect(foundMs).toBeGreaterThanOrEqual(TIMEOUT_MS);
      // After a stall that nobody noticed yet the deadline may shift by it.
      const lateMs = rig.ends[0]?.record.evidence.ourLatenessMs ?? 0;
      expect(foundMs - lateMs).toBeLessThanOrEqual(rig.boundMs);
    }),
  );
});

/** An owner that does not take what came, and perhaps holds up the whole process meanwhile. */
const unread = fc.record({
  beforeMs: fc.integer({ min: 0, max: TIMEOUT_MS }),
  stallMs: fc.integer({ min: 0, max: 3 * TIMEOUT_MS }),
  afterMs: fc.integer({ min: 0, max: TIMEOUT_MS }),
});

test("what was not read here is no silence of the peer, and the record tells how much", () => {
  fc.assert(
    fc.property(unread, ({ beforeMs, stallMs, afterMs }) => {
      const rig = new GuardRig(OPTIONS);
      const socket = rig.socket();
      socket.waitingBytes += 1;
      rig.clock.advance(rig.boundMs - TIMEOUT_MS); // It was looked at.
      socket.pause();
      rig.clock.advance(beforeMs);
      rig.clock.stall(stallMs);
      rig.clock.advance(afterMs);
      socket.resume();
      rig.clock.advance(2 * TIMEOUT_MS);
      expect(rig.ends).toMatchObject([{ record: { code: "PEER_SILENT" } }]);
      const { record } = rig.ends[0] ?? {};
      const { heardMsAgo = 0, ourLatenessMs = 0, unreadMs = 0 } = record?.evidence ?? {};
      expect(heardMsAgo - unreadMs).toBeGreaterThanOrEqual(TIMEOUT_MS);
      expect(heardMsAgo - ourLatenessMs - unreadMs).toBeLessThanOrEqual(rig.boundMs);
      expect(record?.sentence.includes("of it unread by us")).toBe(unreadMs >= 100);
    }),
  );
});

test("a WebSocket that never answers is found within the bound, whatever it said before", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: TIMEOUT_MS - 1 }), { maxLength: 30 }),
      fc.integer({ min: 0, max: 1_000 }),
      (gaps, seed) => {
        const answerWithinMs = 2_000;
        const rig = new GuardRig({ ...OPTIONS, intervalMs: 3_000, answerWithinMs }, seed);
        const webSocket = rig.webSocket(false);
        let saidAt = rig.clock.now();
        for (const ms of gaps) {
          // Whoever does not answer must at least speak within what the interval leaves.
          rig.clock.advance(Math.min(ms, 1_900));
          webSocket._socket.waitingBytes += 1;
          rig.clock.advance(0);
          saidAt = rig.clock.now();
          expect(rig.ends).toEqual([]);
        }
        rig.clock.advance(2 * TIMEOUT_MS);
        expect(rig.ends).toMatchObject([{ record: { code: "PEER_SILENT" } }]);
        expect((rig.ends[0]?.at ?? 0) - saidAt).toBeLessThanOrEqual(
          rig.boundMs - TIMEOUT_MS + 3_000 + answerWithinMs,
        );
        expect(webSocket.pings).toBeGreaterThan(0);
      },
    ),
  );
});
