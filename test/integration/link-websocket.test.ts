/** Links over WebSocket: to servers of ours, to those of others, and to what is none at all. */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { connect, type ConnectOptions, type Link, type LinkStatus } from "../../src/index.ts";
import { within } from "../../src/testing/transport-recorder.ts";
import { serveWebSockets, textOf, type World } from "./websocket-world.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function serve(...given: Parameters<typeof serveWebSockets>): Promise<World> {
  const world = await serveWebSockets(...given);
  cleanups.push(() => world.server.destroy());
  return world;
}

function open(url: string, options: ConnectOptions = {}): Link {
  const redial = { baseMs: 20, capMs: 50, attemptsMax: 3, ...options.redial };
  const link = connect(url, { closeTimeoutMs: 500, ...options, redial });
  cleanups.push(() => link.close());
  return link;
}

function until(link: Link, name: LinkStatus["name"]): Promise<LinkStatus> {
  const reached = new Promise<LinkStatus>((resolve) => {
    if (link.status.name === name) resolve(link.status);
    link.on("status", (status) => {
      if (status.name === name) resolve(status);
    });
  });
  return within(reached, `the link is ${name}`);
}

function nextMessage(link: Link): Promise<unknown> {
  const came = new Promise((resolve) => {
    const undo = link.on("message", (data) => {
      undo();
      resolve(data);
    });
  });
  return within(came, "a message arrives");
}

for (const scheme of ["ws", "line+ws"]) {
  test(`${scheme}: messages go there and back, and the close is orderly`, async () => {
    const { port, server, nextEnd } = await serve();
    const link = open(`${scheme}://127.0.0.1:${port}/a?b=c`);
    const echo = nextMessage(link);
    link.send("hello");
    expect(await echo).toBe("hello");
    await within(link.delivered(), "all is delivered");
    const dialect = scheme === "ws" ? "frame" : "line";
    expect(server.connections()).toMatchObject([{ transport: "websocket", dialect }]);
    expect((await link.close("done")).code).toBe("CLOSED_HERE");
    expect(await nextEnd()).toMatchObject({ code: "CLOSED_BY_PEER", dialect });
  });
}

test("a link comes back when its server is killed and stands again", async () => {
  const { port, server } = await serve();
  const link = open(`ws://127.0.0.1:${port}`, { redial: { attemptsMax: false } });
  await until(link, "online");
  await server.destroy();
  await until(link, "waiting");
  link.send("meanwhile");
  const echo = nextMessage(link);
  await serve({}, `tcp://127.0.0.1:${port}`);
  link.wake();
  expect(await echo).toBe("meanwhile");
});

test("a message of a MiB goes there and back as it was", async () => {
  const { port } = await serve();
  const link = open(`ws://127.0.0.1:${port}`);
  const sent = Uint8Array.from({ length: 1024 * 1024 }, (_, at) => at % 251);
  const echo = nextMessage(link);
  link.send(sent);
  expect(Buffer.compare(Buffer.from((await echo) as Uint8Array), Buffer.from(sent))).toBe(0);
});

test("a line of half a MiB goes there and back over text messages", async () => {
  const lineBytesMax = 1024 * 1024;
  const { port } = await serve({ line: { lineBytesMax } });
  const link = open(`line+ws://127.0.0.1:${port}`);
  const sent = "äöü".repeat(100_000);
  const echo = nextMessage(link);
  link.send(sent);
  expect(await echo).toBe(sent);
});

test("a drain moves a link away by 1001 and GOAWAY", async () => {
  const { port, server } = await serve();
  const link = open(`ws://127.0.0.1:${port}`, { redial: { attemptsMax: 1 } });
  await until(link, "online");
  const ended = new Promise<string>((resolve) =>
    link.on("connectionEnd", ({ code }) => resolve(code)),
  );
  await server.close({ graceMs: 2_000 });
  expect(await within(ended, "the connection ends")).toBe("DRAINED");
});

async function elsewhere(
  options: ConstructorParameters<typeof WebSocketServer>[0] = {},
): Promise<WebSocketServer> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, ...options });
  cleanups.push(
    () =>
      new Promise((resolve) => {
        for (const client of server.clients) client.terminate();
        server.close(resolve);
      }),
  );
  await within(new Promise((resolve) => server.once("listening", resolve)), "it listens");
  return server;
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  return (server.address() as AddressInfo).port;
}

test("line+ws speaks with any WebSocket server, and says what it was told to", async () => {
  const server = await elsewhere({ handleProtocols: () => "chat" });
  const seen: IncomingMessage[] = [];
  server.on("connection", (socket, request) => {
    seen.push(request);
    socket.on("message", (data, isBinary) => {
      const text = textOf(data);
      socket.send(text === "ping" ? "pong" : `${text}${isBinary ? " in bytes" : ""}`);
    });
  });
  const link = open(`line+ws://127.0.0.1:${portOf(server)}/chat?room=1`, {
    websocket: { origin: "https://app.test", headers: { "X-Key": "k" }, protocols: ["chat"] },
    heartbeat: { intervalMs: 50 },
  });
  const beat = new Promise((resolve) => link.on("beat", resolve));
  const echo = nextMessage(link);
  link.send("hello");
  expect(await echo).toBe("hello");
  await within(beat, "a ping is answered");
  expect(seen[0]?.url).toBe("/chat?room=1");
  expect(seen[0]?.headers).toMatchObject({
    origin: "https://app.test",
    "x-key": "k",
    "sec-websocket-protocol": "chat",
  });
});

