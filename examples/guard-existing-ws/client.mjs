#!/usr/bin/env node
/**
 * One who chats from a terminal: what is typed is sent, what comes is printed. It is here so that
 * there is somebody to freeze.
 */
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";

const HELP = `Usage: node client.mjs [--port N] [--name NAME]

Connects to a chat server on this machine (port 8080) and types in the name (anna).`;

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8080" },
        name: { type: "string", default: "anna" },
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

const { port, name, help } = readFlags();
if (help) {
  console.log(HELP);
  process.exit();
}

const socket = new WebSocket(`ws://localhost:${port}`, { handshakeTimeout: 10_000 });
const input = createInterface({ input: process.stdin });
socket.on("open", () => {
  socket.send(name);
  input.on("line", (line) => socket.send(line));
});
socket.on("message", (data) => console.log(/** @type {Buffer} */ (data).toString()));
socket.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
socket.on("close", (code) => {
  console.log(`closed with ${code}`);
  input.close();
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => socket.close());
