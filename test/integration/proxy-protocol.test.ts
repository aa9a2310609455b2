/** A server behind balancers: whoever speaks for others says so first, and is believed. */
import { join } from "node:path";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { connect, type ListenOptions } from "../../src/index.ts";
import { within } from "../../src/testing/transport-recorder.ts";
import { AUTHORITY, identityOf } from "../certificates/certificates.ts";
import { ENDS, ENDS6, tlv, v1, v2, v2Local, v2Unix } from "../support/proxy-writer.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { eventually } from "../support/websocket-peer.ts";
import { balancer, behind, hears, isClosed, only, raw } from "./proxy-world.ts";

const ENGINES = ["public", "shared", "lean"] as const;
const ACCEPTS: readonly NonNullable<ListenOptions["accept"]>[] = [
  ["line", "frame"],
  ["line", "frame", "websocket"],
];
const PORTS = ENGINES.flatMap((engine) => ACCEPTS.map((accept) => ({ engine, accept })));

const LOST = "what follows a header is not lost, however it is cut, by $engine with $accept";

test.each(PORTS)(LOST, async (given) => {
  const { server, port, ends, told } = await behind(given);
  for (const header of [v1(ENDS), v2(ENDS, { checksum: true })]) {
    const whole = Buffer.concat([header, Buffer.from("ping\nhello\n")]);
    const atOnce = await raw(port);
    atOnce.socket.write(whole);
    await hears(atOnce, "pong\nhello\n");
    const row = await only(server);
    expect(row).toMatchObject({ address: "192.0.2.7:4711", via: `127.0.0.1:${atOnce.port}` });
    expect(server.connection(row.id)?.proxied).toMatchObject({
      destination: "198.51.100.1:443",
    });
    atOnce.socket.destroy();
    await eventually("it has ended", () => server.stats().open === 0);

    const inPieces = await raw(port);
    for (const byte of whole) {
      inPieces.socket.write(Uint8Array.of(byte));
      await new Promise(setImmediate);
    }
    await hears(inPieces, "pong\nhello\n");
    inPieces.socket.destroy();
    await eventually("it has ended", () => server.stats().open === 0);

    const alone = await raw(port);
    alone.socket.write(header);
    await only(server);
    alone.socket.write("hello\n");
    await hears(alone, "hello\n");
    alone.socket.end();
    await isClosed(alone);
    await eventually("it has ended", () => server.stats().open === 0);
  }
  expect(ends).toHaveLength(6);
  for (const { remote, via } of ends) {
    expect(remote).toBe("192.0.2.7:4711");
    expect(via).toMatch(/^127\.0\.0\.1:\d+$/);
  }
  expect(told).toEqual(new Array<string>(6).fill("accepted 192.0.2.7:4711"));
});

test.each(ENGINES)("a header with FIN right behind what it announces, by %s", async (engine) => {
  const { port, ends } = await behind({ engine });
  const peer = await raw(port);
  peer.socket.end(Buffer.concat([v2(ENDS), Buffer.from("bye\n")]));
  await hears(peer, "bye\n");
  await isClosed(peer);
  await eventually("it has ended", () => ends.length === 1);
  expect(ends[0]).toMatchObject({ code: "CLOSED_BY_PEER", evidence: { messagesIn: 1 } });
});

test.each(ENGINES)(
  "closing does not wait for those who have not said for whom they speak, by %s",
  async (engine) => {
    const proxyProtocol = { trustedFrom: ["127.0.0.1"], timeoutMs: 600_000 };
    const { server, port, told } = await behind({ engine, proxyProtocol });
    const waiting = await raw(port);
    waiting.socket.write("PROXY TCP4 ");
    const asked = await raw(port);
    asked.socket.write(Buffer.concat([v1(ENDS), Buffer.from("ping\n")]));
    await hears(asked, "pong\n");
    await within(server.close(), "the server is closed");
    await isClosed(waiting);
    expect(told).toEqual(["accepted 192.0.2.7:4711"]);
  },
);

test.each(ENGINES)(
  "what is no header is refused in words, and so is what does not end, by %s",
  async (engine) => {
    const { server, port, told } = await behind({ engine });
    const wrong = await raw(port);
    wrong.socket.write("GET / HTTP/1.1\r\n\r\n");
    await isClosed(wrong);
    const half = await raw(port);
    half.socket.end("PROXY TCP4");
    await isClosed(half);
    await eventually("both were told", () => told.length === 2);
    expect(told).toEqual([
      "rejected PROXY_HEADER_INVALID 127.0.0.1:*: expected a header of the PROXY protocol, " +
        'got bytes that begin with "GET / HTTP/1.1\\r\\n\\r\\n"',
      "rejected PROXY_HEADER_INVALID 127.0.0.1:*: expected a header of the PROXY protocol, " +
        'got only "PROXY TCP4", and the end',
    ]);
    expect(wrong.heard + half.heard).toBe("");
    expect(server.stats()).toMatchObject({ accepted: 0, rejected: { PROXY_HEADER_INVALID: 2 } });
  },
);

