/** A chat server on `ws`, as one writes it on a Friday: what one says, all hear. */
import { parseArgs } from "node:util";
import { guard } from "holdfast";
import { WebSocket, WebSocketServer } from "ws";

const HELP = `Usage: node chat.mjs [--port N]

Each message is handed on to everybody. The first one of a connection is the name of who speaks.`;

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8080" },
        help: { type: "boolean", default: false },
      },
    });
    if (/^\d{1,5}$/.test(values.port)) return values;
    throw new Error(`--port must be a number, not ${values.port}`);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : "wrong flags"}\n\n${HELP}`);
    return process.exit(2);
  }
}

const { port, help } = readFlags();
if (help) {
  console.log(HELP);
  process.exit();
}

const server = new WebSocketServer({ port: Number(port), maxPayload: 4_096 });
guard(server).on("end", (_, { remote, sentence }) => console.log(remote, sentence));

/** @param {string} text */
function tellAll(text) {
  for (const socket of server.clients) {
    if (socket.readyState === WebSocket.OPEN) socket.send(text);
  }
}

server.on("connection", (socket) => {
  let name = "";
  socket.on("error", (error) => console.error(error.message));
  socket.on("message", (data) => {
    const text = /** @type {Buffer} */ (data).toString();
    tellAll(name === "" ? `${text} has come in` : `${name}: ${text}`);
    name ||= text;
  });
  socket.on("close", () => name && tellAll(`${name} has left`));
});
server.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
server.on("listening", () => console.log("listening on", server.address()));

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    for (const socket of server.clients) socket.close(1001);
    server.close();
  });
}
