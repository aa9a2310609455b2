/**
 * WebSocket by hand (RFC 6455), for peers that share no code with what they test: an upgrade
 * request, frames, and a reader that passes on a payload as it comes, since a slow reader of one
 * message of 64 MiB must not have to hold it.
 *
 * It is made for well-behaved and for hostile peers alike, so it checks nothing.
 */
import { createHash, randomBytes } from "node:crypto";

/** RFC 6455 section 5.2. */
export const OPCODE = { cont: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** @param {string} path @param {string[]} headers More lines, or others in place of these. */
export function upgradeRequest(path, headers = []) {
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    ...headers,
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
}

/** What a server answers to the head of an upgrade request. */
export function upgradeAnswer(head) {
  const key = /sec-websocket-key: *([^\r\n]*)/i.exec(head)?.[1] ?? "";
  const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
  const status = "HTTP/1.1 101 Switching Protocols";
  const lines = ["Connection: Upgrade", "Upgrade: websocket", `Sec-WebSocket-Accept: ${accept}`];
  return Buffer.from(`${[status, ...lines].join("\r\n")}\r\n\r\n`);
}

/** The first bytes of a frame. `length` may be more than ever comes. */
export function frameHead(opcode, length, { fin = true, rsv = 0, mask } = {}) {
  const maskBit = mask === undefined ? 0 : 0x80;
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const head = Buffer.alloc(size + (mask?.length ?? 0));
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = maskBit | (size === 2 ? length : size === 4 ? 126 : 127);
  if (size === 4) head.writeUInt16BE(length, 2);
  if (size === 10) head.writeBigUInt64BE(BigInt(length), 2);
  mask?.copy(head, size);
  return head;
}

/** A whole frame. A client masks; a mask of zeros would not show a server that forgets to. */
export function webSocketFrame(opcode, payload, { isClient = true, fin = true, rsv = 0 } = {}) {
  const mask = isClient ? randomBytes(4) : undefined;
  const head = frameHead(opcode, payload.length, { fin, rsv, mask });
  return Buffer.concat([head, mask === undefined ? payload : masked(payload, mask, 0)]);
}

function masked(bytes, mask, from) {
  const result = Buffer.allocUnsafe(bytes.length);
  for (let at = 0; at < bytes.length; at++) result[at] = bytes[at] ^ mask[(from + at) & 3];
  return result;
}

/**
 * Reads frames out of a stream that may be cut anywhere.
 *
 * `on.payload(bytes, opcode)` for each piece of a text or binary message, `on.messageEnd(opcode)`
 * after its last one, `on.control(opcode, payload)` for the rest.
 */
export class WebSocketReader {
  #on;
  #head = Buffer.alloc(0);
  /** The frame that is being read. */
  #frame;
  #message = OPCODE.binary;

  constructor(on) {
    this.#on = on;
  }

  push(bytes) {
    let rest = bytes;
    while (rest.length > 0 || this.#frame?.left === 0) {
      if (this.#frame === undefined) rest = this.#readHead(rest);
      else rest = this.#readPayload(rest);
    }
  }

  #readHead(bytes) {
    const before = this.#head.length;
    this.#head = Buffer.concat([this.#head, bytes.subarray(0, 14)]);
    const head = this.#head;
    const short = (head[1] ?? 0) & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const isMasked = ((head[1] ?? 0) & 0x80) !== 0;
    const size = 2 + lengthBytes + (isMasked ? 4 : 0);
    if (head.length < size) return bytes.subarray(14);
    const left =
      lengthBytes === 2
        ? head.readUInt16BE(2)
        : lengthBytes === 8
          ? Number(head.readBigUInt64BE(2))
          : short;
    const mask = isMasked ? head.subarray(size - 4, size) : undefined;
    this.#head = Buffer.alloc(0);
    const [opcode, fin] = [head[0] & 0x0f, (head[0] & 0x80) !== 0];
    this.#frame = { opcode, fin, left, mask, at: 0, control: [] };
    return bytes.subarray(size - before);
  }

  #readPayload(bytes) {
    const frame = this.#frame;
    const taken = bytes.subarray(0, frame.left);
    const payload = frame.mask === undefined ? taken : masked(taken, frame.mask, frame.at);
    frame.at += taken.length;
    frame.left -= taken.length;
    const isControl = frame.opcode >= OPCODE.close;
    if (isControl) frame.control.push(Buffer.from(payload));
    else {
      if (frame.opcode !== OPCODE.cont) this.#message = frame.opcode;
      if (payload.length > 0) this.#on.payload(payload, this.#message);
    }
    if (frame.left > 0) return bytes.subarray(taken.length);
    this.#frame = undefined;
    if (isControl) this.#on.control(frame.opcode, Buffer.concat(frame.control));
    else if (frame.fin) this.#on.messageEnd(this.#message);
    return bytes.subarray(taken.length);
  }
}
