/** An echo server on `ws`. Its control is the heartbeat of the manual of `ws`. */
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { asking, heard, mode, serve, timeoutMs } from "./life.mjs";
import { sweep } from "./ws-recipe.mjs";

const server = createServer();
const webSockets = new WebSocketServer({ server });

webSockets.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("pong", heard);
  socket.on("message", (data, isBinary) => {
    socket.send(data, { binary: isBinary });
    heard();
  });
});

if (mode === "control") sweep(webSockets, timeoutMs / 2, asking);
serve(server, webSockets, { asks: mode === "control" });
