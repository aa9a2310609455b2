/**
 * A chat for browsers: one process that serves the page, and a Holdfast server that it talks to.
 *
 *     npm run build
 *     node examples/browser-chat/server.js
 *
 * It prints the url to open. Open it twice, then end this process and start it again, close the
 * lid, or switch the network off: the page shows what its link does about that.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { listen } from "holdfast";

const TEXT_CHARACTERS_MAX = 2_000;
const NAME_CHARACTERS_MAX = 40;
const MEMBERS_EVERY_MS = 5_000;
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'";

const HELP = `node examples/browser-chat/server.js [flags]
  --host          where to listen, 127.0.0.1
  --port          for the page, 8080; 0: any
  --live-port     for the links of pages, 8081; 0: any
  --timeout-ms    how long a page may be silent that promised nothing, 60000
  --lease-max-ms  the most that a hidden page may promise, 120000`;

const settings = readSettings();
const here = fileURLToPath(new URL(".", import.meta.url));
/** By name in the url: the page of this example, and the built package as the page imports it. */
const folders = { page: join(here, "page"), holdfast: join(here, "../../dist") };
const types = { ".css": "text/css", ".html": "text/html", ".js": "text/javascript" };

/** The names that connections gave themselves. */
const names = new Map();

const server = await listen({
  host: settings.host,
  port: settings.livePort,
  accept: ["frame", "websocket"],
  timeoutMs: settings.timeoutMs,
  // Hidden pages promise up to two minutes.
  leaseMsMax: Math.max(settings.timeoutMs, settings.leaseMsMax),
  // The page comes from another port of the same host.
  websocket: { path: "/live", origins: "same-host" },
}).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
const livePort = new URL(server.urls[0].replace(/^tcp:/, "http:")).port;

server.on("message", (connection, data) => {
  const message = parse(data);
  if (message?.kind === "name") {
    names.set(connection.id, message.name);
    tellMembers();
  } else if (message?.kind === "say") {
    const from = names.get(connection.id) ?? "somebody";
    tell({ kind: "said", from, text: message.text, key: message.key }, connection.id);
  }
});
server.on("verdict", tellMembers);
server.on("end", (connection, record) => {
  const name = names.get(connection.id) ?? connection.id;
  names.delete(connection.id);
  console.log(`${JSON.stringify(name)} left: ${record.code}: ${record.sentence}`);
  tellMembers();
});

const ticking = setInterval(tellMembers, MEMBERS_EVERY_MS);

const web = createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end();
  });
});
web.listen(settings.port, settings.host, () => {
  const { port } = web.address();
  console.log(`open http://${shown(settings.host)}:${port}/`);
  console.log(`links come to ${shown(settings.host)}:${livePort}`);
});
web.on("error", (error) => {
  console.error(`cannot serve the page on port ${String(settings.port)}: ${error.message}`);
  process.exit(1);
});

let isEnding = false;
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    if (isEnding) process.exit(1); // Asked twice.
    isEnding = true;
    clearInterval(ticking);
    web.close();
    web.closeAllConnections();
    // Tells everybody to come back in a while. Then nothing is left to run for.
    void server.close().then(() => process.exit(0));
  });
}

/** To everybody but the one who said it. */
function tell(message, exceptId) {
  const text = JSON.stringify(message);
  for (const { id } of server.connections()) {
    if (id === exceptId) continue;
    try {
      server.connection(id)?.send(text);
    } catch (error) {
      if (error.code !== "OUTBOX_FULL") throw error; // Whoever does not read misses it.
    }
  }
}

function tellMembers() {
  const members = [];
  for (const { id, heardMsAgo, verdict } of server.connections()) {
    const name = names.get(id);
    if (name !== undefined) members.push({ name, heardMsAgo, verdict });
  }
  server.broadcast(JSON.stringify({ kind: "members", members }));
}

/** What a page may say; undefined for anything else, which is not worth an answer. */
function parse(data) {
  if (typeof data !== "string" || data.length > 2 * TEXT_CHARACTERS_MAX) return undefined;
  let said;
  try {
    said = JSON.parse(data);
  } catch {
    return undefined; // A page of ours says JSON.
  }
  if (typeof said !== "object" || said === null) return undefined;
  const { kind, name, text, key } = said;
  if (kind === "name" && isText(name, NAME_CHARACTERS_MAX)) return { kind, name };
  if (kind === "say" && isText(text, TEXT_CHARACTERS_MAX) && isText(key, 64)) {
    return { kind, text, key };
  }
  return undefined;
}

function isText(value, charactersMax) {
  return typeof value === "string" && value.length > 0 && value.length <= charactersMax;
}

async function answer({ method, url = "/", headers }, response) {
  if (method !== "GET" && method !== "HEAD") {
    response.writeHead(405).end();
    return;
  }
  const pathname = url.replace(/[?#].*$/, "");
  const path = fileOf(pathname === "/" ? "/page/index.html" : pathname);
  const type = path && types[extname(path)];
  if (type === undefined) {
    response.writeHead(404).end();
    return;
  }
  let body;
  try {
    body = await readFile(path);
  } catch {
    response.writeHead(404).end();
    return;
  }
  const host = (headers.host ?? "localhost").replace(/:\d+$/, "");
  const isHost = /^[\w.:[\]-]+$/.test(host);
  const live = `ws://${host}:${livePort}`;
  if (pathname === "/") body = body.toString().replace("LIVE_URL", `${escaped(live)}/live`);
  response.writeHead(200, {
    "content-type": `${type}; charset=utf-8`,
    "cache-control": "no-cache",
    "content-security-policy": `${POLICY}; connect-src ${isHost ? live : "'self'"}`,
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

/** Undefined for what is in none of the folders. */
function fileOf(pathname) {
  const [, first, ...rest] = pathname.split("/");
  if (!Object.hasOwn(folders, first)) return undefined;
  const path = normalize(join(folders[first], ...rest));
  return path.startsWith(folders[first].replace(/[/\\]$/, "") + sep) ? path : undefined;
}

function escaped(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

function shown(host) {
  return host.includes(":") ? `[${host}]` : host;
}

function readSettings() {
  const options = {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "8080" },
    "live-port": { type: "string", default: "8081" },
    "timeout-ms": { type: "string", default: "60000" },
    "lease-max-ms": { type: "string", default: "120000" },
    help: { type: "boolean", default: false },
  };
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    refuse(error.message);
  }
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const number = (name, min, max) => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    const got = JSON.stringify(values[name]);
    return refuse(`--${name} must be a whole number from ${min} to ${max}, got ${got}`);
  };
  return {
    host: values.host,
    port: number("port", 0, 65_535),
    livePort: number("live-port", 0, 65_535),
    timeoutMs: number("timeout-ms", 100, 86_400_000),
    leaseMsMax: number("lease-max-ms", 10, 86_400_000),
  };
}

function refuse(why) {
  console.error(why);
  process.exit(2);
}
