/** The promise of a link's last record, made when it is asked for: few links are awaited. */
import type { LinkEndRecord, LinkStatus } from "./status.ts";

export class Outcome {
  #promise: Promise<LinkEndRecord> | undefined;
  #resolve: ((record: LinkEndRecord) => void) | undefined;

  of(status: LinkStatus): Promise<LinkEndRecord> {
    this.#promise ??=
      status.name === "ended"
        ? Promise.resolve(status.record)
        : new Promise((resolve) => {
            this.#resolve = resolve;
          });
    return this.#promise;
  }

  settle(record: LinkEndRecord): void {
    this.#resolve?.(record);
  }
}
