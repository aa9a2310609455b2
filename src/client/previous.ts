/** The last connection that was welcomed. Its secret is for the server that gave it, alone. */
import type { Welcome } from "../wire/frame.ts";
import type { LinkTarget } from "./target.ts";

export class Previous {
  #last: { readonly id: string; readonly secret: string } | undefined;
  #at: string | undefined;

  remember(welcome: Welcome | undefined, { label }: LinkTarget): void {
    if (welcome === undefined) return;
    this.#last = { id: welcome.id, secret: welcome.secret };
    this.#at = label;
  }

  /** What may be told there. */
  at({ dialect, label }: LinkTarget): { readonly id: string; readonly secret: string } | undefined {
    return dialect === "frame" && this.#at === label ? this.#last : undefined;
  }
}
