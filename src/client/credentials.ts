/**
 * The token of a link: fetched when first needed, kept, and fetched again once it was refused.
 *
 * The token itself never leaves through an error: whatever goes wrong is told in words of our own.
 */
import { utf8Length } from "../base/bytes.ts";
import { HoldfastError } from "../base/errors.ts";

export type TokenSource = string | (() => string | Promise<string>);

/** HELLO as a whole is limited to 16 KiB. */
export const TOKEN_BYTES_MAX = 8_192;

export class Credentials {
  /** For links without a token: there is nothing that would tell one of them from another. */
  static readonly none: Credentials = new Credentials(undefined);

  readonly #source: TokenSource | undefined;
  #token: string | undefined;

  constructor(source: TokenSource | undefined) {
    this.#source = source;
    if (typeof source === "string") this.#token = source;
  }

  get exist(): boolean {
    return this.#source !== undefined;
  }

  get canRefresh(): boolean {
    return typeof this.#source === "function";
  }

  /** The kept token was refused: the next `take` asks the application for another one. */
  forget(): void {
    if (this.canRefresh) this.#token = undefined;
  }

  /** Rejects with HoldfastError `DIAL_FAILED`, or `OPTION_INVALID` for what is not a token. */
  take(): string | undefined | Promise<string> {
    if (this.#token !== undefined || typeof this.#source !== "function") return this.#token;
    return this.#fetch(this.#source);
  }

  async #fetch(source: () => string | Promise<string>): Promise<string> {
    let token: unknown;
    try {
      token = await source();
    } catch (cause) {
      throw new HoldfastError("DIAL_FAILED", "the function given as `token` threw", { cause });
    }
    if (!isToken(token)) {
      throw new HoldfastError(
        "OPTION_INVALID",
        "the function given as `token` must return a string of " +
          `1 to ${TOKEN_BYTES_MAX} characters`,
      );
    }
    this.#token = token;
    return token;
  }
}

export function isToken(value: unknown): value is string {
  if (typeof value !== "string" || value.length === 0 || value.length > TOKEN_BYTES_MAX)
    return false;
  // HELLO is JSON: what is escaped there takes up to six bytes a character.
  return utf8Length(JSON.stringify(value)) - 2 <= TOKEN_BYTES_MAX;
}
