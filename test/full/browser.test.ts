/**
 * Links in a real Chromium: hidden, frozen, cached, offline, reloaded, and on a slow line. Servers
 * are in this process; the page is test/full/programs/page.mjs with the built package.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Page } from "playwright-core";
import { expect, type TestContext } from "vitest";
import type { EndRecord } from "../../src/connection/end-record.ts";
import { listen } from "../../src/server/listen.ts";
import type { ListenOptions } from "../../src/server/options.ts";
import type { Server } from "../../src/server/server.ts";
import { type Chromium, hasChromium, HOST, startChromium } from "../support/chromium.ts";
import { servePage } from "../support/page-server.ts";
import { skipUnless } from "../support/requires.ts";

const inChromium = skipUnless(hasChromium(), "there is no /usr/bin/chromium");

/** What anything may take that is expected soon. */
const SOON = { timeout: 10_000, interval: 50 };
/** What a slow line carries at once. */
const PIECE_BYTES = 5 * 1024;

interface Scene extends Chromium {
  readonly server: Server;
  readonly url: string;
  readonly pageUrl: string;
  readonly ends: EndRecord[];
}

async function scene(
  test: TestContext,
  options: Partial<ListenOptions> = {},
  more: readonly string[] = [],
): Promise<Scene> {
  const server = await listen({
    host: "127.0.0.1",
    port: 0,
    accept: ["frame", "websocket"],
    ...options,
  } as ListenOptions);
  test.onTestFinished(async () => await server.destroy());
  const ends: EndRecord[] = [];
  server.on("end", (_connection, record) => ends.push(record));
  const [, port = ""] = /:(\d+)$/.exec(server.urls[0] ?? "") ?? [];
  const pageUrl = `http://${HOST}:${await servePage(test)}/`;
  const chromium = await startChromium(test, more);
  await chromium.page.goto(pageUrl);
  return { ...chromium, server, url: `ws://${HOST}:${port}/`, pageUrl, ends };
}

async function begin(page: Page, url: string, options: object): Promise<void> {
  await page.evaluate(`begin(${JSON.stringify(url)}, ${JSON.stringify(options)})`);
  await expect.poll(() => statusOf(page), SOON).toBe("online");
}

async function statusOf(page: Page): Promise<string> {
  return await page.evaluate<string>("link.status.name");
}

/** What the page and its link told, by name. */
async function told(page: Page): Promise<string[]> {
  return await page.evaluate<string[]>("told.map(({ event }) => event)");
}

