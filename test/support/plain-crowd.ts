/**
 * Plain line clients of one address, each of which has been answered or turned away.
 *
 * `open` counts those that were answered and have not ended, so at no time more of them than the
 * server holds itself.
 */
import { connect, type Socket } from "node:net";
import type { TestContext } from "vitest";

const LIMIT_MS = 10_000;

export class PlainCrowd {
  readonly #place: { readonly port: number } | { readonly path: string };
  readonly #open = new Set<PlainClient>();
  openPeak = 0;

  constructor(context: TestContext, url: string) {
    const port = /:(\d+)$/.exec(url)?.[1];
    this.#place = port === undefined ? { path: url.slice("unix:".length) } : { port: Number(port) };
    context.onTestFinished(() => this.leave());
  }

  get open(): readonly PlainClient[] {
    return [...this.#open];
  }

  /** Resolves with the client once its ping was answered, or undefined if it was turned away. */
  async dial(): Promise<PlainClient | undefined> {
    const socket = connect({ host: "127.0.0.1", allowHalfOpen: true, ...this.#place });
    const client = new PlainClient(socket);
    void client.ended.then(() => this.#open.delete(client));
    if ((await client.ask("ping\n")) !== "pong\n") return undefined;
    this.#open.add(client);
    this.openPeak = Math.max(this.openPeak, this.#open.size);
    return client;
  }

  /** Dials until so many are open, or the time is over. Returns how long that took. */
  async fill(count: number, limitMs: number): Promise<number> {
    const startedAt = performance.now();
    const isLate = (): boolean => performance.now() - startedAt > limitMs;
    while (this.#open.size < count && !isLate()) {
      const missing = Math.min(16, count - this.#open.size);
      await Promise.all(Array.from({ length: missing }, () => this.dial()));
    }
    return performance.now() - startedAt;
  }

  leave(): void {
    for (const client of this.#open) client.destroy();
  }
}

export class PlainClient {
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  #heard = "";
  #onHeard: () => void = () => {};
  #isOver = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.#isOver = true;
        this.#onHeard();
        resolve();
      };
      for (const name of ["end", "close", "error"]) socket.once(name, end);
    });
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      this.#heard += chunk.toString();
      this.#onHeard();
    });
  }

  /** Its own port: how the server names it. */
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** Resolves with what was said until the next line break, or undefined at the end. */
  async ask(question: string): Promise<string | undefined> {
    this.#socket.write(question);
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no answer in time")), LIMIT_MS);
      this.#onHeard = () => {
        if (!this.#heard.includes("\n") && !this.#isOver) return;
        clearTimeout(timer);
        const answer = this.#heard.includes("\n") ? this.#heard : undefined;
        this.#heard = "";
        this.#onHeard = () => {};
        resolve(answer);
      };
      this.#onHeard();
    });
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
