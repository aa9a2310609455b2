/**
 * What hostile peers write, made by hand: the attackers share no code with what they attack.
 *
 * docs/protocol.md has the frames: type, length as varint, body.
 */
export const PREFACE = Buffer.from([0xf8, 0x48, 0x46, 0x01]);

export const TYPE = {
  hello: 1,
  welcome: 2,
  ping: 3,
  pong: 4,
  text: 5,
  cont: 7,
  slow: 9,
  goaway: 10,
  end: 11,
};

/** @param {number} value */
export function varint(value) {
  const bytes = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

/** @param {number} type @param {Uint8Array} body */
export function frame(type, body) {
  return Buffer.concat([Buffer.from([type]), varint(body.length), body]);
}

/** @param {number} type @param {object} body */
export function jsonFrame(type, body) {
  return frame(type, Buffer.from(JSON.stringify(body)));
}

/** The first words of a client that will speak again within `nextMs`, or so it says. */
export function hello(nextMs = 1_000, agent = "hostile") {
  const range = { intervalMsMin: 10, intervalMsMax: 86_400_000, messageBytesMax: 1_048_576 };
  return Buffer.concat([PREFACE, jsonFrame(TYPE.hello, { agent, nextMs, ...range })]);
}

/** @param {number} seq @param {number} nextMs */
export function ping(seq, nextMs) {
  return frame(TYPE.ping, Buffer.concat([varint(seq), varint(nextMs)]));
}

/** A part of a text; `more`: another one follows. */
export function part(type, bytes, more) {
  return frame(type, Buffer.concat([Buffer.from([more ? 1 : 0]), Buffer.alloc(bytes, "x")]));
}

/** The frames in a stream that may be cut anywhere; a preface is skipped. */
export class FrameReader {
  #rest = Buffer.alloc(0);

  /** @param {Buffer} bytes @returns {{ type: number, body: Buffer }[]} */
  push(bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const frames = [];
    for (;;) {
      if (this.#rest[0] === PREFACE[0] && this.#rest.length >= PREFACE.length) {
        this.#rest = this.#rest.subarray(PREFACE.length);
        continue;
      }
      const found = this.#first();
      if (found === undefined) return frames;
      this.#rest = this.#rest.subarray(found.length);
      frames.push({ type: found.type, body: found.body });
    }
  }

  #first() {
    let at = 1;
    let bodyBytes = 0;
    for (let factor = 1; ; factor *= 128, at += 1) {
      const byte = this.#rest[at];
      if (byte === undefined) return undefined;
      bodyBytes += (byte % 128) * factor;
      if (byte < 128) break;
    }
    const length = at + 1 + bodyBytes;
    if (this.#rest.length < length) return undefined;
    return { type: this.#rest[0], body: this.#rest.subarray(at + 1, length), length };
  }
}

/** The code in the body of END. */
export function codeOfEnd(body) {
  return body.subarray(1, 1 + body[0]).toString("latin1");
}
