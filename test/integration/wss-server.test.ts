/** WebSockets over TLS: what becomes of those who say nothing, and of what breaks below them. */
import { expect, test } from "vitest";
import { AUTHORITY } from "../certificates/certificates.ts";
import { RawPeer, upgradeRequest } from "../support/websocket-peer.ts";
import { rawClient } from "../support/raw-tls-client.ts";
import { fails, serve, until } from "./tls-world.ts";

const ACCEPT = { accept: ["line", "frame", "websocket"] } as const;

// The handshake of TLS counted as a sign of life, at the first look below, seconds after it.
test("who upgrades and says nothing is silent for no longer than the timeout", async () => {
  const served = await serve({}, { ...ACCEPT, timeoutMs: 2_000 });
  const { socket } = await rawClient(served);
  const end = served.ended();
  const peer = new RawPeer(socket);
  peer.write(upgradeRequest());
  await peer.until("the upgrade", () => peer.head.startsWith("HTTP/1.1 101"));
  const { code, livedMs } = await end;
  expect(code).toBe("PEER_SILENT");
  expect(livedMs).toBeLessThan(2_900);
});

// The faults of TLS went to streams only, so the record said that the peer had vanished.
test.each(["in the middle of a request", "after the upgrade"])(
  "a record that cannot be opened, %s, is a fault of TLS",
  async (moment) => {
    const served = await serve({}, ACCEPT);
    const { raw, socket } = await rawClient(served);
    const end = served.ended();
    const peer = new RawPeer(socket);
    const request = upgradeRequest();
    const isHalf = moment.startsWith("in");
    const { server } = served;
    await until("the server has agreed", () => server.stats().silent === 1);
    peer.write(isHalf ? request.slice(0, 30) : request);
    if (isHalf) await until("it asks", () => server.stats().greeting === 1);
    else await peer.until("the upgrade", () => peer.head.startsWith("HTTP/1.1 101"));
    raw.write(Buffer.concat([Buffer.from([0x17, 3, 3, 0, 40]), Buffer.alloc(40, 7)]));
    const { code, sentence } = await end;
    expect(code).toBe("TLS_FAILED");
    expect(sentence).toContain("BAD_RECORD_MAC");
  },
);

// A link tried for ever, and the reason it gave was one of HTTP.
test("a certificate of ours that is wanted ends the link and is named", async () => {
  const served = await serve({ clientCertificates: "required", ca: AUTHORITY }, ACCEPT);
  const wanted = await fails(served.url("wss"));
  expect([wanted.code, wanted.attempts]).toEqual(["CERTIFICATE_REFUSED", 1]);
  expect(wanted.sentence).toContain("set `tls.cert` and `tls.key`");
});
