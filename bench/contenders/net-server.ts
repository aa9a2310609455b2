/**
 * A heartbeat server over `node:net` as people write it by hand: lines, a timer for each socket, a
 * Map of who was heard when.
 *
 * It is a measure of the usual, so it must stay the usual: no trick that a first version would not
 * have.
 */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { beginLife } from "./server-life.ts";
import { readNetSettings } from "./server-settings.ts";

/** As Holdfast has it: what is measured is the server, not how long the kernel's queue is. */
const BACKLOG = 4_096;

const { port, silent, timeoutMs } = readNetSettings(process.argv[2]);

const sockets = new Set<Socket>();
const lastSeen = new Map<Socket, number>();

const server = createServer({ noDelay: true }, (socket) => {
  let partialLine = "";
  let timer = setTimeout(() => socket.destroy(), timeoutMs);
  sockets.add(socket);
  lastSeen.set(socket, Date.now());
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    lastSeen.set(socket, Date.now());
    clearTimeout(timer);
    timer = setTimeout(() => socket.destroy(), timeoutMs);
    const lines = (partialLine + text).split("\n");
    partialLine = lines.pop() ?? "";
    for (const line of lines) handleLine(socket, line);
  });
  // What went wrong is told by `close`, too; without a listener it would end the process.
  socket.on("error", () => {});
  socket.on("close", () => {
    clearTimeout(timer);
    sockets.delete(socket);
    lastSeen.delete(socket);
  });
});

server.listen({ port, host: "127.0.0.1", backlog: BACKLOG }, () => {
  beginLife((server.address() as AddressInfo).port);
});

function handleLine(socket: Socket, line: string): void {
  if (line === "ping") {
    if (!silent) socket.write("pong\n");
  } else if (line.startsWith("!")) {
    for (const one of sockets) one.write(`${line}\n`);
  } else {
    socket.write(`${line}\n`);
  }
}
