/**
 * A hostile server: whoever says HELLO is told to go, again and again, and where to.
 *
 * It says what it says by the product's own encoder, which is tested elsewhere.
 */
import { onTestFinished } from "vitest";
import { encodeFrame } from "../../../src/wire/frame-codec.ts";
import { encodePreface } from "../../../src/wire/preface.ts";
import { listenPipe, type Pipe } from "../../support/pipe.mjs";
import { type Route, routeNamed } from "../../support/routes.ts";
import type { Way } from "../../support/way.ts";

interface Manners {
  /** TCP, if nothing is said. */
  readonly route?: Route;
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
  readonly #manners: Manners;
  readonly #route: Route;
  #way: Way;

  private constructor(manners: Manners) {
    this.#manners = manners;
    this.#route = manners.route ?? routeNamed("tcp");
    const way = this.#route.serverWay();
    this.#way = manners.host === undefined ? way : { ...way, host: manners.host };
  }

  static async start(manners: Manners): Promise<GoawayServer> {
    const hostile = new GoawayServer(manners);
    const pipes = new Set<Pipe>();
    const { server, port } = await listenPipe(hostile.#way, "frame", (pipe) => {
      pipes.add(pipe);
      let isGreeted = false;
      const onBytes = (): void => {
        if (!isGreeted) hostile.#answer(pipe);
        isGreeted = true;
      };
      hostile.dialsAt.push(performance.now());
      return { onBytes };
    });
    hostile.#way = { ...hostile.#way, port };
    onTestFinished(() => {
      server.close();
      for (const { socket } of pipes) socket.destroy();
    });
    return hostile;
  }

  get dials(): number {
    return this.dialsAt.length;
  }

  get url(): string {
    return this.#route.urlOf(this.#way);
  }

  /** Between each dial and the next one, in milliseconds. */
  get gapsMs(): number[] {
    const { dialsAt } = this;
    return dialsAt.slice(1).map((at, index) => Math.round(at - (dialsAt[index] as number)));
  }

  #answer(pipe: Pipe): void {
    const { welcomes = true } = this.#manners;
    pipe.write(this.#words());
    if (welcomes) return;
    pipe.write(encodeFrame({ kind: "end", code: "DRAINED", reason: "" }));
    pipe.end();
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
