/**
 * Listeners that act on the very thing that called them, over each route, on both sides and in both
 * dialects: whatever they do, there is one end each, and everybody else is served as before.
 *
 * What is decided above every transport is tried over TCP only.
 */
import { expect, test } from "vitest";
import { connect, type Link, type LinkStatus } from "../../src/index.ts";
import { DIALECTS, EACH_ROUTE, listenOn, type Route, routeNamed } from "../support/routes.ts";
import { codeThrownBy, Scene } from "./hostile/bystanders.ts";
import { BUILT_DOOR, FarProcess } from "./hostile/far-process.ts";
import { FLOW_COUNT, Flow } from "./hostile/flow.ts";
import { closed, muteServer, plainClient } from "./hostile/silent-ends.ts";

const MESSAGES = ["1", "2", "3", "4", "5"];
const LIMIT = { timeout: 10_000 };

for (const route of EACH_ROUTE) {
  for (const dialect of DIALECTS) {
    const here = `${route.name}, ${dialect}`;

    test(`${here}: a server closes inside a message listener`, async () => {
      const scene = await Scene.open(route);
      const heard: unknown[] = [];
      const { link, connection } = await scene.pair(dialect, { redial: { attemptsMax: 1 } });
      connection.on("message", (data) => {
        heard.push(data);
        if (data === "2") connection.close("two is enough");
      });
      for (const message of MESSAGES) link.send(message);
      const { lastCause } = await link.ended;
      await scene.expectSound(["CLOSED_HERE"]);
      console.log(`${here}: closed at "2", heard ${heard.join()}; ${lastCause?.sentence}`);
      expect(lastCause?.code).toBe("CLOSED_BY_PEER");
      expect(codeThrownBy(() => connection.send("x"))).toBe("NOT_OPEN");
    });

    test(`${here}: a server destroys inside a message listener, and hears no more`, async () => {
      const scene = await Scene.open(route);
      const heard: unknown[] = [];
      const { link, connection } = await scene.pair(dialect, { redial: { attemptsMax: 1 } });
      connection.on("message", (data) => {
        heard.push(data);
        if (data !== "2") return;
        connection.destroy();
        connection.destroy();
        connection.close();
      });
      for (const message of MESSAGES) link.send(message);
      await link.ended;
      await scene.expectSound(["CLOSED_HERE"]);
      expect(heard).toEqual(["1", "2"]);
    });

    test(`${here}: a server sends inside a drain listener`, async () => {
      const scene = await Scene.open(route, { outboxHighWaterBytes: 65_536 });
      const { link, connection } = await scene.pair(dialect);
      const flow = new Flow((data) => connection.send(data));
      connection.on("drain", () => flow.push());
      link.on("message", (data) => flow.take(data));
      flow.push();
      await flow.arrived;
      console.log(`${here}: the server sent ${FLOW_COUNT} messages in ${flow.pushes} drains`);
      await scene.expectSound();
      expect(flow.pushes).toBeGreaterThan(10);
    });

    test(`${here}: a link sends inside a drain listener`, async () => {
      const scene = await Scene.open(route);
      const link = scene.link(dialect, { outboxHighWaterBytes: 65_536 });
      const flow = new Flow((data) => link.send(data));
      scene.server.on("message", (_, data) => flow.take(data));
      link.on("drain", () => flow.push());
      flow.push();
      await flow.arrived;
      console.log(`${here}: the link sent ${FLOW_COUNT} messages in ${flow.pushes} drains`);
      await link.close();
      await scene.expectSound(["CLOSED_BY_PEER"]);
      expect(flow.pushes).toBeGreaterThan(10);
    });

    test(`${here}: a server is closed inside a message listener`, async () => {
      const scene = await Scene.open(route);
      const links: Link[] = [];
      for (let count = 0; count < 20; count++) links.push((await scene.pair(dialect)).link);
      const over = new Promise<void>((resolve) => {
        scene.server.on("message", (connection, data) => {
          if (data !== "close") return;
          resolve(scene.server.close({ graceMs: 1_000 }));
          connection.close();
        });
      });
      links[0]?.send("close");
      await over;
      console.log(`${here}: the server closed with the ends ${scene.codes.toSorted().join()}`);
      expect(scene.server.connections()).toEqual([]);
      expect(scene.server.stats().open + scene.server.stats().refusing).toBe(0);
      // Twenty, and the two bystanders; nobody twice.
      expect(scene.ends).toHaveLength(22);
      expect(new Set(scene.ends.map(({ connection }) => connection.id)).size).toBe(22);
      const knock = await connect(route.linkUrl(scene.url, "frame"), {
        ...route.connectOptions,
        redial: { attemptsMax: 1 },
      }).ended;
      expect(knock.code).toBe("REDIAL_EXHAUSTED");
    });

    test(`${here}: a link closes inside a message listener`, async () => {
      const scene = await Scene.open(route);
      const { link, connection } = await scene.pair(dialect);
      const heard: unknown[] = [];
      let ends = 0;
      link.on("end", () => {
        ends += 1;
      });
      link.on("message", (data) => {
        heard.push(data);
        if (data === "2") void link.close("two is enough");
      });
      for (const message of MESSAGES) connection.send(message);
      const { code } = await link.ended;
      await scene.expectSound(["CLOSED_BY_PEER"]);
      console.log(`${here}: the link closed at "2" and heard ${heard.join()}`);
      expect({ code, ends }).toEqual({ code: "CLOSED_HERE", ends: 1 });
    });

    for (const name of ["connecting", "online", "waiting", "ended"] as const) {
      test(`${here}: a link closes inside a status listener, at "${name}"`, async () => {
        const scene = await Scene.open(route);
        const next = scene.next(dialect);
        const link = scene.link(dialect);
        const told: LinkStatus["name"][] = [];
        let ends = 0;
        link.on("end", () => {
          ends += 1;
        });
        link.on("status", (status) => {
          told.push(status.name);
          if (status.name === name) void link.close();
        });
        const toldNext: LinkStatus["name"][] = [];
        link.on("status", (status) => void toldNext.push(status.name));
        if (name === "waiting" || name === "ended") {
          link.send("greeting");
          const connection = await next;
          await link.delivered();
          if (name === "waiting") connection.destroy();
          else void link.close();
        }
        const { code } = await link.ended;
        console.log(`${here}: closed at "${name}", told ${told.join()}`);
        expect({ code, ends }).toEqual({ code: "CLOSED_HERE", ends: 1 });
        expect(told.filter((one) => one === "ended")).toHaveLength(1);
        expect(told.at(-1)).toBe("ended");
        // What a listener brings about reaches the next one after what it was called for.
        expect(toldNext).toEqual(told);
        await scene.expectSound(endsWhenClosedAt(name, route));
      });
    }
  }
}

