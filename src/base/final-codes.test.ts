import { expect, test } from "vitest";
import { ERRORS, type ErrorCode } from "./errors.ts";
import { isFinal } from "./final-codes.ts";

test("the codes after which nobody dials again are those of the table", () => {
  const codes = Object.keys(ERRORS) as ErrorCode[];
  expect(codes.filter((code) => isFinal(code))).toEqual(
    codes.filter((code) => !ERRORS[code].retry),
  );
});

test("a part of a code, or two of them, is no code", () => {
  for (const text of ["", "ABORT", "CLOSED", "CLOSED_HERE ABORTED"]) {
    expect(isFinal(text), text).toBe(text === "CLOSED_HERE ABORTED");
  }
});
