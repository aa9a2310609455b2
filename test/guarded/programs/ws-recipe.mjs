/**
 * The heartbeat that the manual of `ws` shows: every interval it asks all clients, and terminates
 * who has not answered since it asked the last time.
 */
export function sweep(webSockets, everyMs, asking) {
  webSockets.on("connection", (socket) => {
    socket.isAlive = true;
    socket.on("pong", () => {
      socket.isAlive = true;
    });
  });
  const timer = setInterval(() => {
    asking();
    for (const socket of webSockets.clients) {
      if (!socket.isAlive) {
        socket.terminate();
        continue;
      }
      socket.isAlive = false;
      socket.ping();
    }
  }, everyMs);
  webSockets.on("close", () => clearInterval(timer));
}
