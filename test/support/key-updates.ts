/**
 * Asks for new keys of TLS 1.3 again and again (RFC 8446 sections 4.6.3 and 7.2), by records made
 * by hand, since no library does that in a row.
 */
import { createCipheriv, createHmac } from "node:crypto";

const HANDSHAKE = 22;
const APPLICATION = 23;
const KEY_UPDATE_WANTED = Buffer.from([24, 0, 0, 1, 1]);

export class KeyUpdates {
  #secret: Buffer;

  /** `keyLog`: the line of the event "keylog" that begins with CLIENT_TRAFFIC_SECRET_0. */
  constructor(keyLog: string) {
    this.#secret = Buffer.from(keyLog.trim().split(" ")[2] ?? "", "hex");
  }

  /** For TLS_AES_128_GCM_SHA256, and a client that has sent nothing else by these keys. */
  records(count: number, text: string | Uint8Array): Buffer {
    const records: Buffer[] = [this.#record(APPLICATION, Buffer.from(text as Uint8Array), 0)];
    for (let at = 0; at < count; at++) {
      records.push(this.#record(HANDSHAKE, KEY_UPDATE_WANTED, at === 0 ? 1 : 0));
      this.#secret = this.#expand("traffic upd", 32);
    }
    return Buffer.concat(records);
  }

  #record(type: number, body: Buffer, sequence: number): Buffer {
    const nonce = this.#expand("iv", 12);
    nonce[11] = (nonce[11] ?? 0) ^ sequence;
    const header = Buffer.from([
      APPLICATION,
      3,
      3,
      (body.length + 17) >> 8,
      (body.length + 17) & 0xff,
    ]);
    const cipher = createCipheriv("aes-128-gcm", this.#expand("key", 16), nonce).setAAD(header);
    const sealed = [cipher.update(Buffer.from([...body, type])), cipher.final()];
    return Buffer.concat([header, ...sealed, cipher.getAuthTag()]);
  }

  #expand(label: string, length: number): Buffer {
    const name = Buffer.from(`tls13 ${label}`);
    const info = Buffer.from([0, length, name.length, ...name, 0, 1]);
    return createHmac("sha256", this.#secret).update(info).digest().subarray(0, length);
  }
}
