import { expect, test } from "vitest";
import { LinkRig } from "../../test/support/link-rig.ts";
import { resolveConnect } from "./socket-terms.ts";
import { parseTarget } from "./target.ts";
import { connectWith } from "./link.ts";
import type { ConnectOptions } from "./options.ts";
import { isSame, SharedConfig } from "./shared-config.ts";
import { LinkWatch } from "./watch.ts";

test("links that ask for the same share one config, and others do not", () => {
  const shared = new SharedConfig();
  const observe = (): void => {};
  const first = shared.of(resolveConnect({ observe, redial: { capMs: 5_000 } }), false);
  const again = resolveConnect({ observe, redial: { capMs: 5_000 } });
  expect(shared.of(again, false)).toBe(first);
  const secure = shared.of(again, true);
  expect(secure.dial).toBe(again.dial);
  expect(secure.connection).toBe(first.connection);
  const different: readonly ConnectOptions[] = [
    { observe, redial: { capMs: 6_000 } },
    { observe: () => {}, redial: { capMs: 5_000 } },
    { observe, redial: { capMs: 5_000 }, line: { ping: "PING" } },
    { observe, redial: { capMs: 5_000 }, token: "t" },
    { observe, redial: { capMs: 5_000 }, heartbeat: { adaptive: {} } },
  ];
  for (const options of different) {
    const config = resolveConnect(options);
    expect(shared.of(config, false)).toBe(config);
    expect(config).not.toBe(first);
  }
});

test("what only looks alike is not the same", () => {
  expect(isSame({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBe(true);
  const pairs: readonly (readonly [unknown, unknown])[] = [
    [{ a: 1 }, { a: 1, b: undefined }],
    [{ a: undefined }, { b: undefined }],
    [[1], { 0: 1, length: 1 }],
    [new Map([[1, 2]]), new Map([[1, 2]])],
    [Uint8Array.of(1), Uint8Array.of(2)],
    [0, -0],
    [null, {}],
  ];
  for (const [a, b] of pairs) expect(isSame(a, b)).toBe(false);
});

test("urls are read once for links that name the same, and in their order", () => {
  const shared = new SharedConfig();
  const urls = ["tcp://a.example:1", "line://b.example:2"];
  const targets = shared.targets(urls, parseTarget);
  expect(targets.map(({ label }) => label)).toEqual(urls);
  expect(shared.targets([...urls], parseTarget)).toBe(targets);
  expect(shared.targets(urls.toReversed(), parseTarget).map(({ label }) => label)).toEqual(
    urls.toReversed(),
  );
});

test("links of one tolerance share a watch for as long as there are any", () => {
  const { clock } = new LinkRig();
  const watch = new LinkWatch({ tickMs: 10, stallToleranceMs: 250 }, clock);
  const [one, two] = [{ onStall() {} }, { onStall() {} }];
  expect(watch.join(one, 250)).toBe(watch);
  const tolerant = watch.join(one, 400);
  expect(tolerant).not.toBe(watch);
  expect(tolerant.timetable).toBe(watch.timetable);
  expect(watch.join(two, 400)).toBe(tolerant);
  tolerant.leave(one);
  expect(watch.join(one, 400)).toBe(tolerant);
  for (const member of [one, two]) tolerant.leave(member);
  expect(watch.join(one, 400)).not.toBe(tolerant);
});

test("a hundred links of one process hold three timers, whatever each is waiting for", async () => {
  const rig = new LinkRig();
  rig.listen("a.example:1");
  const watch = new LinkWatch({ tickMs: 10, stallToleranceMs: 250 }, rig.clock);
  const platform = { ...rig.platform, watch, configs: new SharedConfig() };
  const links = Array.from({ length: 100 }, (_, index) => {
    const url = index % 2 === 0 ? "tcp://a.example:1" : "tcp://nobody.example:1";
    const stallToleranceMs = index % 4 < 2 ? 250 : 400;
    return connectWith(platform, url, { stallToleranceMs, redial: { attemptsMax: false } });
  });
  await rig.advance(30_000);
  const names = links.map(({ status }) => status.name);
  expect(names.filter((name) => name === "online")).toHaveLength(50);
  // The connections of each of two tolerances, and the timetable of those that wait. (The server
  // of the rig has the fourth.)
  expect(rig.clock.alarmCount).toBe(4);
  await Promise.all([...links.map((link) => link.close()), rig.advance(10_000)]);
  expect(rig.clock.alarmCount).toBeLessThanOrEqual(1);
});
