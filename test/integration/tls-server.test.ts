/** A server over TLS: who is let in, what is known of them, and that limits come first. */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import type { TlsFacts } from "../../src/transports/transport.ts";
import { AUTHORITY, identityOf, pemOf } from "../certificates/certificates.ts";
import { dial, fails, reaches, type Served, serve, until } from "./tls-world.ts";

function portOf({ url }: Served): number {
  return Number(new URL(url()).port);
}

function plainSocket(served: Served): Socket {
  const socket = connectTcp(portOf(served), "127.0.0.1").on("error", () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}

/** A client of node:tls, for what a link does not do. */
async function tlsSocket(served: Served, options: ConnectionOptions): Promise<TLSSocket> {
  const base = { host: "127.0.0.1", port: portOf(served), ca: AUTHORITY, servername: "localhost" };
  const socket = connectTls({ ...base, ...options });
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve).once("error", reject);
  });
  return socket;
}

test("a link and a server agree on TLS 1.3, and know each other", async () => {
  const served = await serve({ ca: AUTHORITY, clientCertificates: "optional" });
  const seen = new Promise<TlsFacts | undefined>((resolve) => {
    served.server.on("connection", (connection) => resolve(connection.tls));
  });
  const link = dial(served.url(), { tls: identityOf("client") });
  const { tls } = await reaches(link, "online");
  const common = { protocol: "TLSv1.3", alpn: "holdfast/1", serverName: "localhost" };
  expect(tls).toMatchObject({ ...common, isAuthorized: true, isResumed: false });
  expect(tls?.certificate).toMatchObject({
    commonName: "localhost",
    subject: "O=Holdfast tests, CN=localhost",
    issuer: "O=Holdfast tests, CN=test authority",
    validToWallMs: Date.UTC(2120, 0, 1),
  });
  expect(tls?.certificate?.altNames).toContain("IP Address:127.0.0.1");
  const there = await seen;
  expect(there).toMatchObject({ ...common, isAuthorized: true, certificateFault: undefined });
  expect(there?.certificate).toMatchObject({
    commonName: "device 7",
    altNames: ["DNS:device-7.example"],
  });
  const [info] = served.server.connections();
  expect(info).toMatchObject({ transport: "tls", tls: "TLSv1.3", identity: "device 7" });
  const echoed = new Promise((resolve) => link.on("message", resolve));
  served.server.on("message", (connection, data) => connection.send(data));
  link.send("hello");
  expect(await echoed).toBe("hello");
});

test("a required certificate: who has none, a wrong one, or one that is over", async () => {
  const served = await serve({ ca: AUTHORITY, clientCertificates: "required" });
  const nobody = served.ended();
  const missing = await fails(served.url());
  expect([missing.code, missing.attempts]).toEqual(["CERTIFICATE_REFUSED", 1]);
  expect(missing.sentence).toContain("wants a certificate from its clients: set `tls.cert`");
  expect(await nobody).toMatchObject({ code: "CERTIFICATE_INVALID", wasOpen: false });
  for (const [name, why] of [
    ["strange-client", "is from an authority that is not in `tls.ca`"],
    ["expired-client", "has expired"],
    ["localhost", "is not for clients"],
  ] as const) {
    const end = served.ended();
    const redial = { attemptsMax: 1 };
    const { lastCause } = await fails(served.url(), { tls: identityOf(name), redial });
    expect(["PEER_RESET", "PEER_VANISHED"]).toContain(lastCause?.code);
    expect(lastCause?.hint).toContain("it may not accept the one in `tls.cert`");
    const record = await end;
    expect(record.code).toBe("CERTIFICATE_INVALID");
    expect(record.sentence).toContain(why);
  }
  await reaches(dial(served.url(), { tls: identityOf("client") }), "online");
  expect(served.server.stats().ended).toEqual({ CERTIFICATE_INVALID: 4 });
});

