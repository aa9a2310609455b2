/**
 * Plain peers and TLS on one port, told apart by what they say first: everybody is served as on a
 * port of its own, limits count all, and whoever says nothing is a plain peer that has not spoken.
 */
import { once } from "node:events";
import { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { type EndRecord, listen, type ListenOptions, type Server } from "../../src/index.ts";
import { within } from "../../src/testing/transport-recorder.ts";
import { AUTHORITY, identityOf } from "../certificates/certificates.ts";
import { Processes } from "../support/processes.ts";
import { ENDS, v2 } from "../support/proxy-writer.ts";
import { rawClient } from "../support/raw-tls-client.ts";
import { hasTool, skipUnless } from "../support/requires.ts";
import { eventually } from "../support/websocket-peer.ts";
import { hears, isClosed, raw, type Raw } from "./proxy-world.ts";
import {
  aBrowser,
  aLink,
  aPlainProgram,
  aProgram,
  everybodySays,
  type Speaker,
} from "./speakers.ts";
import { dial, reaches } from "./tls-world.ts";

interface Served {
  readonly server: Server;
  readonly port: number;
  readonly ends: EndRecord[];
}

type More = Omit<ListenOptions, "port" | "listen" | "host">;

async function serve({ tls, ...more }: More = {}): Promise<Served> {
  const server = await listen({
    accept: ["line", "frame", "websocket"],
    reconnectWindowMs: 50,
    ...more,
    listen: "tcp+tls://127.0.0.1:0",
    tls: tls ?? identityOf("localhost"),
  });
  onTestFinished(async () => await server.destroy());
  const ends: EndRecord[] = [];
  server.on("message", (connection, data) => void connection.send(data));
  server.on("end", (_, record) => void ends.push(record));
  return { server, port: Number(/:(\d+)$/.exec(server.urls[0] ?? "")?.[1]), ends };
}

/** What a client of TLS says first. */
async function clientHello(): Promise<Buffer> {
  const said = new Promise<Buffer>((resolve) => {
    const below = new Duplex({ read: () => {}, write: (bytes: Buffer) => resolve(bytes) });
    const socket = connectTls({ socket: below, servername: "localhost", ca: AUTHORITY });
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
  });
  return await within(said, "a client of TLS speaks");
}

/** A client of TLS over a connection that has been used already, or is written byte by byte. */
async function tlsOver(it: Raw, pieceBytes = Number.POSITIVE_INFINITY): Promise<TLSSocket> {
  const below = new Duplex({
    read: () => {},
    write: (bytes: Buffer, _, done) => {
      const sayFrom = (at: number): void => {
        it.socket.write(bytes.subarray(at, at + pieceBytes));
        setImmediate(() => (at + pieceBytes < bytes.length ? sayFrom(at + pieceBytes) : done()));
      };
      sayFrom(0);
    },
  });
  it.socket.on("data", (bytes: Buffer) => below.push(bytes));
  const socket = connectTls({ socket: below, servername: "localhost", ca: AUTHORITY });
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await within(once(socket, "secureConnect"), "TLS is agreed on");
  return socket;
}

async function nextEnd({ ends }: Served): Promise<EndRecord> {
  await eventually("a connection ends", () => ends.length > 0);
  return ends.shift() as EndRecord;
}

/** Nobody is left, and nothing that the server held: it closes at once. */
async function nothingIsLeft({ server }: Served): Promise<void> {
  expect(server.stats()).toMatchObject({ open: 0, greeting: 0, bufferedBytes: 0 });
  await within(server.close({ graceMs: 600_000 }), "the listener closes");
}

const ENGINES = ["public", "shared", "lean"] as const;
const withOpenssl = skipUnless(hasTool("openssl"), "there is no openssl");

describe.each(ENGINES)("engine %s", (engine) => {
  withOpenssl("everybody is served on one port, at the same time", async (context) => {
    const processes = new Processes(context);
    const served = await serve({ engine });
    const { server, port, ends } = served;
    expect(server.urls).toEqual([`tcp://127.0.0.1:${port}`, `tls://127.0.0.1:${port}`]);
    const flags = ["s_client", "-quiet", "-verify_quiet", "-connect", `127.0.0.1:${port}`];
    const programs = [aPlainProgram(processes, port), aProgram(processes, "openssl", flags)];
    const place = `localhost:${port}`;
    const schemes = ["tcp", "tls", "line", "line+tls", "ws", "wss", "line+ws", "line+wss"];
    const links: Speaker[] = [
      await aBrowser(`ws://${place}/anywhere`),
      await aBrowser(`wss://${place}/anywhere`),
    ];
    for (const scheme of schemes) links.push(await aLink(`${scheme}://${place}`));
    await everybodySays([...programs, ...links], "good-morning");
    const rows = server.connections();
    expect(
      rows.map((row) => `${row.transport} ${row.tls ?? "plain"} ${row.dialect}`).sort(),
    ).toEqual(
      `
        tcp plain frame, tcp plain line, tcp plain line,
        tls TLSv1.3 frame, tls TLSv1.3 line, tls TLSv1.3 line,
        websocket TLSv1.3 frame, websocket TLSv1.3 line, websocket TLSv1.3 line,
        websocket plain frame, websocket plain line, websocket plain line
      `
        .trim()
        .split(/,\s+/),
    );
    for (const { program } of programs) program.signal("SIGSTOP");
    await everybodySays(links, "two-are-frozen");
    for (const { program } of programs) program.signal("SIGKILL");
    await eventually("two have ended", () => ends.length === 2);
    await everybodySays(links, "two-are-gone");
    const ways = ends.map(({ transport, tls, dialect }) => `${transport} ${tls} ${dialect}`).sort();
    expect(ways).toEqual(["tcp undefined line", "tls TLSv1.3 line"]);
  });
});

test.each(ENGINES)("a handshake that comes byte by byte is one, by %s", async (engine) => {
  const served = await serve({ engine });
  const it = await raw(served.port);
  it.socket.write(Uint8Array.of(0x16));
  await eventually("its beginning is held", () => served.server.stats().greeting === 1);
  it.socket.destroy();
  expect(await nextEnd(served)).toMatchObject({ transport: "tcp", dialect: "line" });
  const whole = await raw(served.port);
  const socket = await tlsOver(whole, 1);
  const answer = once(socket, "data");
  socket.write("hello\n");
  expect(String(await within(answer, "the answer"))).toBe("hello\n");
  whole.socket.destroy();
  await eventually("it has ended", () => served.ends.length === 1);
});

test.each(ENGINES)(
  "what begins as TLS does and is none ends, and holds nothing, by %s",
  async (engine) => {
    const handshakeTimeoutMs = 200;
    const served = await serve({ engine, handshakeTimeoutMs, drainTimeoutMs: 1_000 });
    const hello = await clientHello();
    const alert = Uint8Array.of(0x15, 3, 1, 0, 2, 2, 70);
    for (const [said, expected] of [
      [Uint8Array.of(0x16), { code: "HANDSHAKE_TIMEOUT", transport: "tcp" }],
      [Buffer.from("\x16\x03garbage-that-is-no-tls"), { code: "TLS_FAILED", transport: "tls" }],
      [hello.subarray(0, 40), { code: "HANDSHAKE_TIMEOUT", transport: "tls" }],
      [Buffer.concat([hello, alert]), { code: "TLS_FAILED", transport: "tls" }],
      [alert, { code: "UNFINISHED_TOO_LONG", transport: "tcp", dialect: "line" }],
    ] as const) {
      const it = await raw(served.port);
      it.socket.write(said);
      expect(await nextEnd(served)).toMatchObject(expected);
      await isClosed(it);
    }
    await nothingIsLeft(served);
  },
);

test.each(ENGINES)(
  "who leaves in the middle of a beginning leaves nothing behind, by %s",
  async (engine) => {
    const served = await serve({ engine });
    const hello = await clientHello();
    for (const said of [Uint8Array.of(0x16), hello.subarray(0, 2), hello.subarray(0, 40), hello]) {
      for (const leave of ["end", "resetAndDestroy"] as const) {
        const it = await raw(served.port);
        await new Promise<void>((resolve) => it.socket.write(said, () => resolve()));
        await eventually("it has begun", () => served.server.stats().open === 1);
        it.socket[leave]();
        await nextEnd(served);
        it.socket.destroy();
      }
    }
    expect(served.server.stats().accepted).toBe(8);
    await nothingIsLeft(served);
  },
);

test.each(ENGINES)("a line that begins with 0x16 is a line, by %s", async (engine) => {
  const served = await serve({ engine });
  const it = await raw(served.port);
  for (const byte of Buffer.from("\x16hello\n")) {
    it.socket.write(Uint8Array.of(byte));
    await new Promise(setImmediate);
  }
  await hears(it, "\x16hello\n");
  it.socket.end(Uint8Array.of(0x16));
  await isClosed(it);
  expect(await nextEnd(served)).toMatchObject({ dialect: "line", transport: "tcp" });
});

test.each(ENGINES)(
  "behind a balancer the header comes first, then TLS or not, by %s",
  async (engine) => {
    const served = await serve({ engine, proxyProtocol: { trustedFrom: ["127.0.0.1"] } });
    const plain = await raw(served.port);
    plain.socket.write(Buffer.concat([v2(ENDS), Buffer.from("hello\n")]));
    await hears(plain, "hello\n");
    for (const pieceBytes of [1, Number.POSITIVE_INFINITY]) {
      const secured = await raw(served.port);
      secured.socket.write(v2(ENDS));
      const socket = await tlsOver(secured, pieceBytes);
      const answer = once(socket, "data");
      socket.write("hello\n");
      expect(String(await within(answer, "the answer"))).toBe("hello\n");
    }
    const atOnce = await raw(served.port);
    atOnce.socket.write(Buffer.concat([v2(ENDS), await clientHello()]));
    await eventually("TLS answers", () => atOnce.heard.startsWith("\x16\x03"));
    const rows = served.server.connections();
    expect(rows.map(({ transport }) => transport)).toEqual(["tcp", "tls", "tls", "tls"]);
    for (const { address } of rows) expect(address).toBe("192.0.2.7:4711");
  },
);

test.each(ENGINES)(
  "where nothing but WebSockets is served, both kinds of them are, by %s",
  async (engine) => {
    const accept = ["websocket"] as const;
    const served = await serve({ engine, accept, handshakeTimeoutMs: 500 });
    const silent = await raw(served.port);
    const place = `localhost:${served.port}`;
    const speakers = [await aBrowser(`ws://${place}/`), await aBrowser(`wss://${place}/`)];
    await everybodySays(speakers, "hello");
    const tls = served.server.connections().map((row) => `${row.transport} ${row.tls}`);
    expect(tls).toContain("websocket undefined");
    expect(tls).toContain("websocket TLSv1.3");
    expect(await nextEnd(served)).toMatchObject({ code: "HANDSHAKE_TIMEOUT", tls: undefined });
    await isClosed(silent);
    const line = await raw(served.port);
    line.socket.write("hello\n");
    await hears(line, "HTTP/1.1 400");
    expect(await nextEnd(served)).toMatchObject({ code: "WRONG_DIALECT" });
  },
);

test.each(ENGINES)(
  "where nothing but frames is served, both kinds of them are, by %s",
  async (engine) => {
    const served = await serve({ engine, accept: ["frame"], handshakeTimeoutMs: 500 });
    const place = `localhost:${served.port}`;
    const speakers = [await aLink(`tcp://${place}`), await aLink(`tls://${place}`)];
    await everybodySays(speakers, "hello");
    await raw(served.port);
    expect(await nextEnd(served)).toMatchObject({ code: "HANDSHAKE_TIMEOUT", transport: "tcp" });
  },
);

test("who says nothing is a plain peer that has not spoken; TLS has its own clock", async () => {
  const served = await serve({ handshakeTimeoutMs: 100, timeoutMs: 1_500 });
  const silent = await raw(served.port);
  const begun = await raw(served.port);
  await eventually("both are there", () => served.server.stats().open === 2);
  expect(served.server.stats()).toMatchObject({ silent: 2, greeting: 0 });
  begun.socket.write((await clientHello()).subarray(0, 30));
  const first = await nextEnd(served);
  expect(first).toMatchObject({ code: "HANDSHAKE_TIMEOUT", transport: "tls", reset: true });
  const second = await nextEnd(served);
  expect(second).toMatchObject({ code: "PEER_SILENT", transport: "tcp", dialect: undefined });
  expect(second.livedMs).toBeGreaterThanOrEqual(1_500);
  await isClosed(silent);
});

test("a peer over TLS that falls silent is reset below TLS", async () => {
  const served = await serve({ timeoutMs: 1_000 });
  const url = (): string => `tcp://127.0.0.1:${served.port}`;
  const { raw: below, socket } = await rawClient({ url });
  const fault = once(below, "error");
  socket.write("ping\n");
  expect(await nextEnd(served)).toMatchObject({ code: "PEER_SILENT", tls: "TLSv1.3", reset: true });
  const [error] = (await within(fault, "the reset comes")) as [NodeJS.ErrnoException];
  expect(error.code).toBe("ECONNRESET");
});

test("limits count both kinds together, and TLS is told why", async () => {
  const served = await serve({ maxPerAddress: 2 });
  const place = `127.0.0.1:${served.port}`;
  await aLink(`tcp://${place}`);
  await aLink(`tls://localhost:${served.port}`);
  const refused = new Promise((resolve) => served.server.on("rejected", resolve));
  const link = dial(`tls://localhost:${served.port}`, { redial: { attemptsMax: 1 } });
  expect(await within(refused, "the third is refused")).toBe("ADDRESS_MAX");
  const record = await within(link.ended, "the link ends");
  expect(record.sentence).toContain("already holds `maxPerAddress` connections");
  expect(served.server.stats().open).toBe(2);
});

test("certificates of clients can be asked for, and cannot be required", async () => {
  const tls = { ...identityOf("localhost"), ca: AUTHORITY };
  const required = { ...tls, clientCertificates: "required" } as const;
  const why = '`tls.clientCertificates` is "required", and plain peers of a tcp+tls:// url have';
  await expect(serve({ tls: required })).rejects.toThrow(why);
  const served = await serve({ tls: { ...tls, clientCertificates: "optional" } });
  dial(`tls://localhost:${served.port}`, { tls: identityOf("client") });
  await aLink(`tcp://127.0.0.1:${served.port}`);
  const identities = (): unknown[] => served.server.connections().map(({ identity }) => identity);
  await eventually("it is known who that is", () => identities().includes("device 7"));
  expect(identities()).toHaveLength(2);
  await expect(served.server.reloadTls(required)).rejects.toThrow(`reloadTls: ${why}`);
  const [renewed] = await served.server.reloadTls({ ...identityOf("renewed") });
  const link = dial(`tls://localhost:${served.port}`);
  const { tls: seen } = await reaches(link, "online");
  expect(seen?.certificate?.fingerprint256).toBe(renewed?.fingerprint256);
});

test("it has to be asked for, with a certificate", async () => {
  const listening = listen({ listen: "tcp+tls://127.0.0.1:0" });
  await expect(listening).rejects.toThrow("`tls` is missing: a tls://, tcp+tls:// or wss:// url");
  const dialling = (): unknown => dial("tcp+tls://localhost:1");
  expect(dialling).toThrow("dial tcp:// or tls://");
});
