/**
 * A hostile server: whoever says HELLO is told to go, again and again, and where to.
 *
 * It says what it says by the product's own encoder, which is tested elsewhere.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { encodeFrame } from "../../../src/wire/frame-codec.ts";
import { encodePreface } from "../../../src/wire/preface.ts";

interface Manners {
  readonly host?: string;
  /** Where everybody is sent. */
  readonly url?: () => string;
  /** False: in place of a WELCOME, followed by END. */
  readonly welcomes?: boolean;
  readonly times?: number;
  readonly afterMs?: number;
}

const WELCOME = {
  id: "0123",
  secret: "4567",
  epoch: "e",
  leaseMsMin: 1_000,
  leaseMsMax: 60_000,
  timeoutMs: 60_000,
  pingIntervalMsMin: 100,
  messageBytesMax: 65_536,
  nextMs: 0,
  reconnectWindowMs: 0,
} as const;

export class GoawayServer {
  /** When each dial came, in milliseconds. */
  readonly dialsAt: number[] = [];
  port = 0;
  readonly #manners: Manners;

  private constructor(manners: Manners) {
    this.#manners = manners;
  }

  static async start(manners: Manners): Promise<GoawayServer> {
    const hostile = new GoawayServer(manners);
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      hostile.#receive(socket);
    });
    server.listen(0, manners.host ?? "127.0.0.1");
    await once(server, "listening");
    hostile.port = (server.address() as AddressInfo).port;
    onTestFinished(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return hostile;
  }

  get dials(): number {
    return this.dialsAt.length;
  }

  get url(): string {
    return `tcp://${this.#manners.host ?? "127.0.0.1"}:${this.port}`;
  }

  /** Between each dial and the next one, in milliseconds. */
  get gapsMs(): number[] {
    const { dialsAt } = this;
    return dialsAt.slice(1).map((at, index) => Math.round(at - (dialsAt[index] as number)));
  }

  #receive(socket: Socket): void {
    this.dialsAt.push(performance.now());
    socket.on("error", () => {});
    socket.once("data", () => {
      const { welcomes = true } = this.#manners;
      socket.write(this.#words());
      if (!welcomes) socket.end(encodeFrame({ kind: "end", code: "DRAINED", reason: "" }));
    });
  }

  #words(): Uint8Array {
    const { url, welcomes = true, times = 1, afterMs = 0 } = this.#manners;
    const goaway = {
      reason: "loop",
      retry: afterMs === 0 ? ("now" as const) : ("after" as const),
      afterMs,
      spreadMs: 0,
      ...(url === undefined ? {} : { url: url() }),
    };
    const words = [encodePreface(1)];
    if (welcomes) words.push(encodeFrame({ kind: "welcome", welcome: WELCOME }));
    for (let time = 0; time < times; time++) words.push(encodeFrame({ kind: "goaway", goaway }));
    return Buffer.concat(words);
  }
}