test("frames are for another Holdfast: a server that answers by text is told apart", async () => {
  const server = await elsewhere();
  server.on("connection", (socket) => socket.on("message", () => socket.send("what?")));
  const link = open(`ws://127.0.0.1:${portOf(server)}`);
  const record = await within(link.ended, "the link ends");
  expect(record.code).toBe("WRONG_DIALECT");
  expect(record.sentence).toContain("line+ws://127.0.0.1");
});

test("a close frame of the server stands in the record of the connection", async () => {
  const server = await elsewhere();
  server.on("connection", (socket) => socket.close(1012, "service restart"));
  const link = open(`line+ws://127.0.0.1:${portOf(server)}`);
  const record = await within(
    new Promise((resolve) => link.on("connectionEnd", resolve)),
    "the connection ends",
  );
  expect(record).toMatchObject({
    code: "CLOSED_BY_PEER",
    peerSaid: { code: "1012", reason: "service restart" },
  });
});

async function httpServer(answer: (response: ServerResponse) => void): Promise<number> {
  const server = createHttpServer((_, response) => answer(response));
  // Without this a request for an upgrade would be cut off.
  server.on("upgrade", (_request, socket: Socket) => {
    socket.on("error", () => {});
    const response = { status: 500, headers: {} as Record<string, string> };
    answer({
      writeHead(status: number, headers: Record<string, string> = {}) {
        Object.assign(response, { status, headers });
        return { end: () => {} };
      },
    } as unknown as ServerResponse);
    const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${response.status} X\r\n${lines.join("")}Content-Length: 0\r\n\r\n`);
  });
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", () => resolve()));
  return portOf(server);
}

test.each<[number, Record<string, string>, string, RegExp]>([
  [404, {}, "UPGRADE_REFUSED", /answered 404: there is no WebSocket at this path/],
  [400, {}, "UPGRADE_REFUSED", /answered 400/],
  [200, {}, "UPGRADE_REFUSED", /answered 200: it does not upgrade/],
  [401, {}, "UNAUTHORIZED", /refused the token.*answered 401/],
  [403, {}, "UNAUTHORIZED", /answered 403/],
  [
    302,
    { Location: "https://user:secret@other.test/live?token=secret" },
    "UPGRADE_REFUSED",
    /it sends to wss:\/\/other\.test\/live, which is not followed/,
  ],
])("an answer of %i ends the link at once", async (status, headers, code, words) => {
  const port = await httpServer((response) => void response.writeHead(status, headers).end());
  const link = open(`ws://127.0.0.1:${port}/x?key=secret`);
  const record = await within(link.ended, "the link ends");
  expect(record.code).toBe(code);
  expect(record.sentence).toMatch(words);
  expect(record.sentence).not.toContain("secret");
});

test("401 refreshes the token once", async () => {
  let asked = 0;
  const port = await httpServer((response) => {
    asked += 1;
    response.writeHead(401).end();
  });
  let fetched = 0;
  const link = open(`ws://127.0.0.1:${port}`, { token: () => `token ${(fetched += 1)}` });
  expect((await within(link.ended, "the link ends")).code).toBe("UNAUTHORIZED");
  expect([asked, fetched]).toEqual([2, 2]);
});

test("503 is tried again, not before the server wants it", async () => {
  const port = await httpServer((response) => {
    response.writeHead(503, { "Retry-After": "3" }).end();
  });
  const link = open(`ws://127.0.0.1:${port}`);
  const status = await until(link, "waiting");
  if (status.name !== "waiting") throw new Error("it waits");
  expect(status.cause.code).toBe("UPGRADE_UNAVAILABLE");
  expect(status.delayMs).toBeGreaterThanOrEqual(3_000);
});

async function rawServer(onSocket: (socket: Socket) => void): Promise<number> {
  const server: NetServer = createServer((socket) => {
    socket.on("error", () => {});
    socket.resume();
    onSocket(socket);
  });
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", () => resolve()));
  return portOf(server);
}

test("a server that speaks no HTTP is named, with the url that may be meant", async () => {
  const port = await rawServer((socket) => {
    socket.once("data", () => socket.end("220 mail.test ESMTP\r\n"));
  });
  const record = await within(open(`ws://127.0.0.1:${port}`).ended, "the link ends");
  expect(record.code).toBe("UPGRADE_REFUSED");
  expect(record.sentence).toMatch(/does not speak HTTP .*tcp:\/\//);
});

test("a server that hangs up is tried again", async () => {
  const port = await rawServer((socket) => socket.once("data", () => socket.destroy()));
  const link = open(`ws://127.0.0.1:${port}`, { redial: { attemptsMax: 2 } });
  const record = await within(link.ended, "the link ends");
  expect(record.code).toBe("REDIAL_EXHAUSTED");
  expect(record.sentence).toContain("without an answer to the upgrade");
});

test("a server that answers nothing is given up after the time of an attempt", async () => {
  const port = await rawServer(() => {});
  const link = open(`ws://127.0.0.1:${port}`, {
    redial: { attemptTimeoutMs: 150, attemptsMax: 1 },
  });
  const record = await within(link.ended, "the link ends");
  expect(record.lastCause?.code).toBe("DIAL_TIMEOUT");
});
