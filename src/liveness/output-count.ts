/**
 * What successive readings of the kernel's unacknowledged count say about output.
 *
 * A count that falls has moved. One that does not fall may have moved, too, when more was handed to
 * the kernel between the readings; so what was handed over is added to the earlier reading. Where
 * the caller did not count it, a count that stood still says nothing.
 */

/** "unclear": output was handed over uncounted, and may hide a fall. */
export type CountChange = "first" | "fell" | "stood" | "unclear";

/** The least that a receiving kernel holds while its process reads nothing. */
const KERNEL_HOLDS_BYTES = 64 * 1024;

export class OutputCount {
  #readings = 0;
  #lastBytes = 0;
  #handedBytes = 0;
  #handedUncounted = false;
  #wasEmpty = false;
  #windowIsShut = false;

  /** At the last reading the peer's kernel answered and had no room. */
  get windowIsShut(): boolean {
    return this.#windowIsShut;
  }

  /** The count can be read, and was, since this silence began. */
  get hasReading(): boolean {
    return this.#readings > 0;
  }

  /**
   * Two readings or more, and the last one found something left. Each fall was evidence; so the
   * lack of any is, too, unless the peer's kernel answers and only its window is shut.
   */
  get isTelling(): boolean {
    return this.#readings >= 2 && this.#lastBytes > 0 && !this.#windowIsShut;
  }

  /**
   * The peer's kernel once had everything that waited at an earlier reading. Falls after that tell
   * of later bytes, such as further pings, which a kernel acknowledges for a frozen process, too.
   */
  get wasEmpty(): boolean {
    return this.#wasEmpty;
  }

  /** What comes next has nothing to do with what was read before. */
  forget(): void {
    this.#readings = 0;
    this.#wasEmpty = false;
    this.#forgetHanded();
  }

  /** The kernel took bytes; undefined: it is not known how many. */
  handed(bytes: number | undefined): void {
    if (bytes === undefined) this.#handedUncounted = true;
    else this.#handedBytes += bytes;
  }

  read(unackedBytes: number, windowIsShut = false): CountChange {
    this.#windowIsShut = windowIsShut;
    const isFirst = this.#readings === 0;
    const hasFallen = unackedBytes < this.#lastBytes + this.#handedBytes;
    const isUnclear = this.#handedUncounted;
    this.#readings += 1;
    this.#lastBytes = unackedBytes;
    // What is left may all be newer than the reading before, of which then nothing is left. Not so
    // in a stream: more than a kernel is sure to hold for its process was taken by that process.
    const isAllNewer =
      !isFirst &&
      !isUnclear &&
      unackedBytes <= this.#handedBytes &&
      this.#handedBytes <= KERNEL_HOLDS_BYTES;
    if (unackedBytes === 0 || isAllNewer) this.#wasEmpty = true;
    this.#forgetHanded();
    if (isFirst) return "first";
    if (hasFallen) return "fell";
    return isUnclear ? "unclear" : "stood";
  }

  #forgetHanded(): void {
    this.#handedBytes = 0;
    this.#handedUncounted = false;
  }
}
