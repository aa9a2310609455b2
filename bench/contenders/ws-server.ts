/**
 * A WebSocket server over `ws` with the heartbeat that its readers know: every interval it ends
 * whoever has not answered the last ping, and pings the rest.
 *
 * `ws` answers its clients' pings by itself, and takes unasked pongs as signs of life, so one
 * program is all three variants.
 */
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { beginLife } from "./server-life.ts";
import { readBeatingSettings } from "./server-settings.ts";

/** As Holdfast has it: what is measured is the server, not how long the kernel's queue is. */
const BACKLOG = 4_096;

const EXCLAMATION_MARK = 0x21;

class WatchedSocket extends WebSocket {
  isAlive = true;
}

const { port, beatIntervalMs } = readBeatingSettings(process.argv[2]);

const server = new WebSocketServer({
  WebSocket: WatchedSocket,
  port,
  host: "127.0.0.1",
  backlog: BACKLOG,
  perMessageDeflate: false,
});

server.on("connection", (socket) => {
  socket.on("pong", () => {
    socket.isAlive = true;
  });
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (data[0] !== EXCLAMATION_MARK) {
      socket.send(data, { binary: isBinary });
      return;
    }
    for (const client of server.clients) client.send(data, { binary: isBinary });
  });
  // `close` follows; without a listener it would end the process.
  socket.on("error", () => {});
});

setInterval(() => {
  for (const client of server.clients) {
    if (!client.isAlive) {
      client.terminate();
      continue;
    }
    client.isAlive = false;
    client.ping();
  }
}, beatIntervalMs);

server.on("listening", () => beginLife((server.address() as AddressInfo).port));
