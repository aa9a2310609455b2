/**
 * Servers that send their clients round in circles, or away: a link never spins, and follows
 * nobody to a foreign place.
 */
import { expect, test } from "vitest";
import {
  type ConnectOptions,
  connect,
  type LinkEndRecord,
  type Observation,
} from "../../../src/index.ts";
import { routeNamed } from "../../support/routes.ts";
import { GoawayServer } from "./goaway-server.ts";

/** Three are followed; the fourth server that points elsewhere is one too many. */
const DIALS_IN_CIRCLES = 4;
/** No redial is sooner, whatever the server says, but for the first: one "now" is believed. */
const GAP_MS_MIN = 95;
const BASE_MS = 200;

interface Fate {
  readonly record: LinkEndRecord;
  readonly tookMs: number;
  readonly warnings: readonly string[];
  readonly goaways: number;
}

async function sendInCircles(url: string, options: ConnectOptions = {}): Promise<Fate> {
  const warnings: string[] = [];
  const observe = (observation: Observation): void => {
    if (observation.what === "warning") warnings.push(observation.text);
  };
  const beganAt = performance.now();
  const link = connect(url, {
    observe,
    redial: { baseMs: BASE_MS, attemptsMax: 5 },
    closeTimeoutMs: 500,
    ...options,
  });
  let goaways = 0;
  link.on("goaway", () => {
    goaways += 1;
  });
  const record = await link.ended;
  return { record, tookMs: Math.round(performance.now() - beganAt), warnings, goaways };
}

for (const welcomes of [true, false]) {
  const when = welcomes ? "after WELCOME" : "instead of WELCOME";

  test(`sent back to the same server ${when}: ends with REDIRECTS_MAX`, async () => {
    const server = await GoawayServer.start({ url: () => server.url, welcomes });
    const { record, tookMs } = await sendInCircles(server.url);
    console.log(`to itself, ${when}: ${server.dials} dials, ${tookMs} ms, ${record.sentence}`);
    expect(record.code).toBe("REDIRECTS_MAX");
    expect(server.dials).toBe(DIALS_IN_CIRCLES);
  });

  test(`two servers point at each other ${when}: ends with REDIRECTS_MAX`, async () => {
    const one = await GoawayServer.start({ url: () => other.url, welcomes });
    const other: GoawayServer = await GoawayServer.start({ url: () => one.url, welcomes });
    const { record, tookMs } = await sendInCircles(one.url);
    console.log(`each other, ${when}: ${one.dials} + ${other.dials} dials, ${tookMs} ms`);
    expect(record.code).toBe("REDIRECTS_MAX");
    expect([one.dials, other.dials]).toEqual([DIALS_IN_CIRCLES / 2, DIALS_IN_CIRCLES / 2]);
  });

  test(`sent to a foreign host ${when}: never dialled, and the link keeps its pace`, async () => {
    const foreign = await GoawayServer.start({ host: "127.0.0.2" });
    const server = await GoawayServer.start({ url: () => foreign.url, welcomes });
    const { record, tookMs, warnings } = await sendInCircles(server.url);
    console.log(
      `foreign, ${when}: ${server.dials} dials in ${tookMs} ms, ` +
        `${server.gapsMs.join(", ")} ms apart, ${foreign.dials} of the foreign host`,
    );
    expect(foreign.dials).toBe(0);
    expect(warnings.join()).toContain("redirectTo");
    expect(record.code).toBe("REDIAL_EXHAUSTED");
    expect(server.dials).toBe(5);
    expect(Math.min(...server.gapsMs.slice(1))).toBeGreaterThan(GAP_MS_MIN);
  });

  test(`told to come back now, for ever, ${when}: the link keeps its pace`, async () => {
    const server = await GoawayServer.start({ welcomes });
    const { record, tookMs } = await sendInCircles(server.url);
    console.log(
      `"now" for ever, ${when}: ${server.dials} dials in ${tookMs} ms, ` +
        `${server.gapsMs.join(", ")} ms apart`,
    );
    expect(record.code).toBe("REDIAL_EXHAUSTED");
    expect(server.dials).toBe(5);
    expect(Math.min(...server.gapsMs.slice(1))).toBeGreaterThan(GAP_MS_MIN);
  });
}

for (const [name, plainName] of [
  ["tls", "tcp"],
  ["wss", "websocket"],
] as const) {
  test(`sent from ${name} to ${plainName} on the same host: never dialled`, async () => {
    const route = routeNamed(name);
    const plain = await GoawayServer.start({ route: routeNamed(plainName) });
    const server = await GoawayServer.start({ route, url: () => plain.url });
    const { record, warnings } = await sendInCircles(server.url, {
      redial: { baseMs: BASE_MS, attemptsMax: 2 },
      redirectTo: ["127.0.0.1"],
      ...route.connectOptions,
    });
    console.log(`${name} to ${plainName}: ${server.dials} and ${plain.dials}; ${warnings.at(-1)}`);
    expect(plain.dials).toBe(0);
    expect(warnings.join()).toMatch(/redirect.*not followed/);
    expect(record.code).toBe("REDIAL_EXHAUSTED");
    expect(server.dials).toBe(2);
  });
}

for (const url of ["line://127.0.0.1:1", "unix:/run/x", "http://127.0.0.1"]) {
  test(`sent to ${url}: not followed`, async () => {
    const server = await GoawayServer.start({ url: () => url });
    const { record, warnings } = await sendInCircles(server.url, {
      redial: { baseMs: BASE_MS, attemptsMax: 2 },
      redirectTo: ["127.0.0.1", "/run/x"],
    });
    console.log(`${url}: ${server.dials} dials; ${warnings.at(-1)}`);
    expect(warnings.join()).toMatch(/redirect.*not followed/);
    expect(record.code).toBe("REDIAL_EXHAUSTED");
    expect(server.dials).toBe(2);
  });
}

test("a storm of GOAWAY on one connection is one departure", async () => {
  const server = await GoawayServer.start({ url: () => server.url, times: 20_000 });
  const { record, tookMs, goaways } = await sendInCircles(server.url);
  console.log(`storm: ${goaways} heard, ${server.dials} dials, ${tookMs} ms, ${record.code}`);
  expect(record.code).toBe("REDIRECTS_MAX");
  expect(server.dials).toBe(DIALS_IN_CIRCLES);
  expect(tookMs).toBeLessThan(10_000);
});

test("told to come back in a year: within twenty minutes", async () => {
  const server = await GoawayServer.start({ afterMs: 31_536_000_000 });
  const link = connect(server.url, { closeTimeoutMs: 500 });
  const delayMs = await new Promise<number>((resolve) => {
    link.on("status", (status) => {
      if (status.name === "waiting") resolve(status.delayMs);
    });
  });
  await link.close();
  console.log(`a year: the link comes back in ${Math.round(delayMs / 1_000)} s`);
  expect(delayMs).toBeGreaterThan(60_000);
  expect(delayMs).toBeLessThanOrEqual(1_200_000);
});