test.each(ENGINES)(
  "whoever only looks whether the port is open is not worth a word, by %s",
  async (engine) => {
    const { server, port, told } = await behind({ engine });
    const looks = await raw(port);
    looks.socket.end();
    await isClosed(looks);
    const resets = await raw(port);
    resets.socket.resetAndDestroy();
    await isClosed(resets);
    const after = await raw(port);
    after.socket.write(Buffer.concat([v1(ENDS), Buffer.from("ping\n")]));
    await hears(after, "pong\n");
    expect(told).toEqual(["accepted 192.0.2.7:4711"]);
    expect(server.stats().rejected).toEqual({});
  },
);

test.each(ENGINES)("a header has its time, and no more, by %s", async (engine) => {
  const proxyProtocol = { trustedFrom: ["127.0.0.0/8"], timeoutMs: 60 };
  const { port, told } = await behind({ engine, proxyProtocol });
  const [silent, slow] = [await raw(port), await raw(port)];
  slow.socket.write("PROXY ");
  await isClosed(silent);
  await isClosed(slow);
  expect(told.toSorted()).toEqual([
    "rejected PROXY_HEADER_INVALID 127.0.0.1:*: expected a header of the PROXY protocol, " +
      "got nothing within 60 ms",
    "rejected PROXY_HEADER_INVALID 127.0.0.1:*: expected a header of the PROXY protocol, " +
      'got only "PROXY " within 60 ms',
  ]);
});

test.each(ENGINES)(
  "an address that is not trusted is refused at once, or served as it is, by %s",
  async (engine) => {
    const elsewhere = { trustedFrom: ["192.0.2.0/24", "::1"] };
    const refusing = await behind({ engine, proxyProtocol: elsewhere });
    const stranger = await raw(refusing.port);
    await isClosed(stranger);
    expect(refusing.told).toEqual([
      "rejected PROXY_UNTRUSTED 127.0.0.1:*: it is none of `proxyProtocol.trustedFrom`",
    ]);
    const serving = await behind({
      engine,
      proxyProtocol: { ...elsewhere, others: "serve" as const },
    });
    const guest = await raw(serving.port);
    guest.socket.write(Buffer.concat([v1(ENDS), Buffer.from("ping\n")]));
    await hears(guest, "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\n");
    expect(await only(serving.server)).toMatchObject({
      address: `127.0.0.1:${guest.port}`,
      via: undefined,
    });
  },
);

test.each(ENGINES)(
  "limits by address count the client, and the balancer not at all, by %s",
  async (engine) => {
    const { server, port, told } = await behind({ engine, maxPerAddress: 1 });
    const comes = async (header: Uint8Array) => {
      const peer = await raw(port);
      peer.socket.write(Buffer.concat([header, Buffer.from("ping\n")]));
      return peer;
    };
    await hears(await comes(v2(ENDS)), "pong\n");
    await hears(await comes(v2(ENDS6)), "pong\n");
    await isClosed(await comes(v2({ ...ENDS, fromPort: 5 })));
    // One subscriber has the whole /64.
    await isClosed(await comes(v1({ ...ENDS6, from: "2001:db8::beef:1" })));
    await hears(await comes(v1({ ...ENDS6, from: "2001:db8:0:1::7" })), "pong\n");
    await hears(await comes(v1({ ...ENDS, from: "192.0.2.8" })), "pong\n");
    expect(told.filter((one) => one.startsWith("rejected"))).toEqual([
      "rejected ADDRESS_MAX 192.0.2.7:5",
      "rejected ADDRESS_MAX [2001:db8::beef:1]:4711",
    ]);
    expect(server.stats()).toMatchObject({ open: 4 });
  },
);

test.each(ENGINES)(
  "so many may wait as there may be handshakes, and places, by %s",
  async (engine) => {
    const crowded = await behind({ engine, handshakesMax: 3 });
    const waiting = await Promise.all([1, 2, 3].map(async () => await raw(crowded.port)));
    const fourth = await raw(crowded.port);
    await isClosed(fourth);
    expect(crowded.told).toEqual(["rejected HANDSHAKES_MAX 127.0.0.1:*"]);
    // Whoever says for whom it speaks makes room.
    waiting[0]?.socket.write(Buffer.concat([v1(ENDS), Buffer.from("ping\n")]));
    await eventually("it is served", () => waiting[0]?.heard === "pong\n");
    const fifth = await raw(crowded.port);
    fifth.socket.write(Buffer.concat([v1(ENDS), Buffer.from("ping\n")]));
    await hears(fifth, "pong\n");

    const full = await behind({ engine, maxConnections: 2 });
    const speaks = await raw(full.port);
    speaks.socket.write(Buffer.concat([v1(ENDS), Buffer.from("ping\n")]));
    await hears(speaks, "pong\n");
    const waits = await raw(full.port);
    waits.socket.write("PROXY");
    const tooMany = await raw(full.port);
    await isClosed(tooMany);
    expect(full.told.at(-1)).toBe("rejected CONNECTIONS_MAX 127.0.0.1:*");
    expect(waits.isClosed).toBe(false);
  },
);

