/** Plain `net` with the kernel's keepalive on both ends, as most programs leave it. */
import { once as event } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type Contestant, HELLO, type Listener, monotonicMs, once } from "./contestant.ts";

const KEEPALIVE_AFTER_MS = 10_000;

export const NET_CONTESTANT: Contestant = {
  async serve(host, _options, told) {
    const tell = once(told);
    let connected: Socket | undefined;
    const server = createServer((socket) => {
      connected ??= socket;
      watch(socket, tell, () => socket.write(HELLO));
    });
    await event(server.listen(0, host), "listening");
    const { port } = server.address() as AddressInfo;
    return { port, send: (bytes) => write(connected, bytes) };
  },

  dial(host, port, _options, told) {
    const socket = connect({ host, port });
    socket.on("connect", () => socket.write(HELLO));
    watch(socket, once(told), () => {});
    return { send: (bytes) => write(socket, bytes) };
  },
};

function watch(socket: Socket, tell: Listener, greet: () => void): void {
  let heardAtMs: number | undefined;
  let how = "closed";
  socket.setKeepAlive(true, KEEPALIVE_AFTER_MS);
  socket.once("data", greet);
  socket.on("data", () => {
    heardAtMs = monotonicMs();
    tell.open();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    how = error.code ?? error.message;
  });
  socket.on("close", () => tell.ended({ how, heardAtMs, ourLatenessMs: 0 }));
}

function write(socket: Socket | undefined, bytes: number): void {
  if (socket !== undefined && !socket.destroyed) socket.write(Buffer.alloc(bytes));
}
