import { expect, test } from "vitest";
import { unixAddress } from "./native-datagram.ts";

test("a path ends in a zero, an abstract name begins with one", () => {
  expect(unixAddress("/run/n")?.subarray(2).toString("latin1")).toBe("/run/n\0");
  expect(unixAddress("@n")?.subarray(2).toString("latin1")).toBe("\0n");
  expect(unixAddress("/run/n")?.subarray(0, 2)).toEqual(Buffer.from(Uint16Array.of(1).buffer));
});

test("what is no address of a Unix socket, or too long for one, is none", () => {
  for (const address of ["", "vsock:2:1", "run/n", `/${"n".repeat(107)}`]) {
    expect(unixAddress(address), address).toBeUndefined();
  }
  expect(unixAddress(`/${"n".repeat(106)}`)).toHaveLength(2 + 108);
});
