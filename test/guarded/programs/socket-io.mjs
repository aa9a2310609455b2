/**
 * One http server for two: socket.io, and `ws` on a path of its own. The control is what each has:
 * socket.io's own heartbeat with a short time for the answer, and the recipe for `ws`. In the other
 * modes socket.io still asks, but would wait for its answers for a minute.
 */
import { createServer } from "node:http";
import { Server } from "socket.io";
import { WebSocketServer } from "ws";
import { asking, heard, intervalMs, mode, serve, timeoutMs } from "./life.mjs";
import { sweep } from "./ws-recipe.mjs";

const server = createServer();
const io = new Server(server, {
  transports: ["websocket"],
  serveClient: false,
  pingInterval: intervalMs,
  pingTimeout: mode === "control" ? timeoutMs - intervalMs : 60_000,
});
const webSockets = new WebSocketServer({ noServer: true });

io.on("connection", (socket) => {
  socket.on("m", (data) => {
    socket.emit("m", data);
    heard();
  });
});
io.engine.on("connection", (socket) => {
  socket.on("heartbeat", heard);
  socket.on("packetCreate", ({ type }) => {
    if (type === "ping") asking();
  });
});
server.on("upgrade", (request, socket, head) => {
  if (request.url !== "/plain") return;
  webSockets.handleUpgrade(request, socket, head, (plain) =>
    webSockets.emit("connection", plain, request),
  );
});
webSockets.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("message", (data, isBinary) => {
    socket.send(data, { binary: isBinary });
    heard();
  });
});

if (mode === "control") sweep(webSockets, timeoutMs / 2, () => {});
serve(server, server, { asks: mode === "control" });
