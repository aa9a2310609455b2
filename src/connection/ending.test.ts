import { expect, test } from "vitest";
import { ConnectionPair, LINE_CLIENT_CONFIG } from "../testing/connection-pair.ts";

test.each([["line", { client: LINE_CLIENT_CONFIG }] as const, ["frame", {}] as const])(
  "%s: the record counts what was queued at the end, though the end hands it back",
  (_dialect, options) => {
    const pair = new ConnectionPair(options);
    pair.run(100);
    pair.client.connection.pauseReading(pair.now);
    for (let count = 0; count < 20; count++) {
      pair.server.connection.send("x".repeat(50_000), pair.now);
      pair.run(1);
    }
    const { outboxBytes } = pair.server.connection;
    pair.server.connection.abort("CLOSED_HERE", "", pair.now);
    pair.run(1);
    const { end } = pair.server;
    expect(end?.evidence.queuedBytes).toBe(outboxBytes);
    expect(outboxBytes).toBeGreaterThan(100_000);
    expect(pair.server.connection.outboxBytes).toBe(0);
  },
);
