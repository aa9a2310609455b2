/** What `holdfast serve` tells, and how it ends. */
import { once } from "node:events";
import { connect as dial, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { holdfast, serving } from "./cli-harness.ts";

async function plainClient(port: string): Promise<Socket> {
  const socket = dial(Number(port), "127.0.0.1");
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

test("a plain client is shown from accept to end, with its pings", async () => {
  const { server, port } = await serving("-v");
  const socket = await plainClient(port);
  const [, id] = await server.says(/(\w{8}) accepted from 127\.0\.0\.1:\d+\n/);
  socket.write("ping\nhello\n");
  expect(String(await once(socket, "data"))).toBe("pong\n");
  await server.says(new RegExp(`${id} open {5}127\\.0\\.0\\.1:\\d+ speaks the line dialect\n`));
  await server.says(new RegExp(`${id} beat {5}1, ping heard\n`));
  await server.says(new RegExp(`${id} message  hello\n`));
  socket.end();
  await server.says(new RegExp(`${id} end {6}closed by the peer\n`));
});

test("--events chooses what is told of single connections", async () => {
  for (const [events, told] of [
    ["ends", ["listening", "end", "summary"]],
    ["none", ["listening", "summary"]],
  ] as const) {
    const { server, port } = await serving("--json", "--events", events, "--echo");
    const socket = await plainClient(port);
    socket.write("hello\n");
    expect(String(await once(socket, "data"))).toBe("hello\n");
    socket.end();
    await once(socket, "close");
    server.signal("SIGTERM");
    expect(await server.exitCode).toBe(0);
    const lines = server.stdout().trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(told);
  }
});

test("the start says what to try and which kernel options are in force", async () => {
  const { server, port } = await serving("--ping", "hi");
  await server.says(/kernel: {6}keepalive after 60 s \(\w+\), every .* user timeout .*\n/);
  expect(server.stdout()).toContain(`holdfast connect tcp://127.0.0.1:${port}\n`);
  expect(server.stdout()).toContain(`nc 127.0.0.1 ${port}    then type: hi\n`);
});

test("behind balancers the lines name the client and the way it came", async () => {
  const { server, port } = await serving("--proxy-protocol", "127.0.0.0/8,::1");
  const socket = await plainClient(port);
  socket.write("PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\nping\n");
  expect(String(await once(socket, "data"))).toBe("pong\n");
  await server.says(/accepted from \[2001:db8::7\]:4711 via 127\.0\.0\.1:\d+\n/);
  expect(server.stdout()).toContain("balancers:   127.0.0.0/8, ::1; each connection begins with");
  const stranger = await plainClient(port);
  stranger.write("\u001b]0;x\u0007\n");
  await server.says(/rejected 127.*\(PROXY_HEADER_INVALID\): .* the bytes 1b 5d 30 3b 78 07 0a\n/);
});

test("nothing that a peer says reaches stdout unescaped, with or without --json", async () => {
  for (const flags of [[], ["--json"]]) {
    const { server, port } = await serving(...flags);
    const socket = await plainClient(port);
    socket.write("\u001b]52;c;aGk=\u0007 \u009b2J a\rb \u202e\n");
    await server.says(/message.*aGk=/);
    expect(server.stdout()).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/u);
  }
});

test("--json writes one object per line", async () => {
  const { server, port } = await serving("--json");
  const socket = await plainClient(port);
  socket.end("hello\n");
  await server.says(/"event":"end"/);
  server.signal("SIGUSR2");
  server.signal("SIGINT");
  expect(await server.exitCode).toBe(0);
  const objects = server
    .stdout()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { event: string; time: string; id?: string });
  expect(objects.map(({ event }) => event)).toEqual([
    "listening",
    "accepted",
    "open",
    "message",
    "end",
    "summary",
  ]);
  expect(objects.every(({ time }) => !Number.isNaN(Date.parse(time)))).toBe(true);
  expect(new Set(objects.slice(1, 5).map(({ id }) => id)).size).toBe(1);
});

test("a silent peer is closed after the timeout, with a sentence", async () => {
  const { server, port } = await serving("--timeout", "200ms");
  const socket = await plainClient(port);
  socket.write("ping\n");
  const [, ms = ""] = await server.says(/end {6}closed after 0\.(\d) s of silence: .*\n/);
  expect(Number(ms)).toBeGreaterThanOrEqual(2);
});

