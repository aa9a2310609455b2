/**
 * Thousands of raw clients, half of them plain and half of them speaking frames.
 *
 * Usage: many-clients.mjs <port>
 */
import { connect } from "node:net";
import { serveCommands } from "./commands.mjs";
import { hello } from "./words.mjs";

const PORT = Number(process.argv[2]);
/** Below the server's backlog, so that no connect has to wait for its retransmission. */
const AT_ONCE = 500;

let sockets = [];

/** Resolves when the server has answered: by a pong, or by its WELCOME. */
function open(isFrame) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: PORT, host: "127.0.0.1", noDelay: true });
    socket.write(isFrame ? hello(60_000) : "ping\n");
    socket.once("data", resolve);
    socket.on("error", reject);
    sockets.push(socket);
  });
}

serveCommands({
  open: async ({ count }) => {
    for (let from = 0; from < count; from += AT_ONCE) {
      const batch = Array.from({ length: AT_ONCE }, (_, index) => open(index % 2 === 0));
      await Promise.all(batch);
    }
  },

  /** The first half goes: every other one by FIN, the rest by a reset. */
  leave: ({ count }) => {
    for (const [index, socket] of sockets.slice(0, count).entries()) {
      socket.removeAllListeners("error").on("error", () => {});
      if (index % 4 < 2) socket.end();
      else socket.resetAndDestroy();
    }
  },

  /** Resolves when all are closed, those included whom the server ended. */
  gone: async () => {
    const closed = sockets.map((socket) => {
      socket.removeAllListeners("error").on("error", () => {});
      return new Promise((resolve) => {
        if (socket.closed) resolve();
        else socket.once("close", resolve);
      });
    });
    await Promise.all(closed);
    sockets = [];
  },
});
