import { expect, test } from "vitest";
import { paintFor } from "./paint.ts";

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [true, { TERM: "dumb" }, false],
  [false, { FORCE_COLOR: "1" }, true],
  [true, { FORCE_COLOR: "0" }, false],
  [false, { FORCE_COLOR: "1", NO_COLOR: "1" }, true],
])("terminal %s with %j is coloured: %s", (isTerminal, env, isColoured) => {
  const painted = paintFor(isTerminal, env)("red", "text");
  expect(painted).toBe(isColoured ? "\u001b[31mtext\u001b[39m" : "text");
});
