/** Peers of TLS 1.3 that ask for new keys for ever and read no answer. */
import { expect, test } from "vitest";
import { serve } from "../integration/tls-world.ts";
import { rawClient } from "../support/raw-tls-client.ts";
import { frame, TEXT, upgradeRequest } from "../support/websocket-peer.ts";

// TLS answers by itself and keeps the answers: memory without end, of which nobody knew.
test.each(["lines", "text messages"])(
  "who floods with them between %s is ended by a fault of TLS",
  async (speech) => {
    const served = await serve({}, { accept: ["line", "frame", "websocket"] });
    const { raw, keys } = await rawClient(served);
    const end = served.ended();
    let isOver = false;
    raw.once("close", () => {
      isOver = true;
    });
    raw.pause();
    if (speech !== "lines") raw.write(keys.records(1, upgradeRequest()));
    const ping = speech === "lines" ? "ping\n" : frame(TEXT, "ping");
    for (let round = 0; round < 2_000 && !isOver; round++) {
      const isFull = !raw.write(keys.records(400, ping));
      if (isFull && !isOver) await new Promise((go) => raw.once("drain", go).once("close", go));
    }
    const { code, sentence } = await end;
    expect(code).toBe("TLS_FAILED");
    expect(sentence).toContain("the peer asked for new keys, and left 1");
  },
  60_000,
);
