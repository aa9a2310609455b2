/**
 * What programs of a dozen lines, in another language, get from Holdfast, and Holdfast from them.
 *
 * The tests run side by side, since most of their time is waiting.
 */
import { describe, expect, type TestContext } from "vitest";
import { type Told, DIST_URL, type Program, Processes } from "../support/processes.ts";
import { hasTool, isLinux, skipUnless } from "../support/requires.ts";

const hasPython = hasTool("python3");
const hasKoffi = await import("koffi").then(
  () => true,
  () => false,
);
const withPython = skipUnless(hasPython, "there is no python3");
const withSmallBuffers = skipUnless(
  hasPython && isLinux() && hasKoffi,
  "shrinking the server's send buffer needs python3, Linux and the package koffi",
);
const withNetcat = skipUnless(hasTool("nc"), "there is no nc (netcat-openbsd)");

describe.concurrent("plain programs", () => {
  // On the loopback the kernel would take 2.6 MB of unread answers, which are 29 hours of pings.
  // So the server's send buffer is as small as it can be (4608 bytes), and the first 1,500 pings
  // come 100 a second (the ping budget is raised for them) to fill what is left. From then on it is
  // 5 a second, and every answer is one that has nowhere to go.
  withSmallBuffers("a client that never reads stays connected", neverReads, 270_000);

  withPython("a client whose first byte comes after 30 s stays", speaksLate);

  withPython("a stopped client is closed within a second after the timeout", isStopped);

  withNetcat("nc gets its pong", async (context) => {
    const processes = new Processes(context);
    const server = processes.holdfast("serve", "--listen", "tcp://127.0.0.1:0");
    const port = await listenedPort(server);
    const netcat = processes.start("nc", ["127.0.0.1", port]);
    netcat.write("ping\n");
    await netcat.says(/^pong\n/);
    console.log(`nc: wrote "ping", read ${JSON.stringify(netcat.stdout)}`);
  });

  withPython("--no-pong keeps to a server that only reads lines", comesBack, 180_000);
});

async function neverReads(context: TestContext): Promise<void> {
  const processes = new Processes(context);
  const timeoutMs = 3_000;
  const quick = 1_500;
  const server = processes.node("holdfast-server.mjs", {
    dist: DIST_URL,
    listen: { timeoutMs, pingIntervalMsMin: 5 },
    sendBytes: 2_304,
  });
  const client = processes.python("never-reads.py", await portOf(server), quick);
  const full = await watch(server, "the buffers to be full", 60_000, (now, before) => {
    return Number(now["pings"]) >= quick && now["bytesOut"] === before["bytesOut"];
  });
  // The kernel takes no byte from here on, so each ping is one answer dropped.
  const dropped = await watch(server, "1,000 dropped answers", 230_000, (now) => {
    expect(now["open"], "connections").toBe(1);
    return Number(now["pings"]) - Number(full["pings"]) > 1_000;
  });
  const until = performance.now() + 2 * timeoutMs;
  const after = await watch(server, "two timeouts", 10_000, () => performance.now() > until);
  expect(after["open"], "connections after two timeouts").toBe(1);
  expect(after["bytesOut"], "bytes that the kernel took").toBe(full["bytesOut"]);
  expect(server.told("end")).toEqual([]);
  expect(client.hasExited).toBe(false);
  client.signal("SIGKILL");
  const end = await server.until("the end", () => server.told("end")[0]);
  const evidence = end["evidence"] as Record<string, number>;
  expect(evidence["droppedAnswers"]).toBeGreaterThan(1_000);
  expect(end["by"]).not.toBe("here");
  console.log(
    `never reads: after ${quick} quick pings the kernel took ${Number(full["bytesOut"])} bytes`,
    "and no more; then 5 pings a second,",
    `${Number(dropped["pings"]) - Number(full["pings"])} of them in vain;`,
    `still connected after two timeouts of ${timeoutMs} ms; the record says`,
    `${evidence["droppedAnswers"]} dropped answers of ${evidence["pingsIn"]} pings,`,
    `${Math.round(Number(end["livedMs"]) / 1_000)} s of life, and "${String(end["sentence"])}"`,
  );
}

