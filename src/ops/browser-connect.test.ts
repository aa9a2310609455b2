import { afterEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { connect, connectAdaptive } from "./browser-connect.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

// Both share what is made once for a page, so the order matters: first there is nothing to make.
test("where there is no WebSocket, as where pages are rendered, connect says so", () => {
  vi.stubGlobal("WebSocket", undefined);
  expect(() => connect("ws://localhost:1/")).toThrow("this platform has no WebSocket of its own");
});

test("a server that is not there is dialled until the link gives up", async () => {
  vi.stubGlobal("WebSocket", WebSocket);
  const redial = { attemptsMax: 2, baseMs: 10, capMs: 10 };
  for (const open of [connect, connectAdaptive]) {
    const { code, lastCause } = await open("ws://127.0.0.1:1/", { redial }).ended;
    expect([code, lastCause?.code]).toEqual(["REDIAL_EXHAUSTED", "DIAL_FAILED"]);
    expect(lastCause?.sentence).toContain("cannot reach ws://127.0.0.1:1/");
  }
});
