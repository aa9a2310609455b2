/** How a link of a page ends: once, from whatever state, and with nothing left behind. */
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { PageRig } from "../../test/support/page-rig.ts";
import type { Link } from "./page-link.ts";

const URL = "ws://a.example:1";
const PLACE = "a.example:1";

/** Brings a link into each state that is not the end. */
const STATES: readonly (readonly [string, (rig: PageRig) => Promise<void>])[] = [
  ["not begun", () => Promise.resolve()],
  [
    "connecting",
    (rig) => {
      rig.network.cut();
      return rig.settle();
    },
  ],
  ["waiting", (rig) => rig.settle()],
  [
    "online",
    (rig) => {
      rig.listen(PLACE);
      return rig.settle();
    },
  ],
];

async function expectOneEnd(rig: PageRig, link: Link, code: string): Promise<void> {
  await rig.advance(120_000);
  const record = await link.ended;
  expect(record.code).toBe(code);
  expect(link.status).toEqual({ name: "ended", record });
  expect(rig.all("end")).toEqual([[record]]);
  expect(rig.statuses.indexOf("ended")).toBe(rig.statuses.length - 1);
  expect(rig.clock.alarmCount).toBe(0);
  expect(rig.reported).toEqual([]);
}

for (const [state, reach] of STATES) {
  test(`closing a link that is ${state} ends it once`, async () => {
    const rig = new PageRig();
    const link = rig.open(URL);
    await reach(rig);
    const closed = link.close("enough");
    expect(link.close("again")).toBe(closed);
    await expectOneEnd(rig, link, "CLOSED_HERE");
    expect((await closed).sentence).toBe("closed here: enough");
  });

  test(`aborting a link that is ${state} ends it once`, async () => {
    const rig = new PageRig();
    const controller = new AbortController();
    const link = rig.open(URL, { signal: controller.signal });
    await reach(rig);
    controller.abort();
    await rig.settle();
    expect(link.status.name).toBe("ended");
    expect(() => link.send("late")).toThrow(/the link has ended \(ABORTED\)/);
    await expectOneEnd(rig, link, "ABORTED");
  });
}

test("a signal that was triggered before ends the link before it dials", async () => {
  const rig = new PageRig();
  const link = rig.open(URL, { signal: AbortSignal.abort() });
  await expectOneEnd(rig, link, "ABORTED");
  expect(rig.dialled).toEqual([]);
});

test("an ended link has let go of its signal", async () => {
  const rig = new PageRig();
  let listeners = 0;
  const signal = {
    aborted: false,
    addEventListener: () => void (listeners += 1),
    removeEventListener: () => void (listeners -= 1),
  };
  const link = rig.open(URL, { signal });
  expect(listeners).toBe(1);
  await link.close();
  expect(listeners).toBe(0);
});

test("what was sent before close still arrives, though the link was not even online", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  const link = rig.open(URL);
  link.send("one");
  link.send("two");
  void link.close("done");
  expect(() => link.send("three")).toThrow(/closing/);
  await rig.advance(100);
  expect(server.messages).toEqual(["one", "two"]);
  expect(server.records[0]).toMatchObject({ code: "CLOSED_BY_PEER", by: "peer" });
  expect(rig.clock.alarmCount).toBe(0);
  expect(await link.ended).toMatchObject({ code: "CLOSED_HERE", undelivered: [] });
});

test("disposing of a link closes it in good order", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  const link = rig.open(URL);
  link.send("last words");
  const disposed = link[Symbol.asyncDispose]();
  await rig.advance(100);
  await disposed;
  expect(server.messages).toEqual(["last words"]);
  expect(link.status.name).toBe("ended");
});

test("close waits for no longer than its timeout, and hands back what did not go out", async () => {
  const rig = new PageRig();
  const link = rig.open(URL, { closeTimeoutMs: 3_000 });
  link.send("never");
  void link.close();
  await rig.advance(2_999);
  expect(link.status.name).not.toBe("ended");
  await rig.advance(1);
  expect(await link.ended).toMatchObject({ code: "CLOSED_HERE", undelivered: ["never"] });
  expect(rig.all("undelivered")).toEqual([
    [{ messages: ["never"], code: "CLOSED_HERE", sentence: "closed here" }],
  ]);
});

