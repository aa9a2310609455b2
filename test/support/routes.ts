/**
 * The ways by which a server is reached: what it is told to listen on, what a link is told to dial,
 * and what a peer that is not Holdfast needs to come in (pipe.mjs). A suite that takes a route runs
 * over all of them, and knows none.
 *
 * All of it but the functions fits into JSON, since servers and peers run in other processes.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { ConnectOptions, ListenOptions } from "../../src/index.ts";
import { AUTHORITY, identityOf } from "../certificates/certificates.ts";
import { newTempFolder } from "./temp-folder.ts";
import type { Dialect, Way } from "./way.ts";

export type RouteName = "tcp" | "lean" | "unix" | "tls" | "websocket" | "wss";
export const DIALECTS: readonly Dialect[] = ["line", "frame"];

/** All that `listen` can be told but the place. */
export type ListenSettings = Omit<ListenOptions, "listen" | "port" | "host">;

export interface Route {
  readonly name: RouteName;
  /** What a server calls it. */
  readonly transport: Exclude<RouteName, "wss" | "lean">;
  /** Another place each time it is asked, on this machine unless `host` says otherwise. */
  readonly listenUrl: (host?: string) => string;
  readonly listenOptions: ListenSettings;
  /** From what a server says it listens on. */
  readonly linkUrl: (listened: string, dialect: Dialect) => string;
  readonly connectOptions: ConnectOptions;
  readonly wayTo: (listened: string) => Way;
  /** What a server at the end of this way would say that it listens on. */
  readonly urlOf: (way: Way) => string;
  /** The way for a plain server of this route, which `listenPipe` takes. */
  readonly serverWay: () => Way;
  /** Whether the dead are reset, so that the peer's kernel is told. */
  readonly canReset: boolean;
}

let folder: string | undefined;
let sockets = 0;
afterAll(() => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

function newSocketPath(): string {
  folder ??= newTempFolder();
  sockets += 1;
  return join(folder, `${sockets}.sock`);
}

const LOOPBACK = "127.0.0.1";

function hostAndPort(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url.replace(/^[a-z+]+:/, "http:"));
  return { host: hostname, port: Number(port) };
}

const TCP: Route = {
  name: "tcp",
  transport: "tcp",
  listenUrl: (host = LOOPBACK) => `tcp://${host}:0`,
  listenOptions: {},
  linkUrl: (listened, dialect) =>
    dialect === "line" ? listened.replace(/^tcp:/, "line:") : listened,
  connectOptions: {},
  wayTo: (listened) => ({ over: "tcp", ...hostAndPort(listened) }),
  urlOf: ({ host, port }) => `tcp://${host}:${port}`,
  serverWay: () => ({ over: "tcp", host: LOOPBACK }),
  canReset: true,
};

/** TCP again, over connections that have no socket of node:net. */
const LEAN: Route = { ...TCP, name: "lean", listenOptions: { engine: "lean" } };

const UNIX: Route = {
  name: "unix",
  transport: "unix",
  listenUrl: () => `unix:${newSocketPath()}`,
  listenOptions: {},
  linkUrl: (listened, dialect) => (dialect === "line" ? `line+${listened}` : listened),
  connectOptions: {},
  wayTo: (listened) => ({ over: "unix", path: listened.slice("unix:".length) }),
  urlOf: ({ path }) => `unix:${path}`,
  serverWay: () => ({ over: "unix", path: newSocketPath() }),
  canReset: false,
};

const SHOWN = identityOf("localhost");
/** By this name, wherever it is: in a network of a test it has an address that nobody knows. */
const TRUSTING = { tls: { ca: AUTHORITY, serverName: "localhost" } };

const TLS: Route = {
  name: "tls",
  transport: "tls",
  listenUrl: (host = LOOPBACK) => `tls://${host}:0`,
  listenOptions: { tls: SHOWN },
  linkUrl: (listened, dialect) => (dialect === "line" ? `line+${listened}` : listened),
  connectOptions: TRUSTING,
  wayTo: (listened) => ({ over: "tls", ca: AUTHORITY, ...hostAndPort(listened) }),
  urlOf: ({ host, port }) => `tls://${host}:${port}`,
  serverWay: () => ({ over: "tls", host: LOOPBACK, ...SHOWN }),
  canReset: true,
};

/** A path of its own: that it is looked at, is seen elsewhere. */
const PATH = "/live";

const WEBSOCKET: Route = {
  name: "websocket",
  transport: "websocket",
  listenUrl: (host = LOOPBACK) => `ws://${host}:0${PATH}`,
  listenOptions: {},
  linkUrl: TLS.linkUrl,
  connectOptions: {},
  wayTo: (listened) => ({ over: "tcp", upgrade: PATH, ...hostAndPort(listened) }),
  urlOf: ({ host, port }) => `ws://${host}:${port}${PATH}`,
  serverWay: () => ({ over: "tcp", upgrade: PATH, host: LOOPBACK }),
  canReset: true,
};

const WSS: Route = {
  name: "wss",
  transport: "websocket",
  listenUrl: (host = LOOPBACK) => `wss://${host}:0${PATH}`,
  listenOptions: TLS.listenOptions,
  linkUrl: TLS.linkUrl,
  connectOptions: TRUSTING,
  wayTo: (listened) => ({ ...TLS.wayTo(listened), upgrade: PATH }),
  urlOf: ({ host, port }) => `wss://${host}:${port}${PATH}`,
  serverWay: () => ({ ...TLS.serverWay(), upgrade: PATH }),
  canReset: true,
};

/** One server may listen on all of them. */
export const ROUTES: readonly Route[] = [TCP, UNIX, TLS, WEBSOCKET, WSS];

/** For suites that give each route a server: the engine is chosen for all of a server. */
export const EACH_ROUTE: readonly Route[] = [...ROUTES, LEAN];

/** Those of them that cross a network. */
export const NETWORK_ROUTES: readonly Route[] = EACH_ROUTE.filter(({ name }) => name !== "unix");

/** All but TCP, which has its own share of each suite. */
export const OTHER_ROUTES: readonly RouteName[] = ROUTES.map(({ name }) => name).filter(
  (name) => name !== "tcp",
);

export function isWebSocket(name: RouteName): boolean {
  return name === "websocket" || name === "wss";
}

export function routeNamed(name: RouteName): Route {
  const found = EACH_ROUTE.find((route) => route.name === name);
  if (found === undefined) throw new Error(`there is no route "${name}"`);
  return found;
}

/** What makes one server listen on all of them, in their order. */
export function listenOn(routes: readonly Route[], host?: string): ListenOptions {
  const listen = routes.map((route) => route.listenUrl(host));
  return Object.assign({}, ...routes.map(({ listenOptions }) => listenOptions), { listen });
}

/** What a program with many links is given: each url, what belongs to it, and its route. */
export interface LinkTarget {
  readonly name: RouteName;
  readonly url: string;
  readonly options: ConnectOptions;
}

/** All routes in both dialects, to a server that listens on them in their order. */
export function linkTargets(listened: readonly string[]): LinkTarget[] {
  return ROUTES.flatMap(({ name, linkUrl, connectOptions }, index) =>
    DIALECTS.map((dialect) => {
      const url = linkUrl(listened[index] ?? "", dialect);
      return { name, url, options: connectOptions };
    }),
  );
}
