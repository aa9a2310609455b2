/**
 * A pipe for peers that are not Holdfast: the same words, whole lines or whole frames, over TCP, a
 * Unix socket, TLS, and WebSocket over the first or the last of them.
 *
 * A way says how a server is reached, and fits into JSON:
 *
 *     { over: "tcp" | "unix" | "tls", host, port, path, ca, upgrade }
 *
 * `upgrade` is the path of the WebSocket upgrade, and left out where bytes go as they are. Easy to
 * break: over WebSocket each `write` of frames is one message, so it must hold whole ones, of 64
 * KiB and a header at most together.
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import {
  OPCODE,
  upgradeAnswer,
  upgradeRequest,
  WebSocketReader,
  webSocketFrame,
} from "./web-socket-words.mjs";

const LINE_FEED = Buffer.from("\n");
const HEAD_END = "\r\n\r\n";
/** RFC 6455 section 7.4.1: normal closure. */
const CLOSE_NORMALLY = Buffer.from([0x03, 0xe8]);

/** The socket below: no upgrade was asked for yet. `options` are those of `net.connect`. */
export function openSocket(way, options = {}) {
  const { over, host = "127.0.0.1", port, path, ca } = way;
  if (over === "unix") return connect({ ...options, path });
  if (over === "tcp") return connect({ noDelay: true, ...options, host, port });
  const socket = connectTls({ ...options, host, port, ca, servername: "localhost" });
  socket.setNoDelay(true);
  return socket;
}

/** One end of a pipe that speaks a dialect. What is written before it is open waits. */
export class Pipe {
  socket;
  isOpen = false;
  #isClient;
  #isLine;
  #upgrade;
  #on;
  #head = "";
  #reader;
  #waiting = [];
  #hasClosed = false;

  /**
   * @param on All optional: `onOpen()`, `onBytes(bytes)` with lines or frames as they would come
   * over TCP, `onPong()` for one of WebSocket itself, `onClosed()`.
   */
  constructor(socket, { dialect, upgrade, isClient, on = {} }) {
    this.socket = socket;
    this.#isLine = dialect === "line";
    this.#upgrade = upgrade;
    this.#isClient = isClient;
    this.#on = on;
    this.#reader = upgrade === undefined ? undefined : this.#webSocketReader();
    socket.on("data", (bytes) => this.#hear(bytes));
    socket.on("error", () => {}); // The close that follows is what is told.
    socket.on("close", () => {
      this.#hasClosed = true;
      on.onClosed?.();
    });
  }

  /** Whole lines with their line feed, or whole frames. */
  write(bytes) {
    if (this.#hasClosed || this.socket.writableEnded) return;
    if (!this.isOpen) this.#waiting.push(bytes);
    else this.socket.write(this.#wrapped(Buffer.from(bytes)));
  }

  /** Nothing more will be said: FIN, after a close frame where there are such. */
  end() {
    if (this.isOpen && this.#upgrade !== undefined) {
      this.socket.write(this.#frame(OPCODE.close, CLOSE_NORMALLY));
    }
    this.socket.end();
  }

  /** The socket below is open. */
  start() {
    if (this.#upgrade === undefined) this.#open();
    else if (this.#isClient) this.socket.write(upgradeRequest(this.#upgrade));
  }

  #open() {
    this.isOpen = true;
    this.#on.onOpen?.();
    for (const bytes of this.#waiting.splice(0)) this.write(bytes);
  }

  #wrapped(bytes) {
    if (this.#upgrade === undefined) return bytes;
    if (!this.#isLine) return this.#frame(OPCODE.binary, bytes);
    const lines = bytes.toString("latin1").split("\n").slice(0, -1);
    return Buffer.concat(
      lines.map((line) => this.#frame(OPCODE.text, Buffer.from(line, "latin1"))),
    );
  }

  #frame(opcode, payload) {
    return webSocketFrame(opcode, payload, { isClient: this.#isClient });
  }

  #hear(bytes) {
    if (this.isOpen || this.#upgrade === undefined) this.#pass(bytes);
    else this.#hearHead(bytes);
  }

  #hearHead(bytes) {
    this.#head += bytes.toString("latin1");
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return;
    const rest = Buffer.from(this.#head.slice(end + HEAD_END.length), "latin1");
    if (this.#isClient && !this.#head.startsWith("HTTP/1.1 101 ")) {
      this.socket.end();
      return;
    }
    if (!this.#isClient) this.socket.write(upgradeAnswer(this.#head));
    this.#open();
    this.#pass(rest);
  }

  #pass(bytes) {
    if (bytes.length === 0) return;
    if (this.#reader === undefined) this.#on.onBytes?.(bytes);
    else this.#reader.push(bytes);
  }

  #webSocketReader() {
    return new WebSocketReader({
      payload: (bytes) => this.#on.onBytes?.(bytes),
      messageEnd: (opcode) => {
        if (opcode === OPCODE.text) this.#on.onBytes?.(LINE_FEED);
      },
      control: (opcode, payload) => {
        if (opcode === OPCODE.pong) this.#on.onPong?.();
        if (opcode === OPCODE.ping) this.socket.write(this.#frame(OPCODE.pong, payload));
        if (opcode !== OPCODE.close || this.socket.writableEnded) return;
        this.socket.end(this.#frame(OPCODE.close, payload.subarray(0, 2)));
      },
    });
  }
}

/** Dials. `options` are those of `net.connect`. */
export function openPipe(way, dialect, on = {}, options = {}) {
  const socket = openSocket(way, options);
  const pipe = new Pipe(socket, { dialect, upgrade: way.upgrade, isClient: true, on });
  socket.once(way.over === "tls" ? "secureConnect" : "connect", () => pipe.start());
  return pipe;
}

/**
 * Serves; a way needs `cert` and `key` for TLS. `onPipe(pipe)` may give it listeners by returning
 * them. Returns the port (0 for a Unix socket) and the server.
 */
export async function listenPipe(way, dialect, onPipe, options = {}) {
  const { over, host = "127.0.0.1", port = 0, path, cert, key, upgrade } = way;
  const take = (socket) => {
    const on = {
      onOpen: () => listeners.onOpen?.(),
      onBytes: (bytes) => listeners.onBytes?.(bytes),
      onClosed: () => listeners.onClosed?.(),
    };
    const pipe = new Pipe(socket, { dialect, upgrade, isClient: false, on });
    const listeners = onPipe(pipe);
    pipe.start();
  };
  const server =
    over === "tls" ? createTlsServer({ ...options, cert, key }, take) : createServer(options, take);
  server.listen(over === "unix" ? { path } : { host, port });
  await once(server, "listening");
  return { server, port: over === "unix" ? 0 : server.address().port };
}
