import { expect, test } from "vitest";
import { ConnectionPair, LINE_CLIENT_CONFIG } from "../testing/connection-pair.ts";
import { NEXT, type Phase } from "./phases.ts";

test("every phase but the last can end, and the last one has no way out", () => {
  for (const [phase, triggers] of Object.entries(NEXT)) {
    if (phase === "ended") expect(triggers).toEqual({});
    else expect(triggers.over).toBe("ended");
  }
});

test("no trigger leads back to an earlier phase", () => {
  const order: Phase[] = [
    "silent",
    "greeting",
    "deciding",
    "open",
    "closing",
    "finishing",
    "ended",
  ];
  for (const [phase, triggers] of Object.entries(NEXT)) {
    for (const next of Object.values(triggers)) {
      expect(order.indexOf(next)).toBeGreaterThan(order.indexOf(phase as Phase));
    }
  }
});

test.each(["line", "frame"])("%s: after the end every input is ignored", (dialect) => {
  const pair = new ConnectionPair(dialect === "line" ? { client: LINE_CLIENT_CONFIG } : {});
  pair.run(100);
  const { connection } = pair.server;
  connection.abort("CLOSED_HERE", "", pair.now);
  while (connection.poll(pair.now) !== undefined);
  const { now } = pair;
  connection.handleBytes(new TextEncoder().encode("ping\n"), now);
  connection.handleWritten(true, now);
  connection.handleDrained(true, now);
  connection.handleFinished(undefined, now);
  connection.handleUnacked({ unackedBytes: 5, unsentBytes: 0, windowIsShut: false }, now);
  connection.handleClosed(new Error("late"), now);
  connection.handleTimeout(now);
  connection.pauseReading(now);
  connection.resumeReading(now);
  connection.close("CLOSED_HERE", "", now);
  connection.abort("CLOSED_HERE", "", now);
  connection.condemn(now);
  connection.hold(10, now);
  connection.verifySoon(now);
  connection.goAway({ reason: "", retry: "now", afterMs: 0, spreadMs: 0 });
  expect(connection.poll(now)).toBeUndefined();
  expect(connection.deadline()).toBeUndefined();
  expect(connection.phase).toBe("ended");
});
