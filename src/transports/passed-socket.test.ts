import { closeSync, openSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { isLinux, skipUnless } from "../../test/support/requires.ts";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { findUnixSocket, lookAtDescriptor } from "./passed-socket.ts";
import { descriptorOf } from "./tcp/native-sockopt.ts";

const onLinux = skipUnless(isLinux(), "what a descriptor is stands in /proc of Linux");

const TABLE = `Num       RefCount Protocol Flags    Type St Inode Path
ffff8c81: 00000002 00000000 00010000 0001 01 19001 /run/x y.sock
ffff8c82: 00000003 00000000 00000000 0001 03  1901 @abstract
ffff8c83: 00000002 00000000 00010000 0005 01 19003 /run/packets
ffff8c84: 00000003 00000000 00000000 0002 01 19004
`;

test("a socket is found by its whole number, with its path, and whether it listens", () => {
  expect(findUnixSocket(TABLE, "19001")).toEqual({ listens: true, path: "/run/x y.sock" });
  expect(findUnixSocket(TABLE, "1901")).toEqual({ listens: false, path: "@abstract" });
  expect(findUnixSocket(TABLE, "19003")).toEqual({ listens: false, path: "/run/packets" });
  expect(findUnixSocket(TABLE, "19004")).toEqual({ listens: false, path: "" });
  expect(findUnixSocket(TABLE, "1900")).toBeUndefined();
});

async function listening(place: string | number): Promise<number> {
  const server: Server = createServer();
  onTestFinished(async () => await new Promise<void>((resolve) => server.close(() => resolve())));
  await new Promise<void>((resolve) => server.listen(place, resolve));
  const fd = descriptorOf(server);
  if (fd === undefined) throw new Error("a server has a descriptor here");
  return fd;
}

onLinux("the kernel says what a descriptor is", async () => {
  const path = join(tempFolder(), "x.sock");
  expect(lookAtDescriptor(await listening(path))).toEqual({ kind: "unix", path });
  expect(lookAtDescriptor(await listening(0))).toEqual({ kind: "tcp" });
});

onLinux("what is no socket, or not there, is told as such", () => {
  const fd = openSync("/dev/null", "r");
  onTestFinished(() => closeSync(fd));
  expect(() => lookAtDescriptor(fd)).toThrow(`fd:${fd}: it is no socket, but /dev/null`);
  expect(() => lookAtDescriptor(999_999)).toThrow("fd:999999: nothing is open there");
});
