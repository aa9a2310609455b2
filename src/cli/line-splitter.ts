/**
 * Cuts what is read into lines: `\n` ends one, `\r\n` is accepted. Pure.
 *
 * Not readline's own splitting, which also cuts at U+2028 and at a lone `\r`, and grows without
 * bound on a line that never ends.
 */

const LINE_CHARACTERS_MAX = 16 * 2 ** 20;

export class LineSplitter {
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** The lines that are complete now. */
  push(bytes: Uint8Array): readonly string[] {
    return this.#cut(this.#decoder.decode(bytes, { stream: true }));
  }

  /** What stood behind the last line break, if anything. */
  finish(): readonly string[] {
    const lines = this.#cut(this.#decoder.decode());
    const rest = this.#rest;
    this.#rest = "";
    return rest === "" ? lines : [...lines, withoutReturn(rest)];
  }

  #cut(text: string): readonly string[] {
    const parts = text.split("\n");
    const last = parts.pop() ?? "";
    const [first, ...others] = parts;
    if (first === undefined) {
      this.#rest += last;
    } else {
      const lines = [withoutReturn(this.#rest + first), ...others.map(withoutReturn)];
      this.#rest = last;
      return lines;
    }
    if (this.#rest.length <= LINE_CHARACTERS_MAX) return [];
    // No peer takes a message as long as this; what was read so far is handed on to be refused.
    const tooLong = this.#rest;
    this.#rest = "";
    return [tooLong];
  }
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
