import { expect, test } from "vitest";
import { connectionKey, parseLine } from "./proc-net-tcp.ts";

// As Linux 6.18 on x86-64 prints them, inode and pointer columns changed.
const HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid";
const IPV4 = "   1: 0100007F:1F90 0200A8C0:C350 01 0000C3A1:00000000 01:00000014 00000002";
const MAPPED =
  "   0: 0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000200A8C0:C350 01 " +
  "00000005:00000000 00:00000000 00000000  1000        0 99 1 0000000000000000 20 4 30 10 -1";
const IPV6 =
  "  12: B80D0120000000000000000001000000:0016 000080FE00000000FF005450B6C7F9FE:ABCD 01 " +
  "00000000:00000010 00:00000000 00000000     0        0 7 1 0000000000000000 20 4 0 10 -1";

const ENDS = { localAddress: "127.0.0.1", localPort: 8080, remotePort: 50_000 };

test("a line tells its connection and what was not acknowledged", () => {
  const key = connectionKey({ ...ENDS, remoteAddress: "192.168.0.2" }, "LE");
  expect(key).toBe("0100007F:1F90 0200A8C0:C350");
  expect(parseLine(IPV4, "LE")).toMatchObject({ key, unackedBytes: 0xc3a1 });
});

test("an IPv4 connection of an IPv6 socket has the same key, however it is written", () => {
  const key = connectionKey({ ...ENDS, remoteAddress: "::ffff:192.168.0.2" }, "LE");
  expect(key).toBe(connectionKey({ ...ENDS, remoteAddress: "192.168.0.2" }, "LE"));
  expect(parseLine(MAPPED, "LE")).toEqual({ key, unackedBytes: 5, windowIsShut: false });
});

test("IPv6 is four words in the order of the machine, and a zone is not part of it", () => {
  const ends = {
    localAddress: "2001:db8::1",
    localPort: 22,
    remoteAddress: "fe80::5054:ff:fef9:c7b6%eth0.100",
    remotePort: 0xabcd,
  };
  expect(connectionKey(ends, "LE")).toBe(
    "B80D0120000000000000000001000000:0016 000080FE00000000FF005450B6C7F9FE:ABCD",
  );
  expect(parseLine(IPV6, "LE")).toMatchObject({ key: connectionKey(ends, "LE"), unackedBytes: 0 });
  expect(connectionKey(ends, "BE")?.startsWith("20010DB8000000000000000000000001:")).toBe(true);
});

test("a big-endian machine writes words the other way round", () => {
  const key = connectionKey({ ...ENDS, remoteAddress: "192.168.0.2" }, "BE");
  expect(key).toBe("7F000001:1F90 C0A80002:C350");
  const line =
    "   3: 00000000000000000000FFFF7F000001:1F90 00000000000000000000FFFFC0A80002:C350 01 " +
    "0000000A:00000000 0";
  expect(parseLine(line, "BE")).toMatchObject({ key, unackedBytes: 10 });
});

test("the heading, halves of lines and other text are no connections", () => {
  for (const text of [HEADING, "", IPV4.slice(0, 40), IPV4.slice(8), "no such file"]) {
    expect(parseLine(text, "LE")).toBeUndefined();
  }
  expect(connectionKey({ ...ENDS, remoteAddress: "example.org" }, "LE")).toBeUndefined();
});

test("a shut window is one that is probed by a kernel whose probes are answered", () => {
  const line = (timer: string, probes: number): string =>
    `   1: 0100007F:1F90 0200A8C0:C350 01 0000C3A1:00000000 ${timer}:00000014 00000000  1000` +
    `        ${probes} 99 1 0000000000000000 20 4 30 10 -1`;
  const isShut = (timer: string, probes: number): boolean | undefined =>
    parseLine(line(timer, probes), "LE")?.windowIsShut;
  expect([isShut("04", 0), isShut("04", 1), isShut("04", 2)]).toEqual([true, true, false]);
  expect([isShut("01", 0), isShut("00", 0)]).toEqual([false, false]);
});