const ENDS_WHEN_CLOSED_AT = {
  connecting: [],
  online: ["CLOSED_BY_PEER"],
  waiting: ["CLOSED_HERE"],
  ended: ["CLOSED_BY_PEER"],
} as const;

/** The kernel connects a Unix socket at once, so the server has seen it already. */
function endsWhenClosedAt(
  name: keyof typeof ENDS_WHEN_CLOSED_AT,
  { name: route }: Route,
): string[] {
  if (name === "connecting" && route === "unix") return ["CLOSED_BY_PEER"];
  return [...ENDS_WHEN_CLOSED_AT[name]];
}

const route = routeNamed("tcp");
for (const dialect of DIALECTS) {
  const here = `${route.name}, ${dialect}`;

  test(`${here}: a server sends inside an end listener`, async () => {
    const scene = await Scene.open(route);
    const leaver = await scene.pair(dialect);
    const stayer = await scene.pair(dialect);
    const thrown: string[] = [];
    leaver.connection.on("end", () => {
      thrown.push(codeThrownBy(() => leaver.connection.send("too late")));
      stayer.connection.send("one has left");
      leaver.connection.destroy();
    });
    scene.server.on("end", (connection) => {
      thrown.push(codeThrownBy(() => connection.send("too late, too")));
      scene.server.broadcast("told to all");
    });
    const told: unknown[] = [];
    stayer.link.on("message", (data) => void told.push(data));
    await leaver.link.close();
    await scene.expectSound(["CLOSED_BY_PEER"]);
    await expect.poll(() => told, LIMIT).toEqual(["one has left", "told to all"]);
    expect(thrown).toEqual(["NOT_OPEN", "NOT_OPEN"]);
  });

  test(`${here}: a server destroys inside a verdict listener`, async () => {
    const scene = await Scene.open(route, {
      timeoutMs: 2_000,
      leaseMsMax: 2_000,
      answerWithinMs: 5_000,
    });
    const peer = scene.next(dialect);
    const beganAt = performance.now();
    const socket = plainClient(scene.way, dialect);
    const connection = await peer;
    const verdicts: string[] = [];
    connection.on("verdict", (verdict) => {
      verdicts.push(verdict);
      connection.destroy();
    });
    await closed(socket);
    const tookMs = Math.round(performance.now() - beganAt);
    await scene.expectSound(["CLOSED_HERE"]);
    console.log(`${here}: destroyed at verdict ${verdicts.join()} after ${tookMs} ms`);
    expect(verdicts).toEqual(["suspect"]);
  });

  test(`${here}: a link sends inside the listeners for its ends`, async () => {
    const scene = await Scene.open(route);
    const { link, connection } = await scene.pair(dialect);
    const heard: unknown[] = [];
    scene.server.on("message", (_, data) => void heard.push(data));
    const stop = link.on("connectionEnd", () => {
      stop();
      link.send("from the grave");
    });
    connection.destroy();
    await expect.poll(() => heard, LIMIT).toContain("from the grave");
    await scene.expectSound(["CLOSED_HERE"]);
    let thrown = "";
    let ends = 0;
    link.on("end", () => {
      ends += 1;
      thrown = codeThrownBy(() => link.send("too late"));
      void link.close();
    });
    const ended = link.close();
    expect((await ended).code).toBe("CLOSED_HERE");
    expect({ thrown, ends }).toEqual({ thrown: "NOT_OPEN", ends: 1 });
  });

  test(`${here}: a link is aborted when its server becomes suspect`, async () => {
    const scene = await Scene.open(route);
    const mute = await muteServer(dialect);
    const abort = new AbortController();
    const link = connect(route.linkUrl(`tcp://127.0.0.1:${mute}`, dialect), {
      signal: abort.signal,
      heartbeat: { intervalMs: 50, answerWithinMs: 600 },
    });
    const told: string[] = [];
    link.on("status", ({ name }) => {
      told.push(name);
      if (name === "suspect") abort.abort();
    });
    let ends = 0;
    link.on("end", () => {
      ends += 1;
    });
    expect((await link.ended).code).toBe("ABORTED");
    expect(told).toEqual(["connecting", "online", "suspect", "ended"]);
    expect(ends).toBe(1);
    await scene.expectSound();
  });
}

