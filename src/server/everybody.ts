/** All connections of a server, as its reaper sees them. */
import type { Flock } from "../driver/reaper.ts";
import type { Registry } from "./registry.ts";
import type { ServerConnection } from "./server-connection.ts";

export class Everybody implements Flock {
  readonly #registry: Registry<ServerConnection>;

  constructor(registry: Registry<ServerConnection>) {
    this.#registry = registry;
  }

  get size(): number {
    return this.#registry.size;
  }

  verifyAll(): void {
    for (const connection of this.#registry) connection.driven.verifySoon();
  }
}