async function speaksLate(context: TestContext): Promise<void> {
  const processes = new Processes(context);
  const server = processes.holdfast("serve", "--listen", "tcp://127.0.0.1:0", "--json");
  const port = await listenedPort(server);
  const client = processes.python("late-speaker.py", port, 31);
  await client.says(/connected\n/);
  const connectedAt = performance.now();
  await client.says(/answered .*\n/, 45_000);
  const silentMs = performance.now() - connectedAt;
  // And it is a client like any other from then on.
  await client.says(/(?:answered pong\n){3}/, 10_000);
  expect(silentMs).toBeGreaterThan(30_000);
  expect(server.told("end")).toEqual([]);
  console.log(`late speaker: first byte after ${sayMs(silentMs)} s, answered, and it stays`);
}

async function isStopped(context: TestContext): Promise<void> {
  const processes = new Processes(context);
  const timeoutMs = 3_000;
  const args = ["--listen", "tcp://127.0.0.1:0", "--timeout", `${timeoutMs}ms`, "--json", "-v"];
  const server = processes.holdfast("serve", ...args);
  const port = await listenedPort(server);
  const clients = [1, 2, 3, 4, 5].map(() => processes.python("pinger.py", port));
  const beatsOf = (id: unknown): Told[] => server.told("beat").filter((beat) => beat["id"] === id);
  const ids = await server.until("three beats of each", () => {
    const open = server.told("open").map(({ id }) => id);
    return open.length === 5 && open.every((id) => beatsOf(id).length >= 3) ? open : undefined;
  });
  for (const client of clients) client.signal("SIGSTOP");
  await server.until("five ends", () => (server.told("end").length === 5 ? true : undefined));
  const found = ids.map((id) => {
    const end = server.told("end").find((one) => one["id"] === id);
    // By the record, and by the clock of whoever reads the lines.
    const evidence = end?.["evidence"] as Record<string, number> | undefined;
    const heardMsAgo = evidence?.["heardMsAgo"] ?? Number.NaN;
    const linesMs = timeOf(end) - timeOf(beatsOf(id).at(-1));
    return { code: end?.["code"], heardMsAgo, linesMs };
  });
  for (const { code, heardMsAgo, linesMs } of found) {
    expect(code).toBe("PEER_SILENT");
    expect(heardMsAgo).toBeGreaterThanOrEqual(timeoutMs);
    expect(heardMsAgo).toBeLessThanOrEqual(timeoutMs + 1_000);
    expect(Math.abs(linesMs - heardMsAgo)).toBeLessThan(200);
  }
  const all = found.map(({ heardMsAgo }) => Math.round(heardMsAgo)).join(", ");
  console.log(`stopped clients: closed ${all} ms after their last byte; timeout ${timeoutMs} ms`);
}

const BEAT_MS = 500;
const STABLE_BEATS = 31_000 / BEAT_MS;

