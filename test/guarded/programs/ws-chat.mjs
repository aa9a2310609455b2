/** A chat room on `ws`: what one says goes to all. Its control is that of the echo server. */
import { createServer } from "node:http";
import { WebSocket, WebSocketServer } from "ws";
import { asking, heard, mode, serve, timeoutMs } from "./life.mjs";
import { sweep } from "./ws-recipe.mjs";

const server = createServer();
const room = new WebSocketServer({ server });

room.on("connection", (socket) => {
  socket.on("error", () => {});
  socket.on("pong", heard);
  socket.on("message", (data, isBinary) => {
    for (const other of room.clients) {
      if (other.readyState === WebSocket.OPEN) other.send(data, { binary: isBinary });
    }
    heard();
  });
});

if (mode === "control") sweep(room, timeoutMs / 2, asking);
serve(server, room, { asks: mode === "control" });