async function pass(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

inChromium("a hidden page promises more before it is throttled", async (test) => {
  const { context, page, server, url, ends } = await scene(test, {
    timeoutMs: 2_000,
    leaseMsMax: 6_000,
  });
  await begin(page, url, { heartbeat: { intervalMs: 900 }, hiddenLeaseMs: 60_000 });
  const lease = (): number | undefined => server.connections()[0]?.leaseMs;
  expect(lease()).toBe(1_000);
  const other = await context.newPage();
  await other.bringToFront();
  expect(await page.evaluate("document.visibilityState")).toBe("hidden");
  await expect.poll(lease, SOON).toBe(6_000);
  const ticks = await page.evaluate<number>("ticks");
  await pass(15_000);
  const ticksIn15Seconds = (await page.evaluate<number>("ticks")) - ticks;
  expect(ticksIn15Seconds).toBeLessThan(40); // 150 where nobody throttles.
  expect(lease()).toBe(6_000);
  expect(ends).toEqual([]);
  await page.bringToFront();
  await expect.poll(lease, SOON).toBe(1_000);
  expect(await told(page)).toEqual(["pageshow", "connecting", "online"]);
});

inChromium("timers that ring once a minute cost a hidden page nothing, either", async (test) => {
  const { context, page, server, url, ends } = await scene(
    test,
    { timeoutMs: 4_000 },
    // What comes after five minutes comes after one second here.
    ["--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1"],
  );
  await begin(page, url, { heartbeat: { intervalMs: 1_000 } });
  const other = await context.newPage();
  await other.bringToFront();
  await pass(5_000);
  const ticks = await page.evaluate<number>("ticks");
  await pass(70_000);
  // The server grants four seconds, so it asks, and what answers is no timer.
  expect((await page.evaluate<number>("ticks")) - ticks).toBeLessThan(20);
  expect(ends).toEqual([]);
  expect(server.connections()[0]?.verdict).toBe("alive");
  expect(await told(page)).not.toContain("waiting");
});

inChromium("a page that is frozen leaves in good order, and comes back", async (test) => {
  const { context, page, url, ends } = await scene(test);
  await begin(page, url, {});
  const devtools = await context.newCDPSession(page);
  const other = await context.newPage();
  await other.bringToFront();
  await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
  await expect.poll(() => ends.length, SOON).toBe(1);
  expect(ends[0]).toMatchObject({ code: "CLOSED_BY_PEER", by: "peer" });
  await pass(2_000);
  await devtools.send("Page.setWebLifecycleState", { state: "active" });
  await page.bringToFront();
  await expect.poll(() => statusOf(page), SOON).toBe("online");
  const events = await told(page);
  expect(events).toContain("resume");
  expect(ends).toHaveLength(1);
});

inChromium("a page that is left and gone back to is online again", async (test) => {
  const { page, pageUrl, url, ends, server } = await scene(test);
  await begin(page, url, {});
  await page.goto(`${pageUrl}other`);
  await expect.poll(() => ends.length, SOON).toBe(1);
  await page.goBack({ waitUntil: "commit" }); // A page from the cache is not loaded.
  expect(await page.evaluate("told.some(({ persisted }) => persisted)")).toBe(true);
  expect(await page.evaluate("told.map(({ code }) => code)")).toContain("PAGE_AWAY");
  await expect.poll(() => statusOf(page), SOON).toBe("online");
  expect(server.connections()).toHaveLength(1);
});

inChromium(
  "offline is noticed at once, nothing is dialled, online brings it back",
  async (test) => {
    const { context, page, url, server } = await scene(test);
    await begin(page, url, {});
    let dialled = 0;
    server.on("accepted", () => {
      dialled += 1;
    });
    await context.setOffline(true);
    await expect.poll(() => statusOf(page), SOON).toBe("waiting");
    const delayMs = await page.evaluate<number>("link.status.delayMs");
    expect(delayMs).toBeGreaterThan(60_000); // It waits for the network.
    await pass(4_000);
    expect(await page.evaluate("told.filter(({ event }) => event === 'connecting').length")).toBe(
      1,
    );
    expect(dialled).toBe(0);
    await context.setOffline(false);
    await expect.poll(() => statusOf(page), SOON).toBe("online");
    expect(dialled).toBe(1);
  },
);

inChromium("a reload is an end that the server knows the reason of", async (test) => {
  const { page, url, ends, server } = await scene(test);
  await begin(page, url, {});
  await page.reload();
  await expect.poll(() => ends.length, SOON).toBe(1);
  expect(ends[0]).toMatchObject({ code: "CLOSED_BY_PEER", peerSaid: { code: "1001" } });
  await begin(page, url, {});
  expect(server.connections()).toHaveLength(1);
});

inChromium("a long message on a slow line is no death, in either direction", async (test) => {
  const { page, url, ends, server } = await scene(test, { timeoutMs: 2_000, leaseMsMax: 2_000 });
  const received: number[] = [];
  server.on("message", (_connection, data) => received.push(data.length));
  const slow = await slowLine(test, Number(/:(\d+)\//.exec(url)?.[1]), 50 * 1024);
  await begin(page, `ws://${HOST}:${slow}/`, {
    heartbeat: { intervalMs: 500, answerWithinMs: 1_000 },
  });
  const length = 1024 * 1024;
  await page.evaluate(`link.send(new Uint8Array(${length})); undefined`);
  server.broadcast(new Uint8Array(length));
  const both = { timeout: 60_000, interval: 200 };
  // Whoever dies of it is told as that, not as one whose message is missing.
  await expect.poll(() => received.length + ends.length, both).toBe(1);
  expect([ends, await told(page)]).toEqual([[], expect.not.arrayContaining(["waiting"])]);
  expect(received).toEqual([length]);
  await expect.poll(() => told(page), both).toContain("message");
  await page.evaluate("link.delivered()");
  expect(ends).toEqual([]);
  expect(await told(page)).not.toContain("waiting");
});

inChromium("other schemes are refused in the page, by name", async (test) => {
  const { page } = await scene(test);
  const said = await page.evaluate<string>(
    `(() => {
      try {
        begin("tcp://a:1", {});
      } catch ({ code, message }) {
        return code + message;
      }
    })()`,
  );
  expect(said).toContain("URL_INVALID");
  expect(said).toContain("expected wss://host/path or ws://host/path");
});

inChromium("a worker has a link, too", async (test) => {
  const { page, url } = await scene(test);
  const program = `
    import { connect } from "/dist/browser.js";
    const link = connect(${JSON.stringify(url)});
    link.on("status", ({ name }) => postMessage(name));
  `;
  const said = await page.evaluate<string[]>(`new Promise((settle) => {
    const origin = location.origin;
    const program = ${JSON.stringify(program)}.replace('"/dist', '"' + origin + '/dist');
    const url = URL.createObjectURL(new Blob([program], { type: "text/javascript" }));
    const names = [];
    new Worker(url, { type: "module" }).onmessage = ({ data }) => {
      names.push(data);
      if (data !== "connecting") settle(names);
    };
  })`);
  expect(said).toEqual(["connecting", "online"]);
});

/** A line that carries so many bytes a second in each direction. Returns its port. */
async function slowLine(test: TestContext, port: number, bytesPerSecond: number): Promise<number> {
  const sockets = new Set<Socket>();
  const line = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    carry(near, far);
    carry(far, near);
  });
  function carry(from: Socket, to: Socket): void {
    sockets.add(from);
    from.on("error", () => {}); // The close that follows ends the other side.
    from.on("close", () => to.destroy());
    from.on("data", (bytes) => void crawl(bytes, from, to));
  }
  /** A real line does not fall silent for a second and then tell all at once. */
  async function crawl(bytes: Uint8Array, from: Socket, to: Socket): Promise<void> {
    from.pause();
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      to.write(piece);
      await delay((piece.length * 1_000) / bytesPerSecond);
    }
    from.resume();
  }
  line.listen(0, "127.0.0.1");
  await once(line, "listening");
  test.onTestFinished(() => {
    line.close();
    for (const socket of sockets) socket.destroy();
  });
  return (line.address() as AddressInfo).port;
}
