import { expect, test } from "vitest";
import { BrowserPage } from "./browser-page.ts";

type Listener = (event: { type: string; persisted?: boolean }) => void;

class Target {
  readonly listeners = new Map<string, Listener>();

  /** As whoever hears what comes down, and not what goes up. */
  addEventListener(type: string, listener: Listener, capture: true): void {
    expect(capture).toBe(true);
    this.listeners.set(type, listener);
  }

  removeEventListener(type: string, listener: Listener, capture: true): void {
    expect(capture).toBe(true);
    if (this.listeners.get(type) === listener) this.listeners.delete(type);
  }

  say(type: string, event: { persisted?: boolean } = {}): void {
    this.listeners.get(type)?.({ type, ...event });
  }
}

class Window extends Target {
  readonly document = { visibilityState: "visible" };
  readonly navigator = { onLine: true };
}

test("what happens to a page is told in our words", () => {
  const window = new Window();
  const { document } = window;
  const page = new BrowserPage(window);
  const told: string[] = [];
  const stop = page.listen((news) => told.push(news));
  document.visibilityState = "hidden";
  window.say("visibilitychange");
  expect(page.isHidden).toBe(true);
  document.visibilityState = "visible";
  window.say("visibilitychange");
  window.say("freeze");
  window.say("resume");
  window.say("pagehide", { persisted: true });
  window.say("pageshow", { persisted: true });
  window.say("offline");
  window.say("online");
  expect(told).toEqual([
    ...["hidden", "visible", "away", "back"],
    ...["away", "back", "offline", "online"],
  ]);
  stop();
  expect([...window.listeners.keys()]).toEqual([]);
});

test("a page that is left for good, or shown for the first time, tells nothing", () => {
  const window = new Window();
  const told: string[] = [];
  new BrowserPage(window).listen((news) => told.push(news));
  window.say("pagehide", { persisted: false });
  window.say("pageshow", { persisted: false });
  expect(told).toEqual([]);
});

test("nothing keeps a page out of the back-forward cache", () => {
  const window = new Window();
  new BrowserPage(window).listen(() => {});
  expect(window.listeners.has("unload")).toBe(false);
  expect(window.listeners.has("beforeunload")).toBe(false);
});

test("a worker has no document, and what has nothing at all is visible and online", () => {
  const worker = Object.assign(new Target(), { navigator: { onLine: false } });
  const page = new BrowserPage(worker);
  expect([page.isHidden, page.isOffline]).toEqual([false, true]);
  const told: string[] = [];
  page.listen((news) => told.push(news));
  worker.say("online");
  expect(told).toEqual(["online"]);
  const bare = new BrowserPage({});
  expect([bare.isHidden, bare.isOffline]).toEqual([false, false]);
  bare.listen(() => {})();
});