test("a listener that throws is an uncaught error, and harms nothing", async () => {
  const far = new FarProcess("throwing.mjs", [BUILT_DOOR]);
  for (const each of EACH_ROUTE) {
    for (const dialect of DIALECTS) {
      const listened = await far.ask<string>("serve", listenOn([each]));
      const ask = { url: each.linkUrl(listened, dialect), options: each.connectOptions };
      expectThrown(`${each.name}, ${dialect}`, await far.ask<Thrown>("throwEverywhere", ask));
    }
  }
});

function expectThrown(title: string, { uncaught, echoed, ends }: Thrown): void {
  console.log(`${title}: uncaught ${JSON.stringify(uncaught)}, ends ${JSON.stringify(ends)}`);
  for (const where of [
    "server connection",
    "server message",
    "connection message",
    "server end",
    "connection end",
    "link status connecting",
    "link status online",
    "link status ended",
    "link message",
    "link connectionEnd",
    "link end",
  ]) {
    expect(uncaught[where] ?? 0, where).toBeGreaterThan(0);
  }
  expect(echoed).toEqual(MESSAGES);
  expect(ends).toEqual({ thrower: ["CLOSED_BY_PEER"], link: ["CLOSED_HERE"] });
}

interface Thrown {
  readonly uncaught: Readonly<Record<string, number>>;
  readonly echoed: readonly string[];
  readonly ends: { readonly thrower: readonly string[]; readonly link: readonly string[] };
}
