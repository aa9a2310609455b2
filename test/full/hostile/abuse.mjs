/**
 * What no TLS library, HTTP client or WebSocket client would say: each abuse is a name and a
 * function that says it to a peer who has come in. All of them end by the server's hand.
 */
import { randomBytes } from "node:crypto";
import { connect as connectTls } from "node:tls";
import { Duplex } from "node:stream";
import {
  frameHead,
  OPCODE,
  upgradeRequest,
  webSocketFrame,
} from "../../support/web-socket-words.mjs";
import { hello } from "./words.mjs";

/** RFC 8446 section 5.1: a record of handshake that is longer than what follows. */
const RECORD_BEGUN = Buffer.from([0x16, 0x03, 0x01, 0x3f, 0xff]);

/** The first flight of a real TLS client. */
function clientHello() {
  return new Promise((resolve) => {
    const pipe = new Duplex({ read() {}, write: (bytes, _, done) => done(resolve(bytes)) });
    connectTls({ socket: pipe, servername: "localhost" }).on("error", () => {});
  });
}

/** Said to a TLS port over plain TCP. */
export const TLS_ABUSES = {
  silence: () => {},
  garbage: (peer) => peer.writeRaw(randomBytes(2_000)),
  "a plain line": (peer) => peer.writeRaw("ping\n"),
  "a request": (peer) => peer.writeRaw(upgradeRequest("/")),
  "a record without end": (peer) =>
    peer.writeRaw(Buffer.concat([RECORD_BEGUN, Buffer.alloc(9_000)])),
  "half a ClientHello": async (peer) => {
    const flight = await clientHello();
    peer.writeRaw(flight.subarray(0, flight.length / 2));
  },
  "a ClientHello, no more": async (peer) => peer.writeRaw(await clientHello()),
  "a ClientHello, then garbage": async (peer) => {
    peer.writeRaw(await clientHello());
    peer.writeRaw(randomBytes(2_000));
  },
};

function get(path, headers = []) {
  return `${[`GET ${path} HTTP/1.1`, "Host: localhost", ...headers].join("\r\n")}\r\n\r\n`;
}

function post(header) {
  return `POST /live HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`;
}

/** Said to a WebSocket port in place of an upgrade request. */
export const HTTP_ABUSES = {
  garbage: (peer) => peer.writeRaw(randomBytes(2_000)),
  "a plain line": (peer) => peer.writeRaw("ping\n"),
  "a plain frame": (peer) => peer.writeRaw(hello()),
  "half a request": (peer) => peer.writeRaw("GET / HTTP/1.1\r\nHost: loc"),
  "no upgrade": (peer) => peer.writeRaw(get("/live")),
  "many requests": (peer) => peer.writeRaw(get("/live").repeat(1_000)),
  "another path": (peer) => peer.writeRaw(upgradeRequest("/elsewhere")),
  "another version": (peer) => peer.writeRaw(upgradeRequest("/live", ["Sec-WebSocket-Version: 1"])),
  "no host": (peer) => peer.writeRaw("GET /live HTTP/1.1\r\n\r\n"),
  "an old request": (peer) => peer.writeRaw("GET /live HTTP/1.0\r\n\r\n"),
  "a tunnel": (peer) => peer.writeRaw("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"),
  "something else to become": (peer) => {
    peer.writeRaw(get("/live", ["Connection: Upgrade", "Upgrade: h2c"]));
  },
  "an expectation": (peer) => peer.writeRaw(get("/live", ["Expect: 100-continue"])),
  "a strange expectation": (peer) => peer.writeRaw(get("/live", ["Expect: miracles"])),
  "a body": (peer) => peer.writeRaw(`${post("Content-Length: 9999999999")}x`),
  "a body in pieces": (peer) => peer.writeRaw(`${post("Transfer-Encoding: chunked")}ffffff\r\nx`),
  "two lengths": (peer) => peer.writeRaw(post("Content-Length: 1\r\nContent-Length: 2")),
  "headers without end": (peer) => peer.writeRaw(get("/live", [`X: ${"x".repeat(200_000)}`])),
  "ten thousand headers": (peer) => {
    const names = Array.from({ length: 10_000 }, (_, index) => `X${index}: x`);
    peer.writeRaw(get("/live", names));
  },
};

const TEXT = Buffer.from("text");
const BROKEN_UTF8 = Buffer.from([0xc3, 0x28]);
const MASK = Buffer.alloc(4);

/** Said over a WebSocket that was granted. */
export const WEBSOCKET_ABUSES = {
  "no mask": (peer) => peer.writeRaw(webSocketFrame(OPCODE.text, TEXT, { isClient: false })),
  "a reserved bit": (peer) => peer.writeRaw(webSocketFrame(OPCODE.text, TEXT, { rsv: 4 })),
  "an unknown opcode": (peer) => peer.writeRaw(webSocketFrame(3, TEXT)),
  "a long ping": (peer) => peer.writeRaw(webSocketFrame(OPCODE.ping, Buffer.alloc(200))),
  "half a ping": (peer) => peer.writeRaw(webSocketFrame(OPCODE.ping, TEXT, { fin: false })),
  "a continuation of nothing": (peer) => peer.writeRaw(webSocketFrame(OPCODE.cont, TEXT)),
  "a text inside a text": (peer) => {
    for (const fin of [false, true]) peer.writeRaw(webSocketFrame(OPCODE.text, TEXT, { fin }));
  },
  "no UTF-8": (peer) => peer.writeRaw(webSocketFrame(OPCODE.text, BROKEN_UTF8)),
  "a length of 2^63": (peer) => {
    const head = frameHead(OPCODE.binary, 0x1_0000, { mask: MASK });
    head[2] = 0x80;
    peer.writeRaw(head);
  },
  "a binary message of no frame": (peer) => peer.writeRaw(webSocketFrame(OPCODE.binary, TEXT)),
  "frames, then a text": (peer) => {
    peer.writeRaw(webSocketFrame(OPCODE.binary, hello()));
    peer.writeRaw(webSocketFrame(OPCODE.text, TEXT));
  },
  "a text, then frames": (peer) => {
    peer.writeRaw(webSocketFrame(OPCODE.text, TEXT));
    peer.writeRaw(webSocketFrame(OPCODE.binary, hello()));
  },
  "two lines in a text": (peer) => {
    peer.writeRaw(webSocketFrame(OPCODE.text, Buffer.from("one\ntwo")));
  },
  "half a close": (peer) => peer.writeRaw(webSocketFrame(OPCODE.close, Buffer.from([3]))),
  "a close that nobody may say": (peer) => {
    peer.writeRaw(webSocketFrame(OPCODE.close, Buffer.from([0x03, 0xed])));
  },
  "fragments without end": (peer) => {
    const one = webSocketFrame(OPCODE.cont, Buffer.from("x"), { fin: false });
    peer.writeRaw(webSocketFrame(OPCODE.text, TEXT, { fin: false }));
    peer.writeRaw(Buffer.concat(Array.from({ length: 200_000 }, () => one)));
  },
};
