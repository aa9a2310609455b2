/**
 * How processes can listen on one port here, found out by trying.
 *
 * Where the runtime passes SO_REUSEPORT on, and the kernel spreads newcomers over two listeners,
 * each worker listens by itself. A runtime that does not know the option ignores it, so that the
 * second listener finds the port in use; a kernel may know it and give everybody to the last one.
 */
import {
  type AddressInfo,
  connect,
  createServer,
  type ListenOptions,
  type Server,
  type Socket,
} from "node:net";
import type { PortSharing } from "../transports/tcp/tcp-engine.ts";

/** With a fair kernel one of the two is left out in one of 2^63 trials. */
const DIALS_MAX = 64;
const TRIAL_MS_MAX = 2_000;
const LOOPBACK = "127.0.0.1";

/** Never rejects. */
export async function choosePortSharing(): Promise<PortSharing> {
  const trial = new Trial();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), TRIAL_MS_MAX);
  });
  const isSpread = await Promise.race([trial.run().catch(() => false), late]);
  clearTimeout(timer);
  trial.close();
  return isSpread ? "reuse-port" : "one-handle";
}

class Trial {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #reached = new Set<number>();

  async run(): Promise<boolean> {
    const port = await this.#listen(0);
    await this.#listen(port);
    for (let dials = 0; dials < DIALS_MAX && this.#reached.size < 2; dials++)
      await this.#dial(port);
    return this.#reached.size === 2;
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #listen(port: number): Promise<number> {
    const at = this.#servers.length;
    const server = createServer((socket) => {
      this.#reached.add(at);
      socket.on("error", () => {}); // The dialler is gone as soon as it was let in.
      socket.end("x");
    });
    this.#servers.push(server);
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      const place: ListenOptions & { readonly reusePort: boolean } = {
        host: LOOPBACK,
        port,
        exclusive: true,
        reusePort: true,
      };
      server.listen(place, () => resolve((server.address() as AddressInfo).port));
    });
  }

  #dial(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: LOOPBACK, port });
      this.#sockets.add(socket);
      socket.once("error", reject);
      socket.once("data", () => {
        this.#sockets.delete(socket);
        socket.destroy();
        resolve();
      });
    });
  }
}
