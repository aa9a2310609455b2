/** A server behind balancers that tests write by hand, and a small balancer for clients of ours. */
import {
  connect,
  createServer,
  type AddressInfo,
  type Server as NetServer,
  type Socket,
} from "node:net";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import type { ConnectionInfo } from "../../src/server/server-connection.ts";
import { type EndRecord, listen, type ListenOptions, type Server } from "../../src/index.ts";
import { within } from "../../src/testing/transport-recorder.ts";
import { eventually } from "../support/websocket-peer.ts";

const TRUSTED: ListenOptions["proxyProtocol"] = { trustedFrom: ["127.0.0.1"] };

export interface Behind {
  readonly server: Server;
  readonly port: number;
  readonly ends: EndRecord[];
  /** `accepted ADDRESS`, `rejected CODE ADDRESS: DETAIL`, in order. Ports of loopback as `*`. */
  readonly told: string[];
}

/** A server that echoes, and trusts loopback to say for whom it speaks. */
export async function behind(
  options: Omit<ListenOptions, "port" | "listen" | "host"> = {},
  url = "tcp://127.0.0.1:0",
): Promise<Behind> {
  const proxyProtocol = TRUSTED;
  const server = await listen({ listen: url, proxyProtocol, reconnectWindowMs: 50, ...options });
  onTestFinished(async () => await server.destroy());
  const ends: EndRecord[] = [];
  const told: string[] = [];
  server.on("message", (connection, data) => void connection.send(data));
  server.on("end", (_, record) => void ends.push(record));
  server.on("accepted", (address) => void told.push(`accepted ${withoutPort(address)}`));
  server.on("rejected", (code, address, detail) => {
    const more = detail === undefined ? "" : `: ${detail}`;
    told.push(`rejected ${code} ${withoutPort(address)}${more}`);
  });
  const port = Number(/:(\d+)(?:\/.*)?$/.exec(server.urls[0] ?? "")?.[1] ?? 0);
  return { server, port, ends, told };
}

function withoutPort(address: string): string {
  return address.replace(/^127\.0\.0\.1:\d+$/, "127.0.0.1:*");
}

/** The only connection there is, once there is one. */
export async function only(server: Server): Promise<ConnectionInfo> {
  await eventually("there is one connection", () => server.connections().length === 1);
  return server.connections()[0] as ConnectionInfo;
}

export interface Raw {
  readonly socket: Socket;
  /** What came so far, as text. */
  heard: string;
  isClosed: boolean;
  /** The port of this side. */
  port: number;
}

/** Connects, and says nothing by itself. */
export async function raw(place: number | string): Promise<Raw> {
  const socket = typeof place === "number" ? connect(place, "127.0.0.1") : connect(place);
  onTestFinished(() => void socket.destroy());
  socket.setNoDelay(true);
  const it: Raw = { socket, heard: "", isClosed: false, port: 0 };
  socket.on("data", (bytes: Buffer) => {
    it.heard += bytes.toString("latin1");
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    it.isClosed = true;
  });
  // Whoever is refused at once may hear of that first.
  const isThere = new Promise<void>((resolve) => {
    socket.once("connect", () => {
      it.port = socket.localPort ?? 0;
      resolve();
    });
    socket.once("close", () => resolve());
  });
  await within(isThere, "the balancer connects");
  return it;
}

export async function hears(it: Raw, text: string): Promise<void> {
  await eventually(`${JSON.stringify(text)} comes`, () => it.heard.includes(text));
}

export async function isClosed(it: Raw): Promise<void> {
  await eventually("it is closed", () => it.isClosed);
}

/** Passes everything on to `port`, behind `header`. Resolves with its own port. */
export async function balancer(port: number, header: Uint8Array): Promise<number> {
  const sockets = new Set<Socket>();
  const server: NetServer = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    upstream.write(header);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await within(once(server, "listening"), "the balancer listens");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}
