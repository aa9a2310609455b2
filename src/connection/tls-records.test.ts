import { expect, test } from "vitest";
import { encodePreface } from "../wire/preface.ts";
import { isTlsAlert, isTlsHello } from "./tls-records.ts";

const ALERT = Uint8Array.of(0x15, 3, 1, 0, 2, 2, 70);
const HELLO = Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc);

test("the alert of a server, and the hello of a client", () => {
  expect([isTlsAlert(ALERT), isTlsHello(ALERT)]).toEqual([true, false]);
  expect([isTlsAlert(HELLO), isTlsHello(HELLO)]).toEqual([false, true]);
});

test("nothing else is taken for TLS", () => {
  const others = [
    encodePreface(1),
    new TextEncoder().encode("ping\n"),
    new TextEncoder().encode("\u0015\u0003 is what this line begins with\n"),
    ALERT.subarray(0, 4), // Too little to tell.
    Uint8Array.of(0x15, 3, 1, 0, 3, 2, 70), // No alert is of this length.
    Uint8Array.of(0x16, 4, 1, 2, 0),
    Uint8Array.of(0x16, 3, 5, 2, 0),
  ];
  for (const bytes of others) {
    expect([isTlsAlert(bytes), isTlsHello(bytes)]).toEqual([false, false]);
  }
});
