import { afterEach, expect, test } from "vitest";
import { bunEngine } from "./bun-engine.ts";
import { chooseEngine } from "./choose-engine.ts";
import { PROC_UNACKED, UnackedReader } from "./unacked-reader.ts";

const base = {
  native: undefined,
  unacked: new UnackedReader(PROC_UNACKED),
  overwriteAfterRead: false,
};

const pretended = globalThis as { Bun?: unknown };

afterEach(() => {
  delete pretended.Bun;
});

test("where the runtime has no such sockets there is no such engine", () => {
  expect(bunEngine(base)).toBeUndefined();
  pretended.Bun = { version: "1.0.0" };
  expect(bunEngine(base)).toBeUndefined();
});

test("sockets of the runtime that do not work are left for the next engine", async () => {
  let askedCount = 0;
  pretended.Bun = {
    listen() {
      askedCount += 1;
      throw new Error("not this time");
    },
  };
  expect(bunEngine(base)?.name).toBe("bun");
  expect((await chooseEngine("auto", "at accept")).engine.name).toBe("shared");
  expect(askedCount).toBe(1);
});

test("whoever asks for an engine gets no other", async () => {
  pretended.Bun = {
    listen() {
      throw new Error("nobody asked for it");
    },
  };
  expect((await chooseEngine("public", "at accept")).engine.name).toBe("public");
  expect((await chooseEngine("shared", "at accept")).engine.name).toBe("shared");
});
