/** Messages sent as fast as the outbox takes them, and counted as they arrive, in order. */
import type { Message } from "../../../src/index.ts";

export const FLOW_COUNT = 1_000;
const CHARACTERS = 16_384;

export class Flow {
  /** Resolves when the last message has arrived. Rejects when one is missing before it. */
  readonly arrived: Promise<void>;
  /** How often it was told that there was room. */
  pushes = 0;
  readonly #send: (data: string) => boolean;
  #settle: (error?: Error) => void = () => {};
  #sent = 0;
  #arrived = 0;

  /** `send` returns false when there is no room for more. */
  constructor(send: (data: string) => boolean) {
    this.#send = send;
    this.arrived = new Promise((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve() : reject(error));
    });
  }

  push(): void {
    this.pushes += 1;
    while (this.#sent < FLOW_COUNT) {
      this.#sent += 1;
      if (!this.#send(`${this.#sent} `.padEnd(CHARACTERS, "x"))) return;
    }
  }

  take(data: Message): void {
    if (typeof data !== "string" || data.length !== CHARACTERS) return;
    this.#arrived += 1;
    const number = Number(data.slice(0, data.indexOf(" ")));
    if (number !== this.#arrived) this.#settle(new Error(`${number} came as ${this.#arrived}`));
    else if (number === FLOW_COUNT) this.#settle();
  }
}
