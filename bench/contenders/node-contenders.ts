/** What else runs on Node: sockets by hand, and the two libraries that most people reach for. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command, Contender, Missing, Protocol, Variant } from "./contender.ts";
import { TIMEOUT_MS } from "./holdfast-contenders.ts";
import { type Found, type Places, packageFolder, repositoryRoot, serverFile } from "./places.ts";
import type { FoundRuntimes, Runtime } from "./runtimes.ts";
import type { BeatingSettings, NetSettings } from "./server-settings.ts";

/** How often the well-known recipe for `ws` beats. */
const WS_BEAT_INTERVAL_MS = 30_000;

/** What socket.io does by default. */
const SOCKET_IO_BEAT_INTERVAL_MS = 25_000;

type Compiled = Pick<Places, "compiled">;

interface Library {
  readonly id: string;
  readonly name: string;
  readonly protocol: Protocol;
  readonly make: (runtime: Runtime, version: string, places: Compiled) => Contender;
}

const LIBRARIES: readonly Library[] = [
  { id: "ws", name: "ws", protocol: "websocket", make: wsContender },
  { id: "socketio", name: "socket.io", protocol: "socketio", make: socketIoContender },
];

export function findOnNode(places: Places, found: FoundRuntimes): Found {
  const contenders: Contender[] = [];
  const missing: Missing[] = [];
  for (const runtime of found.runtimes) {
    if (runtime.kind === "node") contenders.push(netContender(runtime, places));
  }
  for (const { id, title, kind, why } of found.missing) {
    if (kind === "node") missing.push({ id: `net-${id}`, title: netTitle(title), why });
  }
  const own = found.runtimes.find(({ file }) => file === process.execPath);
  if (own === undefined) return { contenders, missing };
  for (const { id, name, make } of LIBRARIES) {
    const version = installedVersion(name);
    if (version !== undefined) {
      contenders.push(make(own, version, places));
      continue;
    }
    const why = `${name} is not installed: \`npm ci\` brings it`;
    missing.push({ id: `${id}-${own.id}`, title: `${name}, ${own.title}`, why });
  }
  return { contenders, missing };
}

export function netContender(runtime: Runtime, places: Compiled): Contender {
  return {
    id: `net-${runtime.id}`,
    title: netTitle(runtime.title),
    group: "reference",
    protocol: "line",
    readiness: "tells",
    hasTimers: true,
    variants: ["answering", "silent"],
    hasMessages: true,
    note: "A server over `node:net` as people write it by hand, with a timer for each socket.",
    version: runtime.version,
    command: ({ kind }, port) => {
      const settings: NetSettings = { port, silent: kind === "silent", timeoutMs: TIMEOUT_MS };
      return nodeCommand(runtime, places, "net-server", settings);
    },
  };
}

export function wsContender(runtime: Runtime, version: string, places: Compiled): Contender {
  return {
    id: `ws-${runtime.id}`,
    title: `ws ${minorOf(version)}, ${runtime.title}`,
    group: "peer",
    protocol: "websocket",
    readiness: "tells",
    hasTimers: true,
    variants: ["answering", "silent", "beating"],
    hasMessages: true,
    note:
      "With its well-known heartbeat recipe of 30 s; it answers the pings of clients by itself, " +
      "and beats without an answer are pongs that nobody asked for.",
    version: runtime.version,
    command: (variant, port) =>
      beatingCommand(runtime, places, "ws-server", variant, port, WS_BEAT_INTERVAL_MS),
  };
}

export function socketIoContender(runtime: Runtime, version: string, places: Compiled): Contender {
  return {
    id: `socketio-${runtime.id}`,
    title: `socket.io ${minorOf(version)}, ${runtime.title}`,
    group: "peer",
    protocol: "socketio",
    readiness: "tells",
    variants: ["beating"],
    hasMessages: true,
    note: "Over WebSocket only. It never answers beats of clients: it beats, and they answer.",
    version: runtime.version,
    command: (variant, port) =>
      beatingCommand(
        runtime,
        places,
        "socket-io-server",
        variant,
        port,
        SOCKET_IO_BEAT_INTERVAL_MS,
      ),
  };
}

function netTitle(runtimeTitle: string): string {
  return `net by hand, ${runtimeTitle}`;
}

function beatingCommand(
  runtime: Runtime,
  places: Compiled,
  server: string,
  variant: Variant,
  port: number,
  usualIntervalMs: number,
): Command {
  const beatIntervalMs = variant.kind === "beating" ? variant.beatIntervalMs : usualIntervalMs;
  const settings: BeatingSettings = { port, beatIntervalMs };
  return nodeCommand(runtime, places, server, settings);
}

function nodeCommand(
  runtime: Runtime,
  places: Compiled,
  server: string,
  settings: NetSettings | BeatingSettings,
): Command {
  const file = serverFile(places, server);
  return { file: runtime.file, args: ["--expose-gc", file, JSON.stringify(settings)] };
}

/** Read from the file: not every package lets its package.json be imported. */
function installedVersion(name: string): string | undefined {
  try {
    const file = join(packageFolder(repositoryRoot(), name), "package.json");
    return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version;
  } catch {
    return undefined; // Not installed.
  }
}

function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
