/**
 * A fingerprint of all that happened, in order: 64 bits, as two hashes that do not know each other.
 *
 * Two runs of one seed must agree in it to the last byte written and the last field of an end
 * record. Fields are taken in the order in which their makers wrote them, which is fixed.
 */
import type { SimEvent } from "./sim-event.ts";

const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);

export class TraceHash {
  #one = 0x811c9dc5;
  #other = 0x2f0b4c47;

  add(event: SimEvent): void {
    this.#value(event);
  }

  get text(): string {
    return hex(this.#one) + hex(this.#other);
  }

  #word(word: number): void {
    this.#one = Math.imul(this.#one ^ word, 0x01000193);
    this.#one ^= this.#one >>> 15;
    this.#other = Math.imul(this.#other + word, 0x85ebca6b);
    this.#other ^= this.#other >>> 13;
  }

  #value(value: unknown): void {
    if (typeof value === "number") {
      number[0] = value;
      this.#word(words[0] ?? 0);
      this.#word(words[1] ?? 0);
    } else if (typeof value === "string") this.#text(value);
    else if (typeof value === "boolean") this.#word(value ? 2 : 1);
    else if (value === undefined || value === null) this.#word(3);
    else if (value instanceof Uint8Array) this.#bytes(value);
    else if (value instanceof Error) this.#text(`${value.name} ${value.message}`);
    else if (Array.isArray(value)) {
      this.#word(value.length);
      for (const item of value) this.#value(item);
    } else if (typeof value === "object") {
      const fields = value as Readonly<Record<string, unknown>>;
      for (const name in fields) this.#value(fields[name]);
    }
  }

  #text(text: string): void {
    this.#word(text.length);
    for (let at = 0; at < text.length; at++) this.#word(text.charCodeAt(at));
  }

  #bytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#word(length);
    let at = 0;
    for (; at + 3 < length; at += 4) {
      const low = ((bytes[at + 1] ?? 0) << 8) | (bytes[at] ?? 0);
      const high = ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      this.#word((high << 16) | low);
    }
    for (; at < length; at++) this.#word(bytes[at] ?? 0);
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
