/**
 * The token of a link: fetched when first needed, kept, and fetched again once it was refused. It
 * never leaves through an error: what goes wrong is told in words of our own.
 */
import { HoldfastError } from "../base/errors.ts";
import { isToken, type PageConfig } from "./page-options.ts";

export class PageToken {
  value: string | undefined;
  readonly #source: PageConfig["token"];

  constructor(source: PageConfig["token"]) {
    this.#source = source;
    if (typeof source === "string") this.value = source;
  }

  /** There is one, or there need be none. */
  get isReady(): boolean {
    return this.value !== undefined || this.#source === undefined;
  }

  /** It was refused. False: there is no other. */
  forget(): boolean {
    this.value = undefined;
    return typeof this.#source === "function";
  }

  /** The application's own function may use the link, so it is called later. Never rejects. */
  async fetch(): Promise<HoldfastError | undefined> {
    let value: unknown;
    try {
      await Promise.resolve();
      value = await (this.#source as () => unknown)();
    } catch (cause) {
      const text = "the function given as `token` threw";
      return new HoldfastError("DIAL_FAILED", text, { cause });
    }
    if (!isToken(value)) {
      return new HoldfastError("OPTION_INVALID", "the function given as `token` must return one");
    }
    this.value = value;
    return undefined;
  }
}
