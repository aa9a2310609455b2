/**
 * Asks a server whether it is there, as any plain client would: writes `ping`, waits for `pong`.
 *
 * HEALTH_ADDRESS names a port, `host:port` or the path of a Unix socket; 8080 if it is not set.
 * HEALTH_TLS=1 speaks TLS first, without a look at the certificate. HEALTH_PROXY=1 says before all
 * else that there is no client behind it, for servers that want to hear so from 127.0.0.1. Exit
 * code 0: it answers.
 */
import { connect as dial } from "node:net";
import { connect as secure } from "node:tls";

const LIMIT_MS = 4_000;

const { HEALTH_ADDRESS = "8080", HEALTH_PROXY, HEALTH_TLS } = process.env;

function placeOf(address) {
  if (address.includes("/")) return { path: address };
  const at = address.lastIndexOf(":");
  const host = at < 0 ? "127.0.0.1" : address.slice(0, at).replace(/^\[|\]$/g, "");
  return { host, port: Number(address.slice(at + 1)) };
}

function end(code, words) {
  if (words !== undefined) process.stderr.write(`${words}\n`);
  process.exit(code);
}

const raw = dial(placeOf(HEALTH_ADDRESS));
raw.on("error", (error) => end(1, error.message));
raw.once("connect", () => {
  if (HEALTH_PROXY === "1") raw.write("PROXY UNKNOWN\r\n");
  const socket = HEALTH_TLS === "1" ? secure({ socket: raw, rejectUnauthorized: false }) : raw;
  let heard = "";
  socket.on("error", (error) => end(1, error.message));
  socket.on("data", (bytes) => {
    heard += bytes.toString();
    if (heard.includes("pong\n")) end(0);
  });
  socket.on("close", () => end(1, "it closed the connection without an answer"));
  socket.write("ping\n");
});
setTimeout(() => end(1, `no answer within ${LIMIT_MS} ms`), LIMIT_MS);
