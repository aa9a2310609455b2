import { type AddressInfo, createServer } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { settlePlaces, withPort } from "./places.ts";

test("a port of 0 becomes one that is free, and different ones for different places", async () => {
  const [first = "", second = "", third] = await settlePlaces([
    "tcp://127.0.0.1:0",
    "ws://127.0.0.1:0/live",
    "tls://[::1]:0",
  ]);
  expect(first).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
  expect(second).toMatch(/^ws:\/\/127\.0\.0\.1:[1-9]\d*\/live$/);
  expect(third).toMatch(/^tls:\/\/\[::1\]:[1-9]\d*$/);
  expect(new URL(first).port).not.toBe(new URL(second).port);
  // They were only looked at: what is free stays free.
  await expect(settlePlaces([first])).resolves.toEqual([first]);
});

test("a place that somebody has is refused as by a server that is alone", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const places = ["tcp://127.0.0.1:0", `tcp://127.0.0.1:${port}`];
  await expect(settlePlaces(places)).rejects.toThrow(/another program listens there/);
});

test("a path at which something else stands is refused", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "file"), "precious");
  await expect(settlePlaces([`unix:${folder}/file`])).rejects.toThrow(/no socket stands there/);
});

test("only the port of a url is replaced", () => {
  expect(withPort("wss://[2001:db8::1]:0/a:0", 8_443)).toBe("wss://[2001:db8::1]:8443/a:0");
  expect(withPort("tcp+tls://[::]:0", 8_443)).toBe("tcp+tls://[::]:8443");
});