test("an optional certificate that is wrong lets in, and authenticate decides", async () => {
  const asked: (readonly [boolean, string | undefined])[] = [];
  const served = await serve(
    { ca: AUTHORITY, clientCertificates: "optional" },
    {
      authenticate: (_, __, { tls, request }) => {
        expect(request).toBeUndefined();
        asked.push([tls?.isAuthorized === true, tls?.certificateFault]);
        return tls?.isAuthorized === true;
      },
    },
  );
  const refused = await fails(served.url(), { tls: identityOf("strange-client") });
  expect(refused.code).toBe("UNAUTHORIZED");
  expect((await fails(served.url())).code).toBe("UNAUTHORIZED");
  await reaches(dial(served.url(), { tls: identityOf("client") }), "online");
  const why = "is from an authority that is not in `tls.ca`";
  expect(asked).toEqual([
    [false, why],
    [false, undefined],
    [true, undefined],
  ]);
});

test("the certificate is chosen by the name that a client asks for", async () => {
  const hosts = { "other.example": identityOf("other"), "*.example.org": identityOf("wildcard") };
  const served = await serve({ hosts });
  for (const [serverName, commonName] of [
    ["other.example", "other.example"],
    ["CHAT.example.org", "*.example.org"],
    ["localhost", "localhost"],
  ] as const) {
    const link = dial(served.url(), { tls: { serverName } });
    const { tls } = await reaches(link, "online");
    expect(tls?.certificate?.commonName).toBe(commonName);
    await link.close();
  }
  const deep = await fails(served.url(), { tls: { serverName: "a.b.example.org" } });
  expect(deep.code).toBe("CERTIFICATE_INVALID");
  expect(served.server.certificates().map(({ host }) => host)).toEqual([
    undefined,
    "other.example",
    "*.example.org",
  ]);
});

test("ALPN: a plain client offers none, and whoever offers something else is refused", async () => {
  const served = await serve();
  const plain = await tlsSocket(served, {});
  expect(plain.alpnProtocol).toBe(false);
  plain.write("ping\n");
  expect(String(await new Promise((resolve) => plain.once("data", resolve)))).toBe("pong\n");
  const end = served.ended();
  const strange = tlsSocket(served, { ALPNProtocols: ["h2"] });
  await expect(strange).rejects.toThrow(/no application protocol/);
  expect(await end).toMatchObject({
    code: "TLS_FAILED",
    sentence: expect.stringContaining("the peer asked by ALPN for protocols") as string,
  });
});

test("old versions and strange ciphers are refused, and the record says which it was", async () => {
  const served = await serve({ minVersion: "TLSv1.3" });
  const end = served.ended();
  await expect(tlsSocket(served, { maxVersion: "TLSv1.2" })).rejects.toThrow(/protocol version/);
  expect((await end).sentence).toContain("the peer speaks no version of TLS that is accepted here");
});

test("a link that comes back resumes its session, and knows the server by it", async () => {
  const served = await serve({}, { reconnectWindowMs: 0 });
  const link = dial(served.url());
  expect((await reaches(link, "online")).tls).toMatchObject({ isResumed: false });
  // The ticket comes behind the handshake, and this end behind the ticket.
  served.server.on("message", (connection) => connection.destroy());
  for (let time = 0; time < 2; time++) {
    link.send("drop me");
    const { tls } = await reaches(link, "online");
    expect(tls).toMatchObject({ isResumed: true, isAuthorized: true });
    expect(tls?.certificate?.commonName).toBe("localhost");
  }
});

test("a client of TLS 1.2 resumes, too", async () => {
  const served = await serve();
  const options = { maxVersion: "TLSv1.2" } as const;
  const session = (await tlsSocket(served, options)).getSession();
  const again = await tlsSocket(served, { ...options, ...(session ? { session } : {}) });
  expect([again.isSessionReused(), again.getProtocol()]).toEqual([true, "TLSv1.2"]);
});