test("a refused token is fetched again once, and then the link ends", async () => {
  const rig = new PageRig();
  rig.listen(PLACE).refusal = "UNAUTHORIZED";
  const tokens = ["old-secret", "new-secret", "third-secret"];
  const link = rig.open(URL, { token: () => Promise.resolve(tokens.shift() ?? "") });
  await expectOneEnd(rig, link, "UNAUTHORIZED");
  expect(tokens).toEqual(["third-secret"]);
  const shown = inspect([rig.told, rig.observed, await link.ended], { depth: null });
  expect(shown).toContain("UNAUTHORIZED");
  expect(shown).not.toContain("-secret");
});

test("a new token lets the link in, and is kept", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  server.refusal = "UNAUTHORIZED";
  let fetched = 0;
  const link = rig.open(URL, { token: () => `token ${++fetched}` });
  await rig.settle();
  server.refusal = undefined;
  await rig.advance(10_000);
  expect(link.status.name).toBe("online");
  server.driven?.abort("OVERLOADED", "");
  await rig.advance(10_000);
  expect(server.hellos.map(({ token }) => token)).toEqual(["token 1", "token 2", "token 2"]);
});

test("a token that is a string cannot be refreshed", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  server.refusal = "UNAUTHORIZED";
  const link = rig.open(URL, { token: "fixed" });
  await expectOneEnd(rig, link, "UNAUTHORIZED");
  expect(server.hellos).toHaveLength(1);
});

test("what a token function throws fails the attempt, and stays out of sentences", async () => {
  const rig = new PageRig();
  const link = rig.open(URL, {
    redial: { attemptsMax: 2 },
    token: () => {
      throw new Error("no such key: hunter2");
    },
  });
  await expectOneEnd(rig, link, "REDIAL_EXHAUSTED");
  const record = await link.ended;
  expect(record.lastCause).toMatchObject({ code: "DIAL_FAILED" });
  expect(record.sentence).toContain("the function given as `token` threw");
  expect(record.sentence).not.toContain("hunter2");
});

test("a token function that never answers is cut off by the attempt's deadline", async () => {
  const rig = new PageRig();
  const link = rig.open(URL, {
    redial: { attemptsMax: 1, attemptTimeoutMs: 1_000 },
    token: () => new Promise<string>(() => {}),
  });
  await rig.advance(1_000);
  expect((await link.ended).lastCause?.code).toBe("DIAL_TIMEOUT");
  expect(rig.dialled).toEqual([]);
});

test("a token function may close the link", async () => {
  const rig = new PageRig();
  rig.listen(PLACE);
  const link: Link = rig.open(URL, {
    token: () => {
      void link.close("changed my mind");
      return "token";
    },
  });
  await expectOneEnd(rig, link, "CLOSED_HERE");
  expect(rig.dialled).toEqual([]);
});

test("a token over plain text is warned about once, and not on this machine", async () => {
  const rig = new PageRig();
  const options = { token: "very-secret", redial: { attemptsMax: 3 } };
  for (const url of ["ws://localhost:1", "ws://127.0.0.9:1", "ws://[::1]:1", "wss://b.example:1"]) {
    rig.open(url, options);
  }
  rig.open("line+ws://a.example:1", options);
  await rig.advance(60_000);
  expect(rig.observed).toEqual([]);
  rig.open(URL, options);
  await rig.advance(60_000);
  expect(rig.observed).toHaveLength(1);
  expect(rig.observed[0]).toMatchObject({ what: "warning" });
  expect(JSON.stringify(rig.observed)).toContain(`travels to ${URL}/ as plain text`);
  expect(JSON.stringify(rig.observed)).not.toContain("very-secret");
});