test("a balancer that speaks for itself keeps its own address", async () => {
  const { server, port, ends } = await behind();
  const check = await raw(port);
  check.socket.end(v2Local(Buffer.alloc(12)));
  await isClosed(check);
  await eventually("it has ended", () => ends.length === 1);
  expect(ends[0]).toMatchObject({ remote: `127.0.0.1:${check.port}`, via: undefined });
  const unknown = await raw(port);
  unknown.socket.write("PROXY UNKNOWN\r\nping\n");
  await hears(unknown, "pong\n");
  expect(await only(server)).toMatchObject({ address: `127.0.0.1:${unknown.port}` });
});

test("links and browsers come by a balancer over TCP, TLS and WebSocket", async () => {
  const accept: ListenOptions["accept"] = ["line", "frame", "websocket"];
  const asked: unknown[] = [];
  const tls = await behind(
    {
      accept,
      tls: identityOf("localhost"),
      authenticate: (_, remote, { proxied }) => {
        asked.push([remote, proxied?.serverName, proxied?.tls?.commonName]);
        return true;
      },
    },
    "tls://127.0.0.1:0",
  );
  const ssl = Buffer.concat([Buffer.from([3, 0, 0, 0, 0]), tlv(0x22, Buffer.from("device-7"))]);
  const plain = await behind({ accept });
  const only443 = await behind({}, "ws://127.0.0.1:0/live");
  const header = v2(ENDS, {
    further: [
      [0x02, Buffer.from("a.example")],
      [0x20, ssl],
    ],
  });
  const ports = {
    tls: await balancer(tls.port, header),
    plain: await balancer(plain.port, v1(ENDS6)),
    only: await balancer(only443.port, header),
  };
  const urls = [
    `tls://localhost:${ports.tls}`,
    `wss://localhost:${ports.tls}`,
    `tcp://localhost:${ports.plain}`,
    `ws://localhost:${ports.plain}`,
    `ws://localhost:${ports.only}/live`,
  ];
  for (const url of urls) {
    const link = connect(url, { tls: { ca: AUTHORITY }, closeTimeoutMs: 500 });
    onTestFinished(async () => void (await link.close()));
    const heard: unknown[] = [];
    link.on("message", (data) => void heard.push(data));
    link.send(url);
    await eventually(`${url} echoes`, () => heard.includes(url));
  }
  const browser = new WebSocket(`wss://localhost:${ports.tls}/`, { ca: AUTHORITY });
  onTestFinished(() => browser.terminate());
  await within(once(browser, "open"), "the WebSocket opens");
  browser.send("hello");
  await within(once(browser, "message"), "the echo comes");
  const rows = [tls, plain, only443].flatMap(({ server }) => server.connections());
  expect(rows.map(({ address, transport }) => `${transport} ${address}`).toSorted()).toEqual([
    "tcp [2001:db8::7]:4711",
    "tls 192.0.2.7:4711",
    "websocket 192.0.2.7:4711",
    "websocket 192.0.2.7:4711",
    "websocket 192.0.2.7:4711",
    "websocket [2001:db8::7]:4711",
  ]);
  const client = ["192.0.2.7:4711", "a.example", "device-7"];
  expect(asked).toEqual([client, client]);
});

test("on a Unix socket, for clients of TCP and of Unix sockets", async () => {
  const path = join(tempFolder(), "x.sock");
  const { server } = await behind({ proxyProtocol: { trustedFrom: ["unix"] } }, `unix:${path}`);
  const tcp = await raw(path);
  tcp.socket.write(Buffer.concat([v1(ENDS), Buffer.from("ping\n")]));
  await hears(tcp, "pong\n");
  expect(await only(server)).toMatchObject({ address: "192.0.2.7:4711", via: "unix" });
  const unix = await raw(path);
  unix.socket.write(Buffer.concat([v2Unix("/a", "/b"), Buffer.from("ping\n")]));
  await hears(unix, "pong\n");
  expect(server.connections()[1]).toMatchObject({ address: "unix", via: "unix" });
});