test("tickets of one server are taken by another that has the same keys", async () => {
  const ticketKeys = new Uint8Array(48).fill(7);
  const sessions: Buffer[] = [];
  const first = await serve({ ticketKeys });
  const socket = await tlsSocket(first, {});
  socket.on("session", (ticket) => sessions.push(ticket));
  await until("a ticket comes", () => sessions.length > 0);
  const [session] = sessions as [Buffer];
  const second = await serve({ ticketKeys });
  expect((await tlsSocket(second, { session })).isSessionReused()).toBe(true);
  const stranger = await serve();
  expect((await tlsSocket(stranger, { session })).isSessionReused()).toBe(false);
});

test("who begins a handshake and goes no further ends in time, by a reset", async () => {
  const served = await serve({}, { handshakeTimeoutMs: 200 });
  const end = served.ended();
  const socket = plainSocket(served);
  socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0]));
  const fault = new Promise((resolve) => socket.once("error", resolve));
  await until("it counts as a handshake", () => served.server.stats().greeting === 1);
  expect(await end).toMatchObject({ code: "HANDSHAKE_TIMEOUT", reset: true, wasOpen: false });
  expect(await fault).toMatchObject({ code: "ECONNRESET" });
  expect(served.server.stats()).toMatchObject({ open: 0, greeting: 0 });
});

test("who says nothing at all ends in the same time", async () => {
  const served = await serve({}, { handshakeTimeoutMs: 200 });
  const end = served.ended();
  plainSocket(served);
  expect(await end).toMatchObject({ code: "HANDSHAKE_TIMEOUT", reset: true });
});

test("handshakes at once have a limit, those of TLS included", async () => {
  const served = await serve({}, { handshakesMax: 3, handshakeTimeoutMs: 5_000 });
  const sockets = Array.from({ length: 5 }, () => plainSocket(served));
  for (const socket of sockets) socket.write(Buffer.from([0x16, 3, 1, 2, 0, 1, 0]));
  await until("two are turned away", () => served.server.stats().rejected.HANDSHAKES_MAX === 2);
  await until("and leave", () => served.server.stats().open === 3);
  expect(served.server.stats()).toMatchObject({ greeting: 3, rejected: { HANDSHAKES_MAX: 2 } });
});

test("limits come before TLS, and those beyond are reset without a handshake", async () => {
  const served = await serve({}, { maxConnections: 2, handshakeTimeoutMs: 5_000 });
  await reaches(dial(served.url()), "online");
  await reaches(dial(served.url()), "online");
  const crowd = Array.from({ length: 80 }, () => plainSocket(served));
  let closed = 0;
  for (const socket of crowd) socket.once("close", () => (closed += 1));
  // 64 of them are told, which takes a handshake; the others get no more than a reset.
  await until("those beyond are gone", () => closed >= 16);
  expect(served.server.stats()).toMatchObject({ open: 2, rejected: { CONNECTIONS_MAX: 80 } });
  expect(served.server.stats().refusing).toBeLessThanOrEqual(64);
});

test("a link that is turned away hears why, over TLS", async () => {
  const served = await serve({}, { maxConnections: 1 });
  await reaches(dial(served.url()), "online");
  const { lastCause } = await fails(served.url(), { redial: { attemptsMax: 1 } });
  expect(lastCause?.code).toBe("CONNECTIONS_MAX");
});

test("a private key that needs a passphrase is opened by it", async () => {
  const cert = pemOf("localhost.pem");
  const served = await serve({ cert, key: pemOf("encrypted-key.pem"), passphrase: "open-sesame" });
  const { tls } = await reaches(dial(served.url()), "online");
  expect(tls?.certificate?.commonName).toBe("localhost");
});

test("lines over TLS: what a plain program says and hears", async () => {
  const served = await serve();
  served.server.on("message", (connection, data) => connection.send(`you said ${String(data)}`));
  const link = dial(served.url("line+tls"));
  const heard = new Promise((resolve) => link.on("message", resolve));
  const { tls } = await reaches(link, "online");
  expect(tls).toMatchObject({ protocol: "TLSv1.3", alpn: undefined });
  link.send("hello");
  expect(await heard).toBe("you said hello");
});
