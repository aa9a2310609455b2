/**
 * Thousands of raw clients, half of them plain and half of them speaking frames.
 *
 * Usage: many-clients.mjs '{"over": "tcp", "port": 8080}'
 */
import { openPipe } from "../../support/pipe.mjs";
import { serveCommands } from "./commands.mjs";
import { hello } from "./words.mjs";

const WAY = JSON.parse(process.argv[2]);
/** Below the server's backlog, so that no connect has to wait for its retransmission. */
const AT_ONCE = 500;

let pipes = [];

/** Resolves when the server has answered: by a pong, or by its WELCOME. */
function open(isFrame) {
  return new Promise((resolve, reject) => {
    const pipe = openPipe(WAY, isFrame ? "frame" : "line", { onBytes: resolve });
    pipe.write(isFrame ? hello(60_000) : "ping\n");
    pipe.socket.on("error", reject);
    pipes.push(pipe);
  });
}

serveCommands({
  open: async ({ count }) => {
    for (let from = 0; from < count; from += AT_ONCE) {
      const length = Math.min(AT_ONCE, count - from);
      const batch = Array.from({ length }, (_, index) => open(index % 2 === 0));
      await Promise.all(batch);
    }
  },

  /** The first half goes: every other one by its farewell, the rest by a reset if there is one. */
  leave: ({ count }) => {
    for (const [index, pipe] of pipes.slice(0, count).entries()) {
      const { socket } = pipe;
      socket.removeAllListeners("error").on("error", () => {});
      if (index % 4 < 2) pipe.end();
      else if (WAY.over === "tcp") socket.resetAndDestroy();
      else socket.destroy();
    }
  },

  /** Resolves when all are closed, those included whom the server ended. */
  gone: async () => {
    const closed = pipes.map(({ socket }) => {
      socket.removeAllListeners("error").on("error", () => {});
      return new Promise((resolve) => {
        if (socket.closed) resolve();
        else socket.once("close", resolve);
      });
    });
    await Promise.all(closed);
    pipes = [];
  },
});
