/**
 * One line at the bottom of a terminal that is rewritten in place, and what goes above it.
 *
 * Where somebody types, the line is the prompt of readline, which alone knows how to keep half a
 * typed line on the screen while something is printed above it.
 */
import {
  createInterface,
  cursorTo,
  type Interface,
  moveCursor,
  clearScreenDown,
} from "node:readline";
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import type { Outlet } from "./outlet.ts";
import type { TerminalOrFile } from "./surroundings.ts";

export interface StatusLine {
  show(text: string): void;
  /** Runs `print` with the line out of the way. */
  above(print: () => void): void;
  /** Takes the line away for good. */
  close(): void;
}

/** Where nobody looks. */
export const NO_STATUS_LINE: StatusLine = {
  show: () => {},
  above: (print) => print(),
  close: () => {},
};

/** On a terminal on which nobody types. */
export class RewrittenLine implements StatusLine {
  readonly #outlet: Outlet;
  #text = "";

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  show(text: string): void {
    const room = Math.max(0, this.#outlet.columns - 1);
    // Colour is dropped from a line that is too long: half an escape sequence would be worse.
    if (text === "" && this.#text === "") return;
    const plain = stripVTControlCharacters(text);
    this.#text = plain.length > room ? plain.slice(0, room) : text;
    this.#outlet.write(`\r\u001b[K${this.#text}`);
  }

  above(print: () => void): void {
    if (this.#text !== "") this.#outlet.write("\r\u001b[K");
    print();
    if (this.#text !== "") this.#outlet.write(this.#text);
  }

  close(): void {
    if (this.#text !== "") this.#outlet.write("\r\u001b[K");
    this.#text = "";
  }
}

export interface PromptHandlers {
  onLine(text: string): void;
  /** Ctrl-D. */
  onEnd(): void;
  /** Ctrl-C: while readline holds the terminal, it is a key and no signal. */
  onInterrupt(): void;
}

/** On a terminal on which somebody types. */
export class PromptLine implements StatusLine {
  readonly #stream: TerminalOrFile;
  readonly #prompt: Interface;
  #isClosed = false;

  constructor(stdin: Readable, stream: TerminalOrFile, handlers: PromptHandlers) {
    this.#stream = stream;
    this.#prompt = createInterface({ input: stdin, output: stream, terminal: true, prompt: "> " });
    this.#prompt.on("line", (text) => {
      handlers.onLine(text);
      this.#refresh();
    });
    this.#prompt.on("SIGINT", () => handlers.onInterrupt());
    this.#prompt.on("close", () => {
      if (this.#isClosed) return;
      // Ctrl-D: readline is not to be touched from now on; Node 22 and later throw for it.
      this.#isClosed = true;
      cursorTo(this.#stream, 0);
      clearScreenDown(this.#stream);
      handlers.onEnd();
    });
    this.#refresh();
  }

  show(text: string): void {
    this.above(() => this.#prompt.setPrompt(text === "" ? "> " : `${text} > `));
  }

  above(print: () => void): void {
    if (this.#isClosed) return print();
    const { rows } = this.#prompt.getCursorPos();
    moveCursor(this.#stream, 0, -rows);
    cursorTo(this.#stream, 0);
    clearScreenDown(this.#stream);
    print();
    // Where readline believes its line to begin, this many rows further up. Typing over the edge of
    // the terminal leaves it wrong anyway; if it has another name one day, only looks suffer.
    Object.assign(this.#prompt, { prevRows: 0 });
    this.#refresh();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#prompt.setPrompt("");
    this.#prompt.prompt(true);
    this.#prompt.close();
  }

  #refresh(): void {
    if (!this.#isClosed) this.#prompt.prompt(true);
  }
}
