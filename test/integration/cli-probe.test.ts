/** What `holdfast probe` shows and ends with, over real sockets. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../../src/server/listen.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { holdfast, type Running, serving } from "./cli-harness.ts";

const QUICK = ["--min", "200ms", "--max", "1500ms"];

async function plainServer(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return String((server.address() as AddressInfo).port);
}

function objects(running: Running): Record<string, unknown>[] {
  const lines = running.stdout().split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test.each(["tcp", "line"])("%s: a table on stderr, the report on stdout, 0", async (scheme) => {
  const { server, port } = await serving();
  const probe = holdfast(["probe", `${scheme}://127.0.0.1:${port}`, ...QUICK]);
  expect(await probe.exitCode).toBe(0);
  expect(probe.stderr()).toMatch(/^3 connections, idle for 200 ms to 1\.5 s\n/);
  expect(probe.stderr()).toMatch(/ +1\.\d s {2}alive, answered in .*\n/);
  expect(probe.stdout()).toMatch(/^path to (tcp|line):\/\/127\.0\.0\.1:\d+ \(probed for .*\)\n/);
  expect(probe.stdout()).toMatch(/idle timeout {2}more than 1\.\d s, the longest .* \(certain\)\n/);
  expect(probe.stdout()).toMatch(/round trip .* ms \(min, median, max of \d+\)\n/);
  expect(probe.stdout()).toMatch(/not learnt {4}whether kernel keepalive keeps the path open/);
  await server.says(/closed by the peer/);
});

test("--json: events, and the report as the last object; stderr is silent", async () => {
  const { port } = await serving("--lease-max", "1100ms");
  const probe = holdfast(["probe", `tcp://127.0.0.1:${port}`, ...QUICK, "--json"]);
  expect(await probe.exitCode).toBe(0);
  expect(probe.stderr()).toBe("");
  const told = objects(probe);
  expect(told[0]).toMatchObject({ event: "plan", idleTimesMs: [200, 1_100] });
  expect(told.map(({ event }) => event)).toContain("sample");
  expect(told.at(-1)).toMatchObject({
    event: "report",
    speaks: "frame",
    isComplete: true,
    triedMsMax: 1_100,
    serverLeaseMsMax: 1_100,
    keepalive: { verdict: "not learnt" },
    advice: { timeoutMs: 7_000 },
    sentence: expect.stringMatching(/^more than 1(\.\d)? s, the longest .* \(certain\)$/),
  });
  // What the server does not allow is said, with the flag that changes it.
  expect(JSON.stringify(told.at(-1))).toContain("--lease-max 2s");
});

test("--expect none: any server that closes what is idle is found out", async () => {
  const port = await plainServer((socket) => socket.setTimeout(1_500, () => socket.end()));
  const url = `tcp://127.0.0.1:${port}`;
  const probe = holdfast(["probe", url, "--expect", "none", "--max", "10s", "--json"]);
  expect(await probe.exitCode).toBe(0);
  const report = objects(probe).at(-1) as { readonly bracket: { readonly diedMs: number } };
  expect(report.bracket.diedMs).toBeGreaterThan(1_450);
  expect(report.bracket.diedMs).toBeLessThan(2_500);
  expect(report).toMatchObject({
    event: "report",
    bracket: { isExact: true, confidence: "certain" },
    death: { how: "finished-idle" },
    keepalive: { verdict: "does not keep open" },
  });
  expect(JSON.stringify(report)).toContain("only resets and closes can be seen");
});

test("--expect none --send: what the server's kernel takes is a sign of life", async () => {
  const port = await plainServer((socket) => socket.resume());
  const flags = ["--expect", "none", "--send", "hello", "--answer-within", "300ms", "--json"];
  const probe = holdfast(["probe", `tcp://127.0.0.1:${port}`, ...QUICK, ...flags]);
  expect(await probe.exitCode).toBe(0);
  const told = objects(probe).at(-1) as { bracket: object; samples: { outcome: string }[] };
  expect(told.samples.map(({ outcome }) => outcome)).toEqual(["survived", "survived", "survived"]);
  expect(told.bracket).toMatchObject({ confidence: "certain", deathCount: 0 });
});

test("Ctrl-C prints what is known by then, and ends with 130", async () => {
  const { port } = await serving("--lease-max", "20m");
  const probe = holdfast(["probe", `tcp://127.0.0.1:${port}`, "--min", "300ms"]);
  await probe.says(/ms {2}alive/);
  probe.signal("SIGINT");
  expect(await probe.exitCode).toBe(130);
  expect(probe.stdout()).toMatch(/\(probed for .*, interrupted\)\nidle timeout {2}more than /);
  expect(probe.stdout()).toContain("the probe was interrupted");
});

test("on a terminal a line tells how far it is, and is gone at the end", async () => {
  const { port } = await serving();
  const argv = ["probe", `tcp://127.0.0.1:${port}`, ...QUICK];
  const probe = holdfast(argv, {
    terminal: { stderr: true, stdout: true },
    env: { NO_COLOR: "1" },
  });
  expect(await probe.exitCode).toBe(0);
  expect(stripVTControlCharacters(probe.stderr())).toMatch(/\r2 of 3 asked, alive after 1\.\d s/);
  expect(stripVTControlCharacters(probe.stderr()).split("\r").at(-1)).toBe("");
});

test("a server that refuses the token, and one that takes it", async () => {
  const folder = tempFolder();
  const file = join(folder, "token");
  writeFileSync(file, "secret\n");
  const server = await listen({
    host: "127.0.0.1",
    port: 0,
    authenticate: ({ token }) => token === "secret",
  });
  onTestFinished(() => server.close());
  const url = server.urls[0] ?? "";
  const refused = holdfast(["probe", url], { env: { HOLDFAST_TOKEN: "wrong" } });
  expect(await refused.exitCode).toBe(1);
  expect(refused.stderr()).toMatch(/^holdfast: tcp:.* turned the probe away: /);
  expect(refused.stderr()).not.toContain("wrong");
  const welcome = holdfast(["probe", url, ...QUICK, "--token-file", file]);
  expect(await welcome.exitCode).toBe(0);
});

test("the wrong dialect is named, with the url that would do", async () => {
  const { port } = await serving("--accept", "frame");
  const line = holdfast(["probe", `line://127.0.0.1:${port}`]);
  expect(await line.exitCode).toBe(1);
  expect(line.stderr()).toContain(`try tcp://127.0.0.1:${port}, or --expect none`);
  const stranger = await plainServer((socket) => socket.write("220 smtp.example\r\n"));
  const frame = holdfast(["probe", `tcp://127.0.0.1:${stranger}`]);
  expect(await frame.exitCode).toBe(1);
  expect(frame.stderr()).toContain(`try line://127.0.0.1:${stranger}, or --expect none`);
});

test.each([
  [["tcp://127.0.0.1:1", "tcp://127.0.0.1:2"], 2, "expected one url, got 2"],
  [["unix:/run/x"], 2, "expected tcp:// or line://"],
  [["wss://localhost/x"], 2, "the path below a WebSocket is measured by tls://host:port"],
  [["127.0.0.1:1"], 2, "expected one of tcp://"],
  [["tcp://127.0.0.1:1", "--max", "3"], 2, "--max: expected a duration"],
  [["tcp://127.0.0.1:1", "--max", "3s", "--min", "4s"], 2, "--min (4s) must be below --max (3s)"],
  [["tcp://127.0.0.1:1", "--max", "100ms"], 2, "--max must be a duration from 1s to 24h"],
  [["tcp://127.0.0.1:1", "--send", "x"], 2, "--send needs --expect none: a server that answers"],
  [["tcp://127.0.0.1:1"], 1, "cannot reach tcp://127.0.0.1:1: connect ECONNREFUSED"],
] as const)("%j ends with %i", async (argv, exitCode, sentence) => {
  const probe = holdfast(["probe", ...argv]);
  expect(await probe.exitCode).toBe(exitCode);
  expect(probe.stderr()).toContain(sentence);
  expect(probe.stdout()).toBe("");
});
