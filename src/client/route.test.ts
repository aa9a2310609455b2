import { expect, test } from "vitest";
import { Route } from "./route.ts";
import { parseTarget } from "./target.ts";

const A = parseTarget("tcp://a.example:1");
const B = parseTarget("tcp://b.example:1");
const TO_OTHER_PORT = {
  reason: "",
  retry: "now",
  afterMs: 0,
  spreadMs: 0,
  url: "tcp://a.example:2",
} as const;

test("a url that failed gives way to the next, one that held is dialled again", () => {
  const route = new Route([A, B], [], parseTarget);
  expect(route.take()).toBe(A);
  route.onOver(false);
  expect(route.take()).toBe(B);
  route.onOver(true);
  expect(route.take()).toBe(B);
  route.onOver(false);
  expect(route.take()).toBe(A);
});

test("a redirect is good for one dial, and does not move the list on", () => {
  const route = new Route([A, B], [], parseTarget);
  route.take();
  route.onGoAway(TO_OTHER_PORT, A);
  route.onOver(false);
  expect(route.take().label).toBe("tcp://a.example:2");
  route.onOver(false);
  expect(route.take()).toBe(A);
});

test("redirects count only in a row: neither over a stable connection nor over a plain end", () => {
  for (const breakRow of [
    (route: Route): void => {
      route.onGoAway(TO_OTHER_PORT, A);
      route.onOver(true);
    },
    (route: Route): void => route.onOver(false),
  ]) {
    const route = new Route([A], [], parseTarget);
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
  const route = new Route([A], [], parseTarget);
  for (let count = 1; count <= 4; count++) {
    route.take();
    expect(route.onGoAway(TO_OTHER_PORT, A)).toBeUndefined();
    route.onOver(false);
    expect(route.isEndless).toBe(count === 4);
  }
});

test("a server that says never leads nowhere, whatever url it names", () => {
  const route = new Route([A], [], parseTarget);
  route.take();
  route.onGoAway({ ...TO_OTHER_PORT, retry: "never" }, A);
  expect(route.next).toBe(A);
});
