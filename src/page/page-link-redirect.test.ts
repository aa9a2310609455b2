/** Servers that go away, and where they may send the link of a page. */
import { expect, test } from "vitest";
import { PageRig } from "../../test/support/page-rig.ts";

const URL = "ws://a.example:1";
const PLACE = "a.example:1";
const NOW = { reason: "moving", retry: "now", afterMs: 0, spreadMs: 0 } as const;

test("a server that goes away gets all that was sent before the link leaves", async () => {
  const rig = new PageRig();
  const old = rig.listen(PLACE);
  const next = rig.listen("a.example:2");
  const link = rig.open(URL);
  await rig.settle();
  rig.network.cut();
  link.send("for the old one");
  rig.network.heal();
  old.driven?.goAway({ ...NOW, url: "ws://a.example:2" });
  await rig.advance(1_000);
  expect(old.messages).toEqual(["for the old one"]);
  expect(rig.all("connectionEnd")[0]?.[0].code).toBe("DRAINED");
  expect(rig.all("undelivered")).toEqual([]);
  expect(link.status).toMatchObject({ name: "online", url: "ws://a.example:2/" });
  link.send("for the new one");
  await rig.advance(100);
  expect(next.messages).toEqual(["for the new one"]);
});

test("what is sent once the server asked the link to leave goes to the next one", async () => {
  const rig = new PageRig();
  const old = rig.listen(PLACE);
  const next = rig.listen("a.example:2");
  const link = rig.open(URL);
  await rig.settle();
  link.on("goaway", () => void link.send("late"));
  old.driven?.goAway({ ...NOW, url: "ws://a.example:2" });
  await rig.advance(1_000);
  expect(old.messages).toEqual([]);
  expect(next.messages).toEqual(["late"]);
  await link.delivered();
});

test("retry after is obeyed", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  const link = rig.open(URL);
  await rig.settle();
  server.driven?.goAway({ ...NOW, retry: "after", afterMs: 40_000, spreadMs: 2_000 });
  await rig.settle();
  expect(link.status).toMatchObject({ name: "waiting", delayMs: 41_000 });
  link.wake();
  await rig.advance(39_000);
  expect(server.accepted).toBe(1);
  await rig.advance(2_000);
  expect(server.accepted).toBe(2);
});

test("retry never ends the link", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  const link = rig.open(URL);
  await rig.settle();
  server.driven?.goAway({ ...NOW, retry: "never" });
  await rig.settle();
  expect((await link.ended).code).toBe("TURNED_AWAY");
});

test("a redirect to another host is followed only where it is listed", async () => {
  for (const redirectTo of [[], ["B.example"]]) {
    const rig = new PageRig();
    rig.listen(PLACE).goaway = { ...NOW, url: "ws://b.example:1" };
    rig.listen("b.example:1");
    rig.open(URL, { redirectTo });
    await rig.advance(1_000);
    const isListed = redirectTo.length > 0;
    expect(rig.dialled.includes("b.example:1")).toBe(isListed);
    const warnings = rig.observed.filter(({ what }) => what === "warning");
    expect(warnings.length > 0).toBe(!isListed);
  }
});

test("after a redirect that leads nowhere the listed url counts again", async () => {
  const rig = new PageRig();
  const server = rig.listen(PLACE);
  server.goaway = { ...NOW, url: "ws://a.example:2" };
  const link = rig.open(URL);
  await rig.settle();
  server.goaway = undefined;
  await rig.advance(60_000);
  expect(rig.dialled).toEqual([PLACE, "a.example:2", PLACE]);
  expect(link.status).toMatchObject({ name: "online", url: `${URL}/` });
});

test("servers that send the link in a circle end it after three redirects", async () => {
  const rig = new PageRig();
  rig.listen(PLACE).goaway = { ...NOW, url: "ws://a.example:2" };
  rig.listen("a.example:2").goaway = { ...NOW, url: URL };
  const link = rig.open(URL);
  await rig.advance(120_000);
  const record = await link.ended;
  expect(record.code).toBe("REDIRECTS_MAX");
  expect(rig.dialled).toHaveLength(4);
  expect(rig.all("end")).toHaveLength(1);
});
