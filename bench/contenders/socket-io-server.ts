/**
 * A socket.io server as its manual shows it, over WebSocket only: it beats by itself and its
 * clients answer; "m" comes back, "b" goes to all.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import { beginLife } from "./server-life.ts";
import { readBeatingSettings } from "./server-settings.ts";

/** As Holdfast has it: what is measured is the server, not how long the kernel's queue is. */
const BACKLOG = 4_096;

const { port, beatIntervalMs } = readBeatingSettings(process.argv[2]);

const httpServer = createServer();
const server = new Server(httpServer, {
  transports: ["websocket"],
  pingInterval: beatIntervalMs,
  pingTimeout: 20_000,
  perMessageDeflate: false,
  serveClient: false,
});

server.on("connection", (socket) => {
  socket.on("m", (data: unknown) => {
    socket.emit("m", data);
  });
  socket.on("b", (data: unknown) => {
    server.emit("b", data);
  });
});

httpServer.listen({ port, host: "127.0.0.1", backlog: BACKLOG }, () => {
  beginLife((httpServer.address() as AddressInfo).port);
});
