#!/usr/bin/env node
/**
 * The other side of the agents: it knows which of them are reachable now, how long each may be
 * silent, and whether an order was answered, never arrived, or is not known to have been answered.
 *
 * What is easy to break: the longest silence that agents may choose is this server's to grant
 * (`leaseMsMax`), and what they call themselves is theirs: it is printed through `printable`.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { HoldfastError, isHoldfastError, listen, printable } from "holdfast";

/** @import { EndRecord, Server, ServerConnection } from "holdfast" */

const HELP = `Usage: node controller.mjs [flags]

  --port N             where agents dial in (default 8080; 0 takes a free port)
  --host ADDRESS       the interface to listen on (default ::, which takes IPv4 and IPv6)
  --lease-max SECONDS  the longest silence that an agent may choose (default 600)
  --help               this text

It reads orders from its input: list, or ask NAME uptime|load|memory.
The variable AGENT_TOKEN, if set, is what agents have to know.`;

/** An agent that answers nothing must not make this grow. */
const ORDERS_MAX = 1_000;
const GRACE_MS = 5_000;

class UsageError extends Error {}

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "8080" },
        host: { type: "string", default: "::" },
        "lease-max": { type: "string", default: "600" },
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
 * @param {number} least
 * @param {number} most
 */
function numberOf(flag, text, least, most) {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= least && value <= most) return value;
  throw new UsageError(
    `--${flag} must be a number from ${least} to ${most}, got "${printable(text)}"`,
  );
}

class Orders {
  /** @type {Map<string, ServerConnection>} The newest connection of each name. */
  #agents = new Map();
  /** @type {Map<number, { connection: ServerConnection, text: string }>} */
  #open = new Map();
  #count = 0;

  /** @param {ServerConnection} connection */
  cameIn(connection) {
    this.#agents.set(nameOf(connection), connection);
    console.log(`${nameOf(connection)} is online from ${connection.remote}`);
  }

  /**
   * @param {string} name
   * @param {string} word
   */
  ask(name, word) {
    const number = ++this.#count;
    const connection = this.#agents.get(name);
    if (connection === undefined)
      return console.log(`${number} not delivered: ${name} is not here`);
    if (this.#open.size >= ORDERS_MAX) return console.log(`${number} not delivered: too many open`);
    const text = `${number} ${word}`;
    try {
      connection.send(text);
      this.#open.set(number, { connection, text });
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      console.log(`${number} not delivered: ${error.message}`);
    }
  }

  /**
   * @param {ServerConnection} connection
   * @param {string} text
   */
  answered(connection, text) {
    const number = Number(text.split(" ", 1)[0]);
    if (this.#open.get(number)?.connection !== connection) return;
    this.#open.delete(number);
    console.log(`${nameOf(connection)}: ${printable(text)}`);
  }

  /**
   * @param {ServerConnection} connection
   * @param {EndRecord} record
   */
  left(connection, record) {
    const name = nameOf(connection);
    if (this.#agents.get(name) === connection) this.#agents.delete(name);
    // Somebody who was never let in has nothing to be told about.
    if (record.wasOpen) console.log(`${name} left: ${record.sentence}`);
    const lost = new Set(record.undelivered);
    for (const [number, order] of this.#open) {
      if (order.connection !== connection) continue;
      this.#open.delete(number);
      const how = lost.has(order.text) ? "not delivered" : "arrived, and was not answered";
      console.log(`${number} ${how}: ${record.sentence}`);
    }
  }
}

/** @param {ServerConnection} connection */
function nameOf(connection) {
  return printable(connection.hello?.agent ?? connection.remote);
}

/** @param {Server} server */
function list(server) {
  const rows = server.connections().map(({ agent = "", heardMsAgo = 0, leaseMs = 0, verdict }) => {
    const heard = `heard ${(heardMsAgo / 1_000).toFixed(1)} s ago`;
    return `${printable(agent)}  ${verdict}, ${heard}, may be silent for ${leaseMs / 1_000} s`;
  });
  console.log([...rows, `${rows.length} agents`].join("\n"));
}

/** @param {string} secret @returns {(token: string | undefined) => boolean} */
function tokenCheck(secret) {
  const digest = (/** @type {string} */ text) => createHash("sha256").update(text).digest();
  const wanted = digest(secret);
  return (token = "") => timingSafeEqual(digest(token), wanted);
}

async function main() {
  const { help, host, port, "lease-max": leaseMax } = readFlags();
  if (help) return console.log(HELP);
  const secret = process.env.AGENT_TOKEN;
  const isRight = secret === undefined ? undefined : tokenCheck(secret);
  const orders = new Orders();
  const server = await listen({
    host,
    port: numberOf("port", port, 0, 65_535),
    accept: ["frame"],
    leaseMsMax: Math.round(numberOf("lease-max", leaseMax, 60, 86_400) * 1_000),
    ...(isRight === undefined ? {} : { authenticate: ({ token }) => isRight(token) }),
  });
  server.on("connection", (connection) => orders.cameIn(connection));
  server.on("message", (connection, data) => {
    if (typeof data === "string") orders.answered(connection, data);
  });
  server.on("end", (connection, record) => orders.left(connection, record));
  console.log(`listening on ${server.urls.join(", ")}`);
  if (isRight === undefined)
    console.log("AGENT_TOKEN is not set: whoever finds this port may come in");

  const input = createInterface({ input: process.stdin });
  input.on("line", (line) => {
    const [verb = "", name = "", word = ""] = line.trim().split(/\s+/);
    if (verb === "list") list(server);
    else if (verb === "ask" && word !== "") orders.ask(name, word);
    else if (verb !== "") console.log("orders: list | ask NAME uptime|load|memory");
  });

  let isLeaving = false;
  const leave = () => {
    input.close();
    void (isLeaving ? server.destroy() : server.close({ graceMs: GRACE_MS }));
    isLeaving = true;
  };
  process.on("SIGINT", leave);
  process.on("SIGTERM", leave);
}

main().catch((error) => {
  const isUsage = error instanceof UsageError;
  if (!isUsage && !(error instanceof HoldfastError)) throw error;
  console.error(`controller: ${error.message}${isUsage ? " (--help lists the flags)" : ""}`);
  process.exitCode = isUsage ? 2 : 1;
});