/** Stays up; after kill -9 of the server: retries, comes back, and elsewhere gives up as told. */
async function comesBack(context: TestContext): Promise<void> {
  const processes = new Processes(context);
  const server = processes.python("line-reader.py", 0);
  const [, port = ""] = await server.says(/listening on (\d+)\n/);
  const args = [`line://127.0.0.1:${port}`, "--no-pong", "--interval", `${BEAT_MS}ms`, "--json"];
  const loyal = processes.holdfast("connect", ...args);
  const impatient = [1, 2, 3, 4].map(() =>
    processes.holdfast("connect", ...args, "--retries", "5"),
  );
  const clients = [loyal, ...impatient];
  const beats = (): number => server.stdout.split(" ping\n").length - 1;
  for (const client of clients) await client.until("online", () => statusOf(client, "online")[0]);
  const before = beats();
  // A connection that lived for half a minute is forgiven what came before.
  const enough = before + STABLE_BEATS * clients.length;
  await server.until("the beats", () => (beats() > enough ? true : undefined), 60_000);
  for (const client of clients) expect(client.told("connectionEnd")).toEqual([]);
  const upForBeats = beats();

  server.signal("SIGKILL");
  await server.exit;
  const exits = await Promise.all(
    impatient.map(async (client) => {
      await client.until("the end", () => client.told("end")[0], 60_000);
      return await client.exit;
    }),
  );
  expect(exits.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
  for (const client of impatient) {
    expect(client.told("end")[0]).toMatchObject({ code: "REDIAL_EXHAUSTED" });
    expect(waitsOf(client)).toHaveLength(5);
  }
  expect(loyal.hasExited).toBe(false);
  checkWaits(clients.map(waitsOf));

  const again = processes.python("line-reader.py", port);
  await again.says(/listening on/);
  const restartedAt = performance.now();
  await loyal.until("online again", () => statusOf(loyal, "online")[1], 70_000);
  await again.says(/ ping\n/);
  const backMs = performance.now() - restartedAt;
  const waits = clients.map((client) => waitsOf(client).map(sayMs).join(" "));
  const [end] = impatient.map((client) => client.told("end")[0]);
  console.log(
    `line reader: up for ${upForBeats} beats that nobody answered; waits in seconds after kill -9:`,
    `${waits.join(" | ")}; back ${sayMs(backMs)} s after the server; exit codes`,
    `${exits.map(({ code }) => code).join(" ")}: "${String(end?.["sentence"])}"`,
  );
}

/**
 * The first wait is drawn from 5 s, since all clients of a server lose it together; the others from
 * 1 s, doubled each time. None sits on its cap, no two are alike, and they grow.
 */
function checkWaits(waits: readonly (readonly number[])[]): void {
  const capsMs = [5_000, 1_000, 2_000, 4_000, 8_000];
  for (const one of waits) {
    for (const [index, waitMs] of one.slice(0, capsMs.length).entries()) {
      expect(waitMs).toBeGreaterThan(0);
      expect(waitMs).toBeLessThan(capsMs[index] ?? 0);
    }
  }
  const all = waits.flat();
  expect(new Set(all).size, "waits that differ").toBeGreaterThan(all.length * 0.8);
  const longest = (index: number): number => Math.max(...waits.map((one) => one[index] ?? 0));
  expect(longest(4), "the longest fifth wait").toBeGreaterThan(longest(1));
}

function statusOf(program: Program, name: string): Told[] {
  return program.told("status").filter((status) => status["name"] === name);
}

function waitsOf(program: Program): number[] {
  return statusOf(program, "waiting").map(({ delayMs }) => Number(delayMs));
}

function timeOf(told: Told | undefined): number {
  return Date.parse(String(told?.["time"]));
}

function sayMs(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

async function listenedPort(server: Program): Promise<string> {
  const [, port = ""] = await server.says(/127\.0\.0\.1:(\d+)/);
  return port;
}

async function portOf(server: Program): Promise<number> {
  const told = await server.until("its port", () => server.told("listening")[0]);
  return Number(told["port"]);
}

/** Asks for a report each second until one of them, compared with the one before, will do. */
async function watch(
  server: Program,
  what: string,
  limitMs: number,
  isEnough: (now: Told, before: Told) => boolean,
): Promise<Told> {
  const giveUpAt = performance.now() + limitMs;
  let before = await server.order("report", "report");
  while (performance.now() < giveUpAt) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const now = await server.order("report", "report");
    if (isEnough(now, before)) return now;
    before = now;
  }
  throw new Error(
    `waited ${limitMs} ms for ${what}; the last report was ${JSON.stringify(before)}`,
  );
}
