/**
 * A server of plain TCP that gives every line back. Its control is the timeout that sockets of Node
 * have: who is idle for so long is destroyed.
 */
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { heard, mode, serve, timeoutMs } from "./life.mjs";

const server = createServer((socket) => {
  socket.on("error", () => {});
  createInterface({ input: socket }).on("line", (line) => {
    socket.write(`${line}\n`);
    heard();
  });
  if (mode === "control") socket.setTimeout(timeoutMs, () => socket.destroy());
});

serve(server, server);
