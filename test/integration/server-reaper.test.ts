/** When many are silent at once it is more likely us, or the network; a few are just dead. */
import { expect, test } from "vitest";
import { ServerWorld } from "./server-world.ts";

test("a few that expire die; sixty of sixty-two are held, asked again, and live", async () => {
  const world = new ServerWorld();
  const server = await world.start({ timeoutMs: 10_000, answerWithinMs: 2_000 });
  const lines = Array.from({ length: 60 }, () => world.plain("hello\n"));
  world.pass(5_000);
  for (let one = 0; one < 2; one++) world.plain("hello\n");
  world.pass(5_100);
  expect(server.stats()).toMatchObject({ open: 62, massExpiries: 1, ended: {} });
  expect(world.observed).toContainEqual({ what: "mass-expiry", held: 60, live: 62 });
  for (const client of lines.slice(0, 59)) client.write("ping\n");
  world.pass(2_100);
  // Held once: the one that stayed silent is dead now.
  expect(server.stats()).toMatchObject({ open: 61, massExpiries: 1, ended: { PEER_SILENT: 1 } });
  expect(world.ends).toMatchObject([{ evidence: { heldForMassExpiry: true } }]);
});

test("nobody is held twice, however many there are", async () => {
  const world = new ServerWorld();
  const server = await world.start({ timeoutMs: 10_000, answerWithinMs: 2_000 });
  for (let one = 0; one < 60; one++) world.plain("hello\n");
  world.pass(11_000);
  expect(server.stats()).toMatchObject({ open: 60, massExpiries: 1 });
  world.pass(1_100);
  expect(server.stats()).toMatchObject({ massExpiries: 1, ended: { PEER_SILENT: 60 } });
});

test("frame peers outlive a cable that was cut for a while, but for the first few", async () => {
  const world = new ServerWorld();
  const server = await world.start({ timeoutMs: 10_000, answerWithinMs: 2_000 });
  const patient = { answerWithinMs: 60_000 };
  for (let seed = 0; seed < 400; seed++) world.frame({}, patient, seed);
  // Their beats are spread over 10 s by now, so some 40 of them expire in each second of silence.
  world.pass(30_000);
  expect(server.stats()).toMatchObject({ open: 400, massExpiries: 0 });
  world.network.cut();
  world.pass(6_000);
  world.network.heal();
  world.pass(30_000);
  const { open, massExpiries } = server.stats();
  expect(massExpiries).toBeGreaterThan(0);
  // Without the rule some 80 would be gone.
  expect(open).toBeGreaterThan(350);
});

test("ten of ten that expire die: below fifty nothing is held", async () => {
  const world = new ServerWorld();
  const server = await world.start({ timeoutMs: 10_000 });
  for (let one = 0; one < 10; one++) world.plain("hello\n");
  world.pass(10_100);
  expect(server.stats()).toMatchObject({ massExpiries: 0, ended: { PEER_SILENT: 10 } });
});

test("a stall of our own ends nobody, and is told", async () => {
  const world = new ServerWorld();
  const server = await world.start({ timeoutMs: 10_000 });
  const clients = Array.from({ length: 20 }, () => world.plain("hello\n"));
  world.pass(9_000);
  world.clock.stall(5_000); // What they wrote meanwhile waits in the kernel.
  for (const client of clients) client.write("ping\n");
  world.pass(100);
  expect(server.stats()).toMatchObject({ open: 20, stalls: 1, ended: {} });
  expect(world.observed).toMatchObject([{ what: "stall", suspended: false }]);
});

test("after a sleep of the machine every frame peer is asked", async () => {
  const world = new ServerWorld();
  const server = await world.start({ answerWithinMs: 2_000 });
  const answered = new Set<string>();
  server.on("beat", ({ id }, { of }) => {
    if (of === "ours") answered.add(id);
  });
  for (let seed = 0; seed < 3; seed++) world.frame({}, {}, seed);
  world.pass(6_000); // The clocks are compared from tick to tick, so there has to be one before.
  answered.clear();
  world.clock.wallAheadMs += 3_600_000;
  world.pass(6_000);
  expect(world.observed).toMatchObject([{ what: "stall", lateMs: 0, suspended: true }]);
  expect(answered.size).toBe(3);
});

test("a server that nobody visits lets its process sleep", async () => {
  const world = new ServerWorld();
  const server = await world.start({ timeoutMs: 1_000 });
  expect(world.clock.alarmCount).toBe(0);
  world.plain("hello\n");
  world.pass(20_000);
  expect(server.stats().open).toBe(0);
  expect(world.clock.alarmCount).toBe(0);
});
