import fc from "fast-check";
import { expect, test } from "vitest";
import { toHex, utf8, utf8Length } from "./bytes.ts";

test("each byte becomes its two digits", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  expect(toHex(all)).toBe(Buffer.from(all).toString("hex"));
  for (const byte of all)
    expect(toHex(Uint8Array.of(byte))).toBe(toHex(all).slice(2 * byte, 2 * byte + 2));
  expect(toHex(new Uint8Array(0))).toBe("");
});

test("text of any length and any characters is the UTF-8 that the platform makes of it", () => {
  const ascii = fc.string({ unit: "binary-ascii", maxLength: 130, size: "max" });
  // Code units one by one: halves of surrogate pairs, too, which become U+FFFD.
  const unit = fc.oneof(fc.nat(0xff), fc.nat(0xffff));
  const units = fc.array(unit, { maxLength: 70 });
  const any = units.map((codes) => String.fromCharCode(...codes));
  const mostlyAscii = fc.tuple(ascii, any).map(([one, other]) => one + other.slice(0, 1));
  fc.assert(
    fc.property(fc.oneof(ascii, any, mostlyAscii), (text) => {
      expect(utf8(text)).toEqual(new TextEncoder().encode(text));
      expect(utf8(text).length).toBe(utf8Length(text));
    }),
  );
});
