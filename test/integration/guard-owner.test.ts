/** The owner's program behaves as it did: no listener of ours changes it, and none is left. */
import type { EventEmitter } from "node:events";
import { request } from "node:http";
import { connect, type Server, type Socket } from "node:net";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { guard } from "../../src/guard/guard.ts";
import type { GuardTarget } from "../../src/guard/guard-target.ts";
import { runWell } from "../support/commands.ts";
import {
  httpServer,
  netServer,
  peerOf,
  portOf,
  reads,
  sleep,
  tlsPeerOf,
  tlsServer,
  until,
  Watched,
  webSocketPeer,
  webSocketServer,
} from "../support/guard-world.ts";

/** How many listeners there are for each event. */
function listenersOf(emitter: object): Record<string, number> {
  const one = emitter as EventEmitter;
  const counts = one.eventNames().map((name) => [String(name), one.listenerCount(name)] as const);
  return Object.fromEntries(counts);
}

async function atPeace(emitters: readonly object[], target: GuardTarget): Promise<void> {
  const before = emitters.map(listenersOf);
  const one = guard(target, { timeoutMs: 200 });
  await sleep(60);
  expect(one.stats().accepted).toBeGreaterThan(0);
  expect(emitters.map(listenersOf)).not.toEqual(before);
  one.stop();
  one.stop();
  expect(emitters.map(listenersOf)).toEqual(before);
  expect(one.connections()).toEqual([]);
  expect(one.stats()).toMatchObject({ open: 0, judged: 0, notJudged: 0, suspects: 0, ended: {} });
  await sleep(400);
  expect(one.stats().ended).toEqual({});
}

test("after `stop` no listener is left, and nobody was touched", async () => {
  const sockets: Socket[] = [];
  const server = await netServer((socket) => {
    sockets.push(socket);
    reads(socket);
  });
  const peer = await peerOf(server);
  await until("it is accepted", () => sockets.length === 1);
  const socket = sockets[0] as Socket;
  await atPeace([socket], socket);
  const { server: webSockets, url } = await webSocketServer();
  await webSocketPeer(url, false);
  const [webSocket] = webSockets.clients;
  const inside = webSocket as unknown as { _socket: Socket; _receiver: EventEmitter };
  const all = [webSockets, webSocket as object, inside._socket, inside._receiver];
  await atPeace(all, webSockets);
  await atPeace(all.slice(1), webSocket as GuardTarget);
  expect(socket.destroyed || peer.destroyed || inside._socket.destroyed).toBe(false);
});

test("a server is listened to, and then no more", async () => {
  for (const serve of [netServer, tlsServer, httpServer]) {
    const server: Server = await serve(reads);
    const before = listenersOf(server);
    const one = guard(server, {});
    expect(listenersOf(server)).not.toEqual(before);
    one[Symbol.dispose]();
    expect(listenersOf(server)).toEqual(before);
    const peer = serve === tlsServer ? await tlsPeerOf(server) : await peerOf(server);
    await sleep(20);
    expect(one.stats().accepted).toBe(0);
    peer.destroy();
  }
});

test("the same target twice is a mistake, until the first guard has stopped", async () => {
  const server = await netServer(reads);
  const peer = await peerOf(server);
  const first = new Watched(server, {});
  const second = new Watched(peer, {});
  expect(() => guard(server)).toThrow("guard: expected a target that is not guarded yet");
  expect(() => guard(peer)).toThrow("guard: expected a target that is not guarded yet");
  first.guard.stop();
  second.guard.stop();
  new Watched(server, {}).guard.stop();
  new Watched(peer, {}).guard.stop();
  peer.destroy();
  expect(() => guard(peer)).toThrow("expected an open connection, got one that is closed");
});

