/**
 * A WebSocket peer written by hand, so that it can say what no library would: halves, pieces, lies.
 *
 * It knows nothing of the code under test.
 */
import { connect, type Socket } from "node:net";
import { within } from "../../src/testing/transport-recorder.ts";

export interface RawFrame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly payload: Buffer;
}

export const TEXT = 1;
export const BINARY = 2;
const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** A masked frame, as clients send it. */
export function frame(opcode: number, payload: Uint8Array | string, isFinal = true): Buffer {
  const body = Buffer.from(payload as Uint8Array);
  const mask = [0x12, 0x9c, 0x00, 0xff];
  const long = body.length > 65_535;
  const header = Buffer.alloc(2 + (long ? 8 : body.length > 125 ? 2 : 0));
  header[0] = opcode | (isFinal ? 0x80 : 0);
  header[1] = 0x80 | (long ? 127 : body.length > 125 ? 126 : body.length);
  if (long) header.writeBigUInt64BE(BigInt(body.length), 2);
  else if (body.length > 125) header.writeUInt16BE(body.length, 2);
  const masked = body.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([header, Buffer.from(mask), masked]);
}

export function closeFrame(code: number, reason = ""): Buffer {
  const body = Buffer.alloc(2 + reason.length);
  body.writeUInt16BE(code);
  body.write(reason, 2);
  return frame(CLOSE, body);
}

export function upgradeRequest(path = "/", headers: Record<string, string> = {}): string {
  const all = {
    Host: "localhost",
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

export class RawPeer {
  readonly socket: Socket;
  /** Whatever came before the first frame: the head of the answer, or all of it. */
  head = "";
  readonly frames: RawFrame[] = [];
  isClosed = false;
  hasEnded = false;
  fault: string | undefined;
  #rest = Buffer.alloc(0);
  #isUpgraded = false;
  #waiting: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    socket.on("end", () => {
      this.hasEnded = true;
      this.#tell();
    });
    socket.on("error", (error) => {
      this.fault = (error as NodeJS.ErrnoException).code ?? error.message;
    });
    socket.on("close", () => {
      this.isClosed = true;
      this.#tell();
    });
  }

  write(...parts: (Uint8Array | string)[]): void {
    for (const part of parts) this.socket.write(part);
  }

  texts(): string[] {
    return this.frames.filter(({ opcode }) => opcode === TEXT).map((one) => String(one.payload));
  }

  /** The code and the reason of the close frame, once it came. */
  get close(): string | undefined {
    const found = this.frames.find(({ opcode }) => opcode === CLOSE);
    if (found === undefined) return undefined;
    if (found.payload.length === 0) return "";
    return `${found.payload.readUInt16BE(0)} ${found.payload.subarray(2).toString()}`.trim();
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      const look = (): void => {
        if (holds()) resolve();
        else this.#waiting.push(look);
      };
      look();
    });
    const { head, isClosed, fault } = this;
    await within(reached, `${what} (${JSON.stringify({ head, isClosed, fault })})`);
  }

  #read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    if (!this.#isUpgraded) {
      const end = this.#rest.indexOf("\r\n\r\n");
      this.#isUpgraded = end >= 0 && this.#rest.subarray(0, 12).toString() === "HTTP/1.1 101";
      this.head = this.#rest.subarray(0, this.#isUpgraded ? end : undefined).toString();
      if (this.#isUpgraded) this.#rest = this.#rest.subarray(end + 4);
    }
    if (this.#isUpgraded) this.#readFrames();
    this.#tell();
  }

  #readFrames(): void {
    for (;;) {
      const [first, second] = this.#rest;
      if (first === undefined || second === undefined) return;
      const short = second & 0x7f;
      const start = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (this.#rest.length < start) return;
      const length =
        short === 127
          ? Number(this.#rest.readBigUInt64BE(2))
          : short === 126
            ? this.#rest.readUInt16BE(2)
            : short;
      if (this.#rest.length < start + length) return;
      const payload = Buffer.from(this.#rest.subarray(start, start + length));
      this.frames.push({ opcode: first & 0x0f, isFinal: (first & 0x80) !== 0, payload });
      this.#rest = this.#rest.subarray(start + length);
    }
  }

  #tell(): void {
    const looks = this.#waiting;
    this.#waiting = [];
    for (const look of looks) look();
  }
}

export async function rawPeer(port: number): Promise<RawPeer> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const peer = new RawPeer(socket);
  await within(new Promise((resolve) => socket.once("connect", resolve)), "the peer connects");
  return peer;
}

/** A peer that has been granted its upgrade. */
export async function upgradedPeer(port: number, path = "/"): Promise<RawPeer> {
  const peer = await rawPeer(port);
  peer.write(upgradeRequest(path));
  await peer.until("the upgrade is granted", () => peer.head.startsWith("HTTP/1.1 101"));
  return peer;
}

/** Looks again and again until it holds. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  const begin = performance.now();
  while (!holds()) {
    if (performance.now() - begin > 10_000) throw new Error(`did not happen within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
