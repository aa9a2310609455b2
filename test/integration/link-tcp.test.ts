import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { connect, type ConnectOptions, type Link, listen, type Server } from "../../src/index.ts";
import { within } from "../../src/testing/transport-recorder.ts";
import { tempFolder } from "../support/temp-folder.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function serve(port = 0): Promise<Server> {
  const server = await listen({ port, host: "127.0.0.1", reconnectWindowMs: 50 });
  server.on("message", (connection, data) => void connection.send(data));
  cleanups.push(() => server.destroy());
  return server;
}

function open(url: string | string[], options: ConnectOptions = {}): Link {
  const link = connect(url, {
    closeTimeoutMs: 500,
    ...options,
    redial: { baseMs: 20, capMs: 50, ...options.redial },
  });
  cleanups.push(() => link.close());
  return link;
}

function portOf(server: Server): number {
  return Number(/:(\d+)$/.exec(server.urls[0] ?? "")?.[1]);
}

/** Resolves when the link has that status, now or later. */
function until(link: Link, name: Link["status"]["name"]): Promise<Link["status"]> {
  const reached = new Promise<Link["status"]>((resolve) => {
    if (link.status.name === name) resolve(link.status);
    link.on("status", (status) => {
      if (status.name === name) resolve(status);
    });
  });
  return within(reached, `the link is ${name}`);
}

function nextMessage(link: Link): Promise<unknown> {
  return within(
    new Promise((resolve) => {
      const undo = link.on("message", (data) => {
        undo();
        resolve(data);
      });
    }),
    "a message arrives",
  );
}

for (const scheme of ["tcp", "line"]) {
  test(`${scheme}: messages go there and back, and delivered says so`, async () => {
    const server = await serve();
    const link = open(`${scheme}://127.0.0.1:${portOf(server)}`);
    const echo = nextMessage(link);
    link.send("hello");
    expect(await echo).toBe("hello");
    await within(link.delivered(), "all is delivered");
    expect((await link.close("done")).code).toBe("CLOSED_HERE");
  });

  test(`${scheme}: a server that is killed and comes back finds its client again`, async () => {
    const server = await serve();
    const port = portOf(server);
    const link = open(`${scheme}://127.0.0.1:${port}`, { redial: { attemptsMax: false } });
    const first = nextMessage(link);
    link.send("before");
    await first;
    await server.destroy();
    await until(link, "waiting");
    link.send("meanwhile");
    const echo = nextMessage(link);
    await serve(port);
    link.wake();
    await until(link, "online");
    expect(await echo).toBe("meanwhile");
  });
}

test("a server that nobody runs is hopeless after the attempts that were allowed", async () => {
  const server = await serve();
  const port = portOf(server);
  await server.destroy();
  const link = open(`tcp://127.0.0.1:${port}`, { redial: { attemptsMax: 3 } });
  const record = await within(link.ended, "the link ends");
  expect(record).toMatchObject({ code: "REDIAL_EXHAUSTED", attempts: 3, connections: 0 });
  expect(record.sentence).toMatch(/gave up after 3 attempts.*ECONNREFUSED/);
});

test("the second url is taken when nobody listens at the first", async () => {
  const gone = await serve();
  const server = await serve();
  await gone.destroy();
  const urls = [gone, server].map((one) => `tcp://127.0.0.1:${portOf(one)}`);
  const link = open(urls);
  expect(await until(link, "online")).toMatchObject({ url: urls[1] });
});

test("a server that drains tells its clients, who come back to its successor", async () => {
  const server = await serve();
  const port = portOf(server);
  const link = open(`tcp://127.0.0.1:${port}`, { redial: { attemptsMax: false } });
  await until(link, "online");
  const ended = new Promise((resolve) => link.on("connectionEnd", resolve));
  await within(server.close(), "the server drains");
  expect(await within(ended, "the connection ends")).toMatchObject({ code: "DRAINED" });
  await serve(port);
  await until(link, "online");
});

test("a Unix socket serves both dialects", async () => {
  const path = join(tempFolder(), "s.sock");
  const server = await listen({ listen: `unix:${path}` });
  server.on("message", (connection, data) => void connection.send(data));
  cleanups.push(() => server.destroy());
  for (const scheme of ["unix", "line+unix"]) {
    const link = open(`${scheme}:${path}`);
    const echo = nextMessage(link);
    link.send("hello");
    expect(await echo).toBe("hello");
    await link.close();
  }
});

test("aborting ends a link that is online at once", async () => {
  const server = await serve();
  const controller = new AbortController();
  const link = open(`tcp://127.0.0.1:${portOf(server)}`, { signal: controller.signal });
  await until(link, "online");
  controller.abort();
  expect((await within(link.ended, "the link ends")).code).toBe("ABORTED");
});

test("a loop over a real link ends with it", async () => {
  const server = await serve();
  const link = open(`tcp://127.0.0.1:${portOf(server)}`);
  for (const text of ["one", "two", "three"]) link.send(text);
  const got: unknown[] = [];
  for await (const data of link) {
    got.push(data);
    if (got.length === 3) void link.close();
  }
  expect(got).toEqual(["one", "two", "three"]);
});
