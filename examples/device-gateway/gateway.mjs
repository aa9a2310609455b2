#!/usr/bin/env node
/**
 * A gateway for devices: plain TCP, WebSocket and other Holdfasts on one port, with a certificate
 * the same three over TLS on it, too, and a control socket that only the owner of this process may
 * open.
 *
 * This file joins the server to the list of devices (devices.mjs), reads the flags, and leaves in
 * good order. What is easy to break: every text of a peer is a stranger's. A name is checked before
 * it is used, and anything else is printed through `printable`.
 */
import { parseArgs } from "node:util";
import { HoldfastError, isHoldfastError, listen, printable } from "holdfast";
import { Devices } from "./devices.mjs";

/** @import { ListenOptions, ServerConnection } from "holdfast" */

const HELP = `Usage: node gateway.mjs [flags]

  --port N          devices and browsers (default 8080; 0 takes a free port)
  --host ADDRESS    the interface to listen on (default ::, which takes IPv4 and IPv6)
  --cert FILE       a certificate, PEM: with it the port takes TLS as well as plain devices
  --key FILE        its key, PEM
  --control PATH    the Unix socket for control connections (default ./gateway.sock)
  --timeout SECONDS after so much silence a device is gone (default 60)
  --help            this text

A device says "id NAME", then what it measures, and "ping" when it has nothing to say.
A control connection says "help".`;

const CONTROL_HELP = "list | watch | do NAME TEXT | help";
/** Longer than a device needs to finish its line, shorter than a service manager's patience. */
const GRACE_MS = 5_000;
const DAY_MS = 86_400_000;

class UsageError extends Error {}

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8080" },
        host: { type: "string", default: "::" },
        cert: { type: "string" },
        key: { type: "string" },
        control: { type: "string", default: "./gateway.sock" },
        timeout: { type: "string", default: "60" },
        help: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : "unknown flags");
  }
}

/**
 * @param {string} flag
 * @param {string} text
 * @param {number} most
 */
function numberOf(flag, text, most) {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= 0 && value <= most) return value;
  throw new UsageError(`--${flag} must be a number from 0 to ${most}, got "${printable(text)}"`);
}

/** @param {ReturnType<typeof readFlags>} flags @returns {ListenOptions} */
function listenOptions(flags) {
  const { host, cert, key } = flags;
  const name = host.includes(":") ? `[${host}]` : host;
  const place = `${name}:${numberOf("port", flags.port, 65_535)}`;
  const timeoutMs = Math.round(numberOf("timeout", flags.timeout, 86_400) * 1_000);
  const accept = /** @type {const} */ (["line", "frame", "websocket"]);
  if (cert === undefined && key === undefined)
    return { listen: `tcp://${place}`, accept, timeoutMs };
  if (cert === undefined || key === undefined) {
    throw new UsageError("--cert and --key belong together: README.md says how to make them");
  }
  const tls = { certFile: cert, keyFile: key };
  return { listen: `tcp+tls://${place}`, accept, timeoutMs, tls };
}

/**
 * A reply must never be the end of this process: the peer may be gone already, or read nothing.
 *
 * @param {ServerConnection} connection
 * @param {string} line
 */
function say(connection, line) {
  try {
    connection.send(line);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
  }
}

/**
 * @param {Devices} devices
 * @param {ServerConnection} connection
 * @param {string} line
 */
function onDeviceLine(devices, connection, line) {
  const [word, name = ""] = line.split(" ", 2);
  if (word === "id") say(connection, devices.register(name, connection));
  else if (devices.nameOf(connection) === undefined) say(connection, 'error: say "id NAME" first');
  else if (word === "done") devices.done(connection, Number(name));
  else devices.reading(connection, printable(line));
}

/**
 * @param {Devices} devices
 * @param {ServerConnection} connection
 * @param {string} line
 */
function onControlLine(devices, connection, line) {
  const [, verb = "", name = "", text = ""] = /^(\S*) ?(\S*) ?(.*)$/s.exec(line) ?? [];
  const reply = (/** @type {string} */ answer) => say(connection, answer);
  if (verb === "list") for (const row of devices.list()) reply(row);
  else if (verb === "watch") devices.watch(connection, reply);
  else if (verb === "do" && name !== "" && text !== "") devices.command(name, text, reply);
  else reply(`${verb === "help" ? "" : "error: "}${CONTROL_HELP}`);
}

/**
 * @param {Devices} devices
 * @param {ReturnType<typeof readFlags>} flags
 */
async function listenForDevices(devices, flags) {
  const server = await listen(listenOptions(flags));
  server.on("message", (connection, data) => {
    // Who speaks frames, or WebSocket, may send bytes. Nobody here has a use for them.
    if (typeof data === "string") onDeviceLine(devices, connection, data);
    else say(connection, "error: send text");
  });
  server.on("end", (connection, record) => devices.ended(connection, record));
  server.on("rejected", (code, address) => console.log(`turned away ${address}: ${code}`));
  return server;
}

/** @param {Devices} devices @param {string} path */
async function listenForControl(devices, path) {
  // Nobody is half open on a Unix socket: the kernel closes what a dead process held.
  const server = await listen({ listen: `unix:${path}`, accept: ["line"], timeoutMs: DAY_MS });
  server.on("message", (connection, data) => onControlLine(devices, connection, String(data)));
  server.on("end", (connection) => devices.unwatch(connection));
  return server;
}

async function main() {
  const flags = readFlags();
  if (flags.help) return console.log(HELP);
  const devices = new Devices((line) => console.log(line));
  const server = await listenForDevices(devices, flags);
  const control = await listenForControl(devices, flags.control).catch(async (error) => {
    await server.destroy();
    throw error;
  });
  for (const url of [...server.urls, ...control.urls]) console.log(`listening on ${url}`);

  let isLeaving = false;
  const leave = async (/** @type {string} */ signal) => {
    const isAgain = isLeaving;
    isLeaving = true;
    if (isAgain) return await server.destroy();
    console.log(`${signal}: asking ${server.connections().length} connections to leave`);
    await server.close({ graceMs: GRACE_MS });
    // Last, since who gave a command is still to hear that it was not delivered.
    await control.close({ graceMs: 0 });
    console.log("everybody has left");
  };
  process.on("SIGINT", (signal) => void leave(signal));
  process.on("SIGTERM", (signal) => void leave(signal));
}

main().catch((error) => {
  const isUsage = error instanceof UsageError;
  if (!isUsage && !(error instanceof HoldfastError)) throw error;
  console.error(`gateway: ${error.message}${isUsage ? " (--help lists the flags)" : ""}`);
  process.exitCode = isUsage ? 2 : 1;
});
