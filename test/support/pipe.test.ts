/**
 * The tools of the suites are right: a pipe carries the same words over every way, and its
 * WebSocket is understood by the package `ws`, from both sides.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { listenPipe, openPipe, type Pipe } from "./pipe.mjs";
import { DIALECTS, ROUTES, routeNamed } from "./routes.ts";
import type { Dialect, Way } from "./way.ts";

const LIMIT = { timeout: 5_000 };

/** Each of the three lengths that a WebSocket frame can be written in. */
const WORDS = ["ping\n", `${"x".repeat(200)}\n`, `${"y".repeat(70_000)}\n`];

class Ear {
  heard = "";

  readonly take = (bytes: Uint8Array): void => {
    this.heard += Buffer.from(bytes).toString("latin1");
  };

  async expectWords(): Promise<void> {
    await expect.poll(() => this.heard.length, LIMIT).toBe(WORDS.join("").length);
    expect(this.heard).toBe(WORDS.join(""));
  }
}

function say(pipe: Pipe): void {
  for (const word of WORDS) pipe.write(word);
}

/** Says its words to whoever comes in. Returns the way to it. */
async function server(way: Way, dialect: Dialect, ear: Ear): Promise<Way> {
  const pipes = new Set<Pipe>();
  const listening = await listenPipe(way, dialect, (pipe) => {
    pipes.add(pipe);
    return { onOpen: () => say(pipe), onBytes: ear.take };
  });
  onTestFinished(() => {
    for (const { socket } of pipes) socket.destroy();
    listening.server.close();
  });
  return { ...way, port: listening.port };
}

function client(way: Way, dialect: Dialect, ear: Ear): Pipe {
  const pipe = openPipe(way, dialect, { onBytes: ear.take });
  onTestFinished(() => void pipe.socket.destroy());
  say(pipe);
  return pipe;
}

for (const route of ROUTES) {
  for (const dialect of DIALECTS) {
    test(`${route.name}, ${dialect}: the same words arrive on both sides`, async () => {
      const [there, here] = [new Ear(), new Ear()];
      const way = await server(route.serverWay(), dialect, there);
      client(route.wayTo(route.urlOf(way)), dialect, here);
      await there.expectWords();
      await here.expectWords();
    });
  }
}

/** What a party of the package `ws` hears, as a pipe would hand it on, and how it was closed. */
function listenTo(socket: WebSocket, ear: Ear): Promise<number> {
  socket.on("message", (data: RawData, isBinary) => {
    ear.take(data as Buffer);
    if (!isBinary) ear.take(Buffer.from("\n"));
  });
  return new Promise((resolve) => socket.once("close", resolve));
}

for (const dialect of DIALECTS) {
  test(`${dialect}: a client of the package ws understands a pipe, and is understood`, async () => {
    const [there, here] = [new Ear(), new Ear()];
    const { port } = await server(routeNamed("websocket").serverWay(), dialect, there);
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    const code = listenTo(socket, here);
    await once(socket, "open");
    for (const word of WORDS) {
      if (dialect === "line") socket.send(word.slice(0, -1));
      else socket.send(Buffer.from(word));
    }
    await there.expectWords();
    await here.expectWords();
    socket.ping();
    await once(socket, "pong");
    socket.close(4_000);
    expect(await code).toBe(4_000);
  });

  test(`${dialect}: a server of the package ws understands a pipe, and is understood`, async () => {
    const [there, here] = [new Ear(), new Ear()];
    const listening = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => listening.close());
    await once(listening, "listening");
    const { port } = listening.address() as AddressInfo;
    const pipe = client({ over: "tcp", port, upgrade: "/" }, dialect, here);
    const [socket] = (await once(listening, "connection")) as [WebSocket];
    const code = listenTo(socket, there);
    for (const word of WORDS) {
      if (dialect === "line") socket.send(word.slice(0, -1));
      else socket.send(Buffer.from(word));
    }
    await there.expectWords();
    await here.expectWords();
    pipe.end();
    expect(await code).toBe(1_000);
  });
}