test("--echo answers the sender, --broadcast everybody, --pong none nobody", async () => {
  const echo = await serving("--echo");
  const alone = await plainClient(echo.port);
  alone.write("hello\n");
  expect(String(await once(alone, "data"))).toBe("hello\n");

  const { server, port } = await serving("--broadcast", "--pong", "none");
  const [first, second] = [await plainClient(port), await plainClient(port)];
  first.write("ping\n");
  second.write("ping\n");
  await server.says(/open[\s\S]*open/);
  first.write("to all\n");
  const heard = await Promise.all([once(first, "data"), once(second, "data")]);
  expect(heard.map(String)).toEqual(["to all\n", "to all\n"]);
});

test("SIGUSR2 prints the table of connections", async () => {
  const { server, port } = await serving();
  const socket = await plainClient(port);
  socket.write("ping\n");
  await server.says(/ open /);
  server.signal("SIGUSR2");
  await server.says(/id +address .* last seen .*\n/);
  await server.says(/\n\w{8} +127\.0\.0\.1:\d+ +line +alive +.* ago +60 s +5 bytes .*\n1 conn/);
});

test.each(["SIGINT", "SIGTERM"] as const)("%s drains and ends with a summary", async (name) => {
  const { server, port } = await serving();
  const socket = await plainClient(port);
  socket.write("ping\n");
  await server.says(/ open /);
  socket.resume();
  server.signal(name);
  expect(await server.exitCode).toBe(0);
  expect(server.stdout()).toMatch(/draining: 1 open/);
  expect(server.stdout()).toMatch(/served for .*: 1 connection, 0 messages, .*\nended: +\w+ 1\n$/);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("a second %s ends at once, with %i", async (name, code) => {
  const { server, port } = await serving();
  // Half open on purpose: this peer never leaves by itself.
  const socket = dial({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  onTestFinished(() => void socket.destroy());
  socket.write("ping\n");
  await server.says(/ open /);
  server.signal(name);
  server.signal(name);
  expect(await server.exitCode).toBe(code);
  expect(server.stdout()).not.toContain("served for");
});

test("under npm, which hands Ctrl-C on once more, one key press still drains", async () => {
  const server = holdfast(["serve", "--listen", "tcp://127.0.0.1:0"], {
    env: { npm_lifecycle_event: "start" },
  });
  const [, port = ""] = await server.says(/npx holdfast connect tcp:\/\/127\.0\.0\.1:(\d+)/);
  const socket = await plainClient(port);
  socket.resume();
  socket.write("ping\n");
  await server.says(/ open /);
  server.signal("SIGINT");
  server.signal("SIGINT");
  expect(await server.exitCode).toBe(0);
  expect(server.stdout()).toMatch(/served for/);
});

test("a reader of stdout that went away ends the server quietly", async () => {
  const { server } = await serving();
  server.breakStdout();
  expect(await server.exitCode).toBe(0);
  expect(server.stderr()).toBe("");
});

test("over a limit a peer is turned away, and the cause is told and counted", async () => {
  const { server, port } = await serving("--max-connections", "1", "--max-per-address", "off");
  const first = await plainClient(port);
  first.write("ping\n");
  await server.says(/ open /);
  await plainClient(port);
  await server.says(/rejected 127\.0\.0\.1.* \(CONNECTIONS_MAX\)\n/);
  first.destroy();
  await server.says(/ end /);
  server.signal("SIGINT");
  await server.exitCode;
  expect(server.stdout()).toMatch(/rejected: CONNECTIONS_MAX 1\n/);
});

test("a Unix socket is served, and gone afterwards", async () => {
  const path = `/tmp/holdfast-cli-${process.pid}.sock`;
  const server = holdfast(["serve", "--listen", `unix:${path}`]);
  await server.says(new RegExp(`nc -U ${path}`));
  const socket = dial(path);
  socket.on("error", () => {});
  socket.end("hello\n");
  await server.says(/message {2}hello\n/);
  server.signal("SIGINT");
  expect(await server.exitCode).toBe(0);
});
