import { expect, test } from "vitest";
import { saidTogether } from "./notify-channel.ts";

test("beats and states that wait are said once, the newest of each", () => {
  expect(saidTogether("WATCHDOG=1", "WATCHDOG=1")).toBe("WATCHDOG=1");
  expect(saidTogether("WATCHDOG=1\nSTATUS=1 open", "WATCHDOG=1")).toBe("WATCHDOG=1\nSTATUS=1 open");
  expect(saidTogether("STATUS=1 open", "WATCHDOG=1\nSTATUS=2 open")).toBe(
    "STATUS=2 open\nWATCHDOG=1",
  );
});

test("what is said once is said by itself, in its order", () => {
  expect(saidTogether(undefined, "WATCHDOG=1")).toBeUndefined();
  expect(saidTogether("READY=1\nSTATUS=0 open", "WATCHDOG=1")).toBeUndefined();
  expect(saidTogether("WATCHDOG=1", "RELOADING=1\nMONOTONIC_USEC=5")).toBeUndefined();
  expect(saidTogether("WATCHDOG=1", "STOPPING=1\nSTATUS=draining: 1 open")).toBeUndefined();
});
