/**
 * `ws` with the recipe of its README: the server pings all clients every interval and terminates
 * who did not answer the last ping; a client terminates when no ping came for an interval and a
 * second. The interval is Holdfast's and not the recipe's 30 s, so that the two can be compared.
 */
import { once as event } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { type Contestant, HELLO, type Listener, monotonicMs, once } from "./contestant.ts";

/** What the recipe of the client allows for the way. */
const WAY_MS = 1_000;

export const WS_CONTESTANT: Contestant = {
  async serve(host, { intervalMs }, told) {
    const tell = once(told);
    let connected: WebSocket | undefined;
    const server = new WebSocketServer({ host, port: 0 });
    const answered = new Set<WebSocket>();
    server.on("connection", (socket) => {
      connected ??= socket;
      answered.add(socket);
      socket.on("pong", () => answered.add(socket));
      watch(socket, tell, () => socket.send(HELLO));
    });
    setInterval(() => {
      for (const socket of server.clients) {
        if (answered.delete(socket)) socket.ping();
        else socket.terminate();
      }
    }, intervalMs);
    await event(server, "listening");
    const { port } = server.address() as AddressInfo;
    return { port, send: (bytes) => send(connected, bytes) };
  },

  dial(host, port, { intervalMs }, told) {
    const socket = new WebSocket(`ws://${host}:${port}`);
    let timer: NodeJS.Timeout | undefined;
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => socket.terminate(), intervalMs + WAY_MS);
    };
    socket.on("open", () => {
      wait();
      socket.send(HELLO);
    });
    socket.on("ping", wait);
    socket.on("close", () => clearTimeout(timer));
    watch(socket, once(told), () => {});
    return { send: (bytes) => send(socket, bytes) };
  },
};

function watch(socket: WebSocket, tell: Listener, greet: () => void): void {
  let heardAtMs: number | undefined;
  let how = "closed";
  const hear = (): void => {
    heardAtMs = monotonicMs();
  };
  socket.once("message", greet);
  socket.on("message", () => {
    hear();
    tell.open();
  });
  socket.on("ping", hear);
  socket.on("pong", hear);
  socket.on("error", (error: NodeJS.ErrnoException) => {
    how = error.code ?? error.message;
  });
  socket.on("close", () => tell.ended({ how, heardAtMs, ourLatenessMs: 0 }));
}

function send(socket: WebSocket | undefined, bytes: number): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(Buffer.alloc(bytes));
}
