/**
 * The example of a chat, as somebody would use it: two people, a server that is killed and comes
 * back, a page that is reloaded. HOLDFAST_SCREENSHOTS names a folder for pictures of it.
 */
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, type TestContext } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { hasChromium, HOST, startChromium } from "../support/chromium.ts";
import { type Program, Processes } from "../support/processes.ts";
import { skipUnless } from "../support/requires.ts";
import { freePort } from "../support/free-port.ts";

const inChromium = skipUnless(hasChromium(), "there is no /usr/bin/chromium");
const SOON = { timeout: 15_000, interval: 50 };

class Chat {
  readonly #processes: Processes;
  readonly #port: string;
  readonly #livePort: string;
  #server: Program | undefined;

  constructor(test: TestContext, port: string, livePort: string) {
    this.#processes = new Processes(test);
    this.#port = port;
    this.#livePort = livePort;
  }

  get url(): string {
    return `http://${HOST}:${this.#port}/`;
  }

  get said(): string {
    return this.#server?.stdout ?? "";
  }

  async start(): Promise<void> {
    this.#server = this.#processes.start(process.execPath, [
      join(ROOT, "examples/browser-chat/server.js"),
      ...["--port", this.#port, "--live-port", this.#livePort],
    ]);
    await this.#server.says(/^open http/m);
  }

  async signal(name: NodeJS.Signals): Promise<number | null> {
    this.#server?.signal(name);
    return (await this.#server?.exit)?.code ?? null;
  }
}

async function opened(test: TestContext): Promise<{ chat: Chat; first: Page; second: Page }> {
  const chat = new Chat(test, await freePort(), await freePort());
  await chat.start();
  const { context, page: first } = await startChromium(test, ["--window-size=1000,720"]);
  const second = await context.newPage();
  for (const [page, name] of [
    [second, "Björk"],
    [first, "Ada"],
  ] as const) {
    await page.bringToFront();
    await page.goto(chat.url);
    await expect.poll(() => linkOf(page), SOON).toBe("online");
    await page.fill("#name", name);
    await page.press("#name", "Tab");
  }
  return { chat, first, second };
}

async function linkOf(page: Page): Promise<string | null> {
  return await page.getAttribute("body", "data-link");
}

async function say(page: Page, text: string): Promise<void> {
  await page.fill("#text", text);
  await page.press("#text", "Enter");
}

async function heard(page: Page): Promise<string> {
  return (await page.textContent("#messages")) ?? "";
}

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env["HOLDFAST_SCREENSHOTS"];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) });
}

inChromium("two people talk, and each sees who is there", async (test) => {
  const { chat, first, second } = await opened(test);
  await say(first, "Good morning");
  await expect.poll(() => heard(second), SOON).toContain("AdaGood morning");
  await expect.poll(() => heard(first), SOON).toContain("delivered");
  await say(second, "<b>Hello</b>");
  await expect.poll(() => heard(first), SOON).toContain("Björk<b>Hello</b>");
  await expect.poll(() => first.textContent("#members"), SOON).toContain("Björk");
  await picture(first, "chat-online");
  await second.close();
  await expect.poll(() => chat.said, SOON).toContain('"Björk" left: CLOSED_BY_PEER');
  await expect.poll(() => first.textContent("#members"), SOON).not.toContain("Björk");
});

inChromium("a server that is killed and comes back is found, with what was said", async (test) => {
  const { chat, first, second } = await opened(test);
  await chat.signal("SIGKILL");
  await expect.poll(() => linkOf(first), SOON).not.toBe("online");
  await say(first, "said while nobody was there");
  await expect.poll(() => heard(first), SOON).toContain("waits for the connection");
  await expect.poll(() => first.textContent("#countdown"), SOON).toMatch(/^next try in \d+ s$/);
  await first.emulateMedia({ colorScheme: "dark" });
  await picture(first, "chat-waiting");
  await chat.start();
  await second.bringToFront();
  await expect.poll(() => linkOf(second), { ...SOON, timeout: 40_000 }).toBe("online");
  await first.bringToFront();
  await expect.poll(() => linkOf(first), { ...SOON, timeout: 40_000 }).toBe("online");
  await expect.poll(() => heard(first), SOON).toContain("delivered");
});

inChromium("a page that is reloaded is the same person on a new connection", async (test) => {
  const { chat, first, second } = await opened(test);
  await first.reload();
  await expect.poll(() => chat.said, SOON).toContain('"Ada" left: CLOSED_BY_PEER');
  await expect.poll(() => linkOf(first), SOON).toBe("online");
  await say(first, "here again");
  await expect.poll(() => heard(second), SOON).toContain("Adahere again");
});

inChromium("a server that is asked to end tells its pages, and ends", async (test) => {
  const { chat, first } = await opened(test);
  expect(await chat.signal("SIGINT")).toBe(0);
  await expect.poll(() => linkOf(first), SOON).toBe("waiting");
});
