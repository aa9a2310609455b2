/** A server of ours for WebSockets, with what it was told, for tests over real sockets. */
import type { RawData } from "ws";
import type { EndRecord, ListenOptions, Server } from "../../src/index.ts";
import { listen } from "../../src/index.ts";
import { within } from "../../src/testing/transport-recorder.ts";

export interface World {
  readonly server: Server;
  readonly port: number;
  readonly ends: EndRecord[];
  /** The next end that was not waited for yet. */
  readonly nextEnd: () => Promise<EndRecord>;
}

export async function serveWebSockets(
  options: Omit<ListenOptions, "port" | "listen" | "host"> = {},
  url = "tcp://127.0.0.1:0",
): Promise<World> {
  const server = await listen({
    listen: url,
    accept: ["line", "frame", "websocket"],
    reconnectWindowMs: 50,
    ...options,
  });
  const ends: EndRecord[] = [];
  let wake = (): void => {};
  let seen = 0;
  server.on("message", (connection, data) => void connection.send(data));
  server.on("end", (_, record) => {
    ends.push(record);
    wake();
  });
  return {
    server,
    port: Number(/:(\d+)/.exec(server.urls[0]?.replace(/^.*:\/\//, "") ?? "")?.[1]),
    ends,
    nextEnd: async () => {
      const at = seen;
      seen += 1;
      const reached = new Promise<void>((resolve) => {
        wake = () => {
          if (ends.length > at) resolve();
        };
        wake();
      });
      await within(reached, "a connection ends");
      return ends[at] as EndRecord;
    },
  };
}

/** A message of the package `ws`, as text. */
export function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return Buffer.from(data as Uint8Array).toString();
}
