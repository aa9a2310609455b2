import { expect, test } from "vitest";
import { parseCoreList, pinningAmong } from "./cores.ts";

test.each([
  ["0-1", [0, 1]],
  ["0,2-4,7", [0, 2, 3, 4, 7]],
  ["5\n", [5]],
  ["", []],
])("the kernel's list %j is %j", (text, cores) => {
  expect(parseCoreList(text)).toEqual(cores);
});

test("server and load never share a core", () => {
  expect(pinningAmong([0])).toBeUndefined();
  expect(pinningAmong([0, 1])).toEqual({ server: 1, load: "0" });
  expect(pinningAmong([2, 5, 6])).toEqual({ server: 6, load: "2" });
});
