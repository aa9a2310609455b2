import { createServer, connect, type AddressInfo, type Server, Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { skipUnless } from "../../../test/support/requires.ts";
import type { KernelConfig } from "../transport.ts";
import { applyToListener, applyToSocket } from "./kernel-options.ts";
import {
  descriptorOf,
  loadNativeSockopt,
  type NativeSockopt,
  SO_KEEPALIVE,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_USER_TIMEOUT,
} from "./native-sockopt.ts";

const ASKED: KernelConfig = {
  keepalive: { idleMs: 20_000, intervalMs: 7_000, count: 3 },
  userTimeoutMs: 22_000,
  userTimeoutAsked: true,
  keepaliveAsked: true,
};
const NOT_ASKED: KernelConfig = { ...ASKED, userTimeoutAsked: false, keepaliveAsked: false };
const OFF: KernelConfig = { ...NOT_ASKED, keepalive: false, userTimeoutMs: false };

const native = await loadNativeSockopt();
const hasFullKeepalive = Socket.prototype.setKeepAlive.length >= 4;
const withNative = skipUnless(native !== undefined, "the optional package koffi is not here");
const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A listener prepared by `prepare`, and the two ends of one connection to it. */
async function pair(prepare: (server: Server) => void): Promise<{ near: Socket; far: Socket }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  prepare(server);
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const far = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const near = await accepted;
  closing.push(() => {
    far.destroy();
    near.destroy();
    server.close();
  });
  return { near, far };
}

function readAll(sockopt: NativeSockopt, socket: Socket): (number | undefined)[] {
  const fd = descriptorOf(socket) as number;
  const options = [SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT];
  return options.map((option) => sockopt.get(fd, option));
}

withNative("accepted sockets inherit what the listener was given", async () => {
  let applied: ReturnType<typeof applyToListener> | undefined;
  const { near } = await pair((server) => {
    applied = applyToListener(server, ASKED, native);
  });
  expect(applied?.applyToAccepted).toBeUndefined();
  expect(applied?.warnings).toEqual([]);
  expect(applied?.effective).toEqual({
    keepaliveIdleMs: { value: 20_000, source: "read" },
    keepaliveIntervalMs: { value: 7_000, source: "read" },
    keepaliveCount: { value: 3, source: "read" },
    userTimeoutMs: { value: 22_000, source: "read" },
  });
  expect(readAll(native as NativeSockopt, near)).toEqual([1, 20, 7, 3, 22_000]);
});

withNative("a dialling socket is set and read back", async () => {
  const { far } = await pair(() => {});
  const { effective } = applyToSocket(far, ASKED, native);
  expect(effective.keepaliveIntervalMs).toEqual({ value: 7_000, source: "read" });
  expect(readAll(native as NativeSockopt, far)).toEqual([1, 20, 7, 3, 22_000]);
  expect(applyToSocket(far, OFF, native).effective.keepaliveCount).toEqual({
    value: false,
    source: "read",
  });
});

withNative("a value that the kernel refuses is warned about if asked for", async () => {
  const { far } = await pair(() => {});
  const keepalive = { idleMs: 20_000, intervalMs: 7_000, count: 1_000 }; // The kernel takes 127.
  const { warnings, effective } = applyToSocket(far, { ...ASKED, keepalive }, native);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain("keepalive count was asked to be 1000");
  expect(effective.keepaliveCount.source).toBe("read");
  expect(effective.keepaliveCount.value).not.toBe(1_000);
  expect(applyToSocket(far, { ...NOT_ASKED, keepalive }, native).warnings).toEqual([]);
});

test("without native code each accepted socket is set by what this Node has", async () => {
  let applied: ReturnType<typeof applyToListener> | undefined;
  const { near } = await pair((server) => {
    applied = applyToListener(server, ASKED, undefined);
  });
  applied?.applyToAccepted?.(near);
  const { effective, warnings } = applied as NonNullable<typeof applied>;
  expect(effective.keepaliveIdleMs).toEqual({ value: 20_000, source: "set" });
  expect(effective.keepaliveIntervalMs).toEqual(
    hasFullKeepalive ? { value: 7_000, source: "set" } : { value: 1_000, source: "known" },
  );
  expect(effective.keepaliveCount).toEqual(
    hasFullKeepalive ? { value: 3, source: "set" } : { value: 10, source: "known" },
  );
  expect(warnings.some((text) => text.includes("`userTimeoutMs`"))).toBe(true);
  expect(warnings).toHaveLength(hasFullKeepalive ? 1 : 2);
  if (native !== undefined) {
    // What is said to be in force is what the kernel has.
    const seconds = hasFullKeepalive ? [1, 20, 7, 3, 0] : [1, 20, 1, 10, 0];
    expect(readAll(native, near)).toEqual(seconds);
  }
});

test("values that nobody asked for are not warned about, and off is off", async () => {
  const { far } = await pair(() => {});
  expect(applyToSocket(far, NOT_ASKED, undefined).warnings).toEqual([]);
  const { effective, warnings } = applyToSocket(far, OFF, undefined);
  expect(warnings).toEqual([]);
  expect(effective.keepaliveIdleMs).toEqual({ value: false, source: "known" });
  expect(effective.userTimeoutMs).toEqual({ value: false, source: "known" });
});