test("an error that nobody listens to still crashes", async () => {
  const server = await netServer(reads);
  const peer = await peerOf(server);
  peer.removeAllListeners("error");
  const one = new Watched(peer, {});
  expect(one.guard.stats().open).toBe(1);
  expect(() => peer.emit("error", new Error("a crash"))).toThrow("a crash");
  const { server: webSockets, url } = await webSocketServer();
  const webSocket = await webSocketPeer(url);
  webSocket.removeAllListeners("error");
  const both = [new Watched(webSockets, {}), new Watched(webSocket, {})];
  expect(both.map((each) => each.guard.stats().open)).toEqual([1, 1]);
  expect(() => webSocket.emit("error", new Error("a crash"))).toThrow("a crash");
});

/** What a request to upgrade is answered with. */
async function answerToUpgrade(port: number): Promise<string> {
  return await new Promise((resolve) => {
    const headers = { connection: "Upgrade", upgrade: "echo" };
    const asked = request({ port, host: "127.0.0.1", headers });
    asked.on("response", (response) => {
      response.resume();
      resolve(`response ${response.statusCode}`);
    });
    asked.on("upgrade", (_response, socket) => {
      socket.destroy();
      resolve("upgrade");
    });
    asked.on("error", (error: NodeJS.ErrnoException) => resolve(`error ${error.code}`));
    asked.end();
  });
}

test("an http server upgrades if its owner does, and not because it is guarded", async () => {
  const server = await httpServer();
  server.on("request", (_request, response) => response.end("plain"));
  const unguarded = await answerToUpgrade(portOf(server));
  const watched = new Watched(server, { timeoutMs: 200 });
  expect(server.listenerCount("upgrade")).toBe(0);
  expect(await answerToUpgrade(portOf(server))).toBe(unguarded);
  expect(unguarded).not.toBe("upgrade");
  const upgrade = (_request: unknown, socket: Socket): void => {
    socket.on("error", () => {});
    reads(socket);
    socket.on("end", () => socket.end()); // Sockets of node:http are half-open.
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n",
    );
  };
  server.on("upgrade", upgrade);
  expect(await answerToUpgrade(portOf(server))).toBe("upgrade");
  expect((await watched.end()).kind).toBe("tcp");
  server.off("upgrade", upgrade);
  expect(server.listenerCount("upgrade")).toBe(0);
  expect(await answerToUpgrade(portOf(server))).toBe(unguarded);
  // An upgraded socket that falls silent is found; one that waits for a response is none of ours.
  server.on("upgrade", upgrade);
  const silent = connect(portOf(server), "127.0.0.1");
  silent.on("error", () => {});
  silent.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  const idle = connect(portOf(server), "127.0.0.1");
  const [, found] = await watched.ends(2);
  expect(found).toMatchObject({ code: "PEER_SILENT", reset: true });
  expect(idle.destroyed).toBe(false);
  silent.destroy();
  idle.destroy();
  server.off("upgrade", upgrade);
  watched.guard.stop();
  expect(server.listenerCount("upgrade")).toBe(0);
});

test("a guard keeps no process alive", () => {
  const door = pathToFileURL(join(ROOT, "dist/index.js")).href;
  const program = `
    import { once } from "node:events";
    import { connect, createServer } from "node:net";
    import { guard } from ${JSON.stringify(door)};
    const server = createServer((socket) => socket.resume().unref());
    await once(server.listen(0, "127.0.0.1"), "listening");
    const watch = guard(server);
    const peer = connect(server.address().port, "127.0.0.1");
    await once(peer, "connect");
    guard(peer);
    while (watch.stats().open === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    peer.unref();
    server.unref();
    console.log("all is quiet");`;
  const args = ["--input-type=module", "--eval", program];
  expect(runWell(process.execPath, args, { timeoutMs: 10_000 })).toBe("all is quiet\n");
});

test("what cannot be guarded is named", () => {
  const refusals: [unknown, string][] = [
    [undefined, "got undefined"],
    [8080, "got 8080"],
    [{}, "got an object of class Object"],
    [new URL("ws://localhost"), "got an object of class URL"],
  ];
  for (const [target, said] of refusals) {
    expect(() => guard(target as GuardTarget)).toThrow(said);
  }
});
