/**
 * One output stream of a command. A reader that went away (`holdfast serve | head`) is no error:
 * writing goes on into nothing and whoever asked is told once.
 */
import type { TerminalOrFile } from "./surroundings.ts";

export class Outlet {
  readonly isTerminal: boolean;
  readonly #stream: TerminalOrFile;
  readonly #onError: (error: unknown) => void;
  #isBroken = false;

  constructor(stream: TerminalOrFile, onBroken: () => void) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    this.#onError = () => {
      if (this.#isBroken) return;
      this.#isBroken = true;
      onBroken();
    };
    stream.on("error", this.#onError);
  }

  /** How wide the terminal is now; 80 where nobody knows. */
  get columns(): number {
    return this.#stream.columns ?? 80;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  line(text: string): void {
    this.write(`${text}\n`);
  }

  /** Returns false when the stream would rather have a pause: see `drained`. */
  write(data: string | Uint8Array): boolean {
    if (this.#isBroken || this.#stream.destroyed) return true;
    return this.#stream.write(data);
  }

  /** Resolves when the stream takes more, or is gone. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isBroken || !this.#stream.writableNeedDrain) {
        resolve();
        return;
      }
      const done = (): void => {
        for (const name of ["drain", "error", "close"]) this.#stream.off(name, done);
        resolve();
      };
      for (const name of ["drain", "error", "close"]) this.#stream.once(name, done);
    });
  }

  /** Resolves when all that was written has left, so that the process may exit. */
  flushed(): Promise<void> {
    if (this.#isBroken || this.#stream.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#stream.write("", () => resolve());
    });
  }
}
