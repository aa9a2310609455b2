/**
 * A plain program at the other end of an example: it writes lines, and waits for what it is told,
 * over TCP, TLS, a Unix socket, or a WebSocket, of which each text is a line.
 */
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";

const SAYS_WITHIN_MS = 10_000;

export class LinePeer {
  readonly #write: (line: string) => void;
  readonly #destroy: () => void;
  #heard = "";
  #hasEnded = false;
  #look: () => void = () => {};

  private constructor(write: (line: string) => void, destroy: () => void) {
    this.#write = write;
    this.#destroy = destroy;
    onTestFinished(destroy);
  }

  static async tcp(at: { readonly port: number } | { readonly path: string }): Promise<LinePeer> {
    const socket = "path" in at ? connectTcp(at.path) : connectTcp(at.port, "127.0.0.1");
    await once(socket, "connect");
    return LinePeer.#over(socket);
  }

  /** Whatever certificate is shown: that is for other tests. */
  static async tls(port: number): Promise<LinePeer> {
    const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
    await once(socket, "secureConnect");
    return LinePeer.#over(socket);
  }

  static async webSocket(port: number, scheme: "ws" | "wss" = "ws"): Promise<LinePeer> {
    const socket = new WebSocket(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false });
    await once(socket, "open");
    const peer = new LinePeer(
      (line) => socket.send(line),
      () => socket.terminate(),
    );
    socket.on("message", (data) => peer.#take(`${(data as Buffer).toString()}\n`));
    socket.on("error", () => {}).on("close", () => peer.#end());
    return peer;
  }

  static #over(socket: Socket): LinePeer {
    const peer = new LinePeer(
      (line) => socket.write(`${line}\n`),
      () => socket.destroy(),
    );
    socket.on("data", (data) => peer.#take(data.toString()));
    socket.on("error", () => {}).on("close", () => peer.#end());
    return peer;
  }

  /** All that came so far. */
  get heard(): string {
    return this.#heard;
  }

  say(...lines: readonly string[]): void {
    for (const line of lines) this.#write(line);
  }

  /** It is gone, as a killed program is: its kernel closes what it held. */
  vanish(): void {
    this.#destroy();
  }

  async hears(pattern: RegExp): Promise<RegExpExecArray> {
    return await this.#until(String(pattern), () => pattern.exec(this.#heard) ?? undefined);
  }

  async ended(): Promise<void> {
    await this.#until("the end", () => (this.#hasEnded ? true : undefined));
  }

  #until<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error(`no ${what}, but:\n${this.#heard}`));
      const timer = setTimeout(fail, SAYS_WITHIN_MS);
      this.#look = () => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      };
      this.#look();
    });
  }

  #take(text: string): void {
    this.#heard += text;
    this.#look();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#look();
  }
}
