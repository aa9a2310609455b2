#!/usr/bin/env node
/**
 * An agent behind a NAT: it dials out, stays reachable, and finds by itself how seldom it has to
 * speak for that. What it learnt of each network is kept in a file, so that the next start begins
 * with it.
 *
 * What is easy to break: nobody watches an agent, so it must never give up (`attemptsMax: false`)
 * and must say why it does what it does. Its orders come from whoever answers at the url: use tls.
 */
import { freemem, hostname, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { connect, HoldfastError, isHoldfastError, networkFile, printable } from "holdfast";

/** @import { FailureClass, IntervalChange, Link, LinkStatus } from "holdfast" */

const HELP = `Usage: node agent.mjs [flags] [url]

  url               the controller, such as tls://control.example.org:8443
                    (default tcp://localhost:PORT)
  --port N          the port of a controller on this machine (default 8080)
  --name NAME       what the controller calls this agent (default the name of this machine)
  --networks FILE   where to keep what is learnt (default ./networks.json)
  --min SECONDS     the shortest interval (default 25)
  --max SECONDS     the longest (default 600)
  --help            this text

The variable AGENT_TOKEN, if set, proves to the controller who this is.`;

/**
 * What the end of the connection before was taken for, when it changed the interval. The first five
 * say nothing against the path: then it only goes on from what is proven.
 */
const REASONS = /** @type {const} @satisfies {Record<FailureClass, string>} */ ({
  "own-stall": "this process was late itself; on from what is proven",
  "network-changed": "the network is another one; on from what is proven there",
  "network-down": "the network was down; on from what is proven",
  server: "the server ended it; on from what is proven",
  "answer-lost": "the ping had arrived, only its answer was lost; on from what is proven",
  "cut-while-idle": "the path closed the connection in the midst of the silence",
  "reset-on-send": "the path answered the next ping with a reset",
  swallowed: "the server never saw the last ping: the path had forgotten the flow",
  unheard: "no answer came, and nobody could be asked why",
  unexplained: "the connection was lost, and nothing says why",
});

class UsageError extends Error {}

function readFlags() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        port: { type: "string", default: "8080" },
        name: { type: "string", default: hostname() },
        networks: { type: "string", default: "./networks.json" },
        min: { type: "string", default: "25" },
        max: { type: "string", default: "600" },
        help: { type: "boolean", default: false },
      },
    });
    if (positionals.length > 1) throw new Error(`one url, not ${positionals.length}`);
    return { ...values, url: positionals[0] ?? `tcp://localhost:${values.port}` };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : "unknown flags");
  }
}

/**
 * @param {string} flag
 * @param {string} text
 */
function millisecondsOf(flag, text) {
  const seconds = text.trim() === "" ? Number.NaN : Number(text);
  if (seconds > 0 && seconds <= 86_400) return Math.round(seconds * 1_000);
  throw new UsageError(
    `--${flag} must be a number of seconds up to 86400, got "${printable(text)}"`,
  );
}

/** What the controller may ask for. Anything else is refused: this is no shell. */
const ANSWERS = new Map([
  ["uptime", () => `up for ${inSeconds(process.uptime() * 1_000)}`],
  [
    "load",
    () =>
      `load ${loadavg()
        .map((load) => load.toFixed(2))
        .join(" ")}`,
  ],
  ["memory", () => `${Math.round((100 * freemem()) / totalmem())} % of memory free`],
]);

/**
 * @param {Link} link
 * @param {string} order `NUMBER WORD`
 */
function answer(link, order) {
  const [number = "", word = ""] = order.split(" ");
  const facts = ANSWERS.get(word)?.() ?? `unknown: ask for ${[...ANSWERS.keys()].join(", ")}`;
  try {
    link.send(`${number} ${facts}`);
  } catch (error) {
    // It is closing, or has more to send than it may hold; the controller learns what got lost.
    if (!isHoldfastError(error)) throw error;
    console.log(`no answer to ${printable(order)}: ${error.message}`);
  }
}

/** @param {LinkStatus} status @returns {string} */
function statusLine(status) {
  switch (status.name) {
    case "connecting":
      return `dialling ${status.url}, attempt ${status.attempt}`;
    case "online":
      return "online";
    case "suspect":
      return "the last ping is not answered yet";
    case "waiting":
      return `${status.cause.sentence}; dialling again in ${inSeconds(status.delayMs)}`;
    default:
      return `ended: ${status.record.sentence}`;
  }
}

/** @param {IntervalChange} change */
function intervalLine({ intervalMs, wasMs, taken }) {
  const change = `interval ${inSeconds(wasMs)} -> ${inSeconds(intervalMs)}`;
  if (taken !== undefined) return `${change}: ${REASONS[taken]}`;
  if (intervalMs > wasMs) return `${change}: the path has shown that it allows more`;
  return `${change}: the network is unsettled, or known to allow no more`;
}

/** @param {number} ms */
function inSeconds(ms) {
  return `${(ms / 1_000).toFixed(1)} s`;
}

async function main() {
  const { help, url, name, networks, ...flags } = readFlags();
  if (help) return console.log(HELP);
  const token = process.env.AGENT_TOKEN;
  const link = connect(url, {
    agent: name,
    ...(token === undefined ? {} : { token }),
    heartbeat: {
      adaptive: {
        intervalMsMin: millisecondsOf("min", flags.min),
        intervalMsMax: millisecondsOf("max", flags.max),
        memory: networkFile(networks),
      },
    },
    redial: { attemptsMax: false },
    observe: (seen) => {
      if (seen.what === "warning") console.error(`warning: ${seen.text}`);
    },
  });

  link.on("status", (status) => console.log(statusLine(status)));
  link.on("interval", (change) => console.log(intervalLine(change)));
  link.on("message", (data) => {
    if (typeof data === "string") answer(link, data);
  });
  // The controller knows which orders were not answered, so they are not sent again from here.
  link.on("undelivered", ({ messages, sentence }) => {
    console.log(`${messages.length} answers may not have arrived: ${sentence}`);
  });
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
    process.on(signal, () => void link.close(`stopped by ${signal}`));
  }

  const { code } = await link.ended;
  // All else would have been tried again, so it is for somebody to mend: a wrong token, say.
  if (code !== "CLOSED_HERE") process.exitCode = 1;
}

main().catch((error) => {
  const isUsage = error instanceof UsageError;
  if (!isUsage && !(error instanceof HoldfastError)) throw error;
  console.error(`agent: ${error.message}${isUsage ? " (--help lists the flags)" : ""}`);
  process.exitCode = isUsage ? 2 : 1;
});
