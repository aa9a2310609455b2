/**
 * The ids of all connections of a server: 128 random bits each, kept as bits, and a way back from
 * a text.
 *
 * A text of 32 digits and a place in a Map for each connection would cost as much as all that is
 * remembered of a peer at rest, and hardly anybody reads an id before the end. So the text is made
 * when it is asked for, and the way back is an open-addressed table of slots: an id is random, so
 * its first bits are as good as any hash. Easy to break: a removal moves up whoever was pushed
 * aside, or the search for it would stop at the gap.
 */
import { assert } from "../base/assert.ts";
import { toHex } from "../base/bytes.ts";
import type { Secrets } from "../base/random.ts";

const ID_BYTES = 16;
const BLOCK_SHIFT = 8;
const BLOCK_IDS: number = 1 << BLOCK_SHIFT;
const PLACES_MIN = 1_024;
const TEXT = /^[0-9a-f]{32}$/;

interface Block {
  readonly bytes: Uint8Array;
  count: number;
}

export class ConnectionIds {
  readonly #secrets: Secrets;
  readonly #blocks: (Block | undefined)[] = [];
  /** Slots, each one more than it is; 0 where there is none. */
  #places: Int32Array = new Int32Array(PLACES_MIN);
  #count = 0;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  get size(): number {
    return this.#count;
  }

  /** Gives `slot` this id, or one that is drawn for it. */
  enter(slot: number, id: string | undefined): void {
    const bytes = id === undefined ? this.#secrets.bytes(ID_BYTES) : bytesOf(id);
    const index = slot >> BLOCK_SHIFT;
    const block = this.#blocks[index] ?? { bytes: new Uint8Array(BLOCK_IDS * ID_BYTES), count: 0 };
    while (this.#blocks.length < index) this.#blocks.push(undefined);
    this.#blocks[index] = block;
    block.count += 1;
    block.bytes.set(bytes, placeIn(slot));
    this.#count += 1;
    if (2 * this.#count > this.#places.length) this.#resize(2 * this.#places.length);
    this.#insert(slot);
  }

  text(slot: number): string {
    return toHex(this.#bytesOf(slot));
  }

  /** Who has this id; undefined: nobody. */
  find(id: string): number | undefined {
    if (!TEXT.test(id)) return undefined;
    const wanted = bytesOf(id);
    const mask = this.#places.length - 1;
    for (let place = firstBits(wanted) & mask; ; place = (place + 1) & mask) {
      const slot = (this.#places[place] as number) - 1;
      if (slot < 0) return undefined;
      if (isSame(this.#bytesOf(slot), wanted)) return slot;
    }
  }

  /** The connection is gone. */
  leave(slot: number): void {
    this.#forget(slot);
    const index = slot >> BLOCK_SHIFT;
    const block = this.#blocks[index];
    assert(block !== undefined, "only an id in use is given back");
    block.count -= 1;
    if (block.count === 0) this.#blocks[index] = undefined;
    this.#count -= 1;
    const { length } = this.#places;
    if (length > PLACES_MIN && 8 * this.#count < length) this.#resize(length / 2);
  }

  #bytesOf(slot: number): Uint8Array {
    const block = this.#blocks[slot >> BLOCK_SHIFT];
    assert(block !== undefined, "only a slot in use has an id");
    return block.bytes.subarray(placeIn(slot), placeIn(slot) + ID_BYTES);
  }

  #insert(slot: number): void {
    const mask = this.#places.length - 1;
    let place = firstBits(this.#bytesOf(slot)) & mask;
    while (this.#places[place] !== 0) place = (place + 1) & mask;
    this.#places[place] = slot + 1;
  }

  #forget(slot: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let gap = firstBits(this.#bytesOf(slot)) & mask;
    while (places[gap] !== slot + 1) {
      assert(places[gap] !== 0, "an id is given back once");
      gap = (gap + 1) & mask;
    }
    for (let place = (gap + 1) & mask; places[place] !== 0; place = (place + 1) & mask) {
      const home = firstBits(this.#bytesOf((places[place] as number) - 1)) & mask;
      // It may move up unless its home lies behind the gap.
      if (((place - home) & mask) < ((place - gap) & mask)) continue;
      places[gap] = places[place] as number;
      gap = place;
    }
    places[gap] = 0;
  }

  #resize(length: number): void {
    const before = this.#places;
    this.#places = new Int32Array(length);
    for (const place of before) if (place !== 0) this.#insert(place - 1);
  }
}

function placeIn(slot: number): number {
  return (slot & (BLOCK_IDS - 1)) * ID_BYTES;
}

/** Enough for 16 million places. */
function firstBits(bytes: Uint8Array): number {
  return (bytes[0] as number) | ((bytes[1] as number) << 8) | ((bytes[2] as number) << 16);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 0; at < ID_BYTES; at++) if (one[at] !== other[at]) return false;
  return true;
}

function bytesOf(id: string): Uint8Array {
  assert(TEXT.test(id), "an id is 32 digits");
  const bytes = new Uint8Array(ID_BYTES);
  for (let at = 0; at < ID_BYTES; at++) {
    bytes[at] = Number.parseInt(id.slice(2 * at, 2 * at + 2), 16);
  }
  return bytes;
}
