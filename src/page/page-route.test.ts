/** Which url a link of a page dials next, and where a server may send it. */
import { expect, test } from "vitest";
import type { GoAway } from "../wire/frame.ts";
import { PageRoute } from "./page-route.ts";
import { type PageTarget, pageTarget } from "./page-url.ts";

const A = pageTarget("ws://a.example:1", true);
const B = pageTarget("ws://b.example:1", true);

function to(url: string, retry: GoAway["retry"] = "now"): GoAway {
  return { reason: "", retry, afterMs: 0, spreadMs: 0, url };
}

const TO_OTHER_PORT = to("ws://a.example:2");

test("a url that failed gives way to the next, one that held is dialled again", () => {
  const route = new PageRoute([A, B], []);
  expect(route.take()).toBe(A);
  route.onOver(false);
  expect(route.take()).toBe(B);
  route.onOver(true);
  expect(route.take()).toBe(B);
  route.onOver(false);
  expect(route.take()).toBe(A);
});

test("a redirect is good for one dial, and does not move the list on", () => {
  const route = new PageRoute([A, B], []);
  route.take();
  route.onGoAway(TO_OTHER_PORT, A);
  route.onOver(false);
  expect(route.next.label).toBe("ws://a.example:2/");
  expect(route.take().label).toBe("ws://a.example:2/");
  route.onOver(false);
  expect(route.take()).toBe(A);
});

test("redirects count only in a row: neither over a stable connection nor over a plain end", () => {
  for (const breakRow of [
    (route: PageRoute): void => {
      route.onGoAway(TO_OTHER_PORT, A);
      route.onOver(true);
    },
    (route: PageRoute): void => route.onOver(false),
  ]) {
    const route = new PageRoute([A], []);
    for (let round = 0; round < 3; round++) {
      for (let count = 0; count < 2; count++) {
        route.take();
        route.onGoAway(TO_OTHER_PORT, A);
        route.onOver(false);
      }
      route.take();
      breakRow(route);
      expect(route.isEndless).toBe(false);
    }
  }
});

test("the fourth redirect in a row is one too many", () => {
  const route = new PageRoute([A], []);
  for (let count = 1; count <= 4; count++) {
    route.take();
    expect(route.onGoAway(TO_OTHER_PORT, A)).toBeUndefined();
    route.onOver(false);
    expect(route.isEndless).toBe(count === 4);
  }
});

test("a server that says never leads nowhere, whatever url it names", () => {
  const route = new PageRoute([A], []);
  route.take();
  expect(route.onGoAway(to("ws://a.example:2", "never"), A)).toBeUndefined();
  expect(route.next).toBe(A);
});

function isFollowed(url: string, from: PageTarget, redirectTo: readonly string[] = []): boolean {
  const route = new PageRoute([from], redirectTo);
  route.take();
  const warning = route.onGoAway(to(url), from);
  expect(route.next === from).toBe(warning !== undefined);
  return warning === undefined;
}

test("the same host may send the link to another port, another host has to be listed", () => {
  expect(isFollowed("ws://A.example:2", A)).toBe(true);
  expect(isFollowed("wss://a.example", A)).toBe(true);
  const address = pageTarget("ws://[2001:db8::1]:1", true);
  expect(isFollowed("ws://[2001:db8::1]:2", address)).toBe(true);
  expect(isFollowed("ws://b.example:1", A)).toBe(false);
  expect(isFollowed("ws://b.example:1", A, ["b.example"])).toBe(true);
  expect(isFollowed("ws://evil.b.example:1", A, ["b.example"])).toBe(false);
  expect(isFollowed("ws://b.example.evil:1", A, ["b.example"])).toBe(false);
});

test("no redirect changes the dialect, or leads from TLS to plain text", () => {
  const secure = pageTarget("wss://a.example", true);
  const line = pageTarget("line+ws://a.example:1", true);
  expect(isFollowed("line+ws://a.example:1", A)).toBe(false);
  expect(isFollowed("ws://a.example:1", line)).toBe(false);
  expect(isFollowed("line+ws://a.example:2", line)).toBe(true);
  expect(isFollowed("ws://a.example:1", secure, ["a.example"])).toBe(false);
  expect(isFollowed("tcp://a.example:1", A)).toBe(false);
});

test("what is no url, or holds credentials, is refused in words that are safe to print", () => {
  const route = new PageRoute([A], []);
  for (const url of ["ws://u:HUNTER2@\u001b[2Jb:1", "ws:u:HUNTER2@b", "\u202e", 5 as never]) {
    const warning = route.onGoAway(to(url), A) ?? "";
    expect(warning).toContain("expected wss://host/path or");
    expect(warning).not.toMatch(/HUNTER2|\u001b|\u202e/);
  }
});
