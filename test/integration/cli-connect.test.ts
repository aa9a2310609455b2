/** What `holdfast connect` sends, shows and ends with. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../../src/server/listen.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { holdfast, type Running, serving } from "./cli-harness.ts";

/** A server without Holdfast, and its port. */
async function plainServer(onSocket: (socket: Socket) => void, port = 0): Promise<string> {
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  const sockets = new Set<Socket>();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return String((server.address() as AddressInfo).port);
}

async function heardBy(server: Running, text: string): Promise<void> {
  await server.says(new RegExp(`message {2}${text}\n`));
}

test.each(["tcp", "line"])(
  "over %s: lines of a pipe arrive, then it ends with 0",
  async (scheme) => {
    const { server, port } = await serving("--echo");
    const client = holdfast(["connect", `${scheme}://127.0.0.1:${port}`]);
    client.stdin.end("first\nsecond\r\nlast");
    expect(await client.exitCode).toBe(0);
    for (const text of ["first", "second", "last"]) await heardBy(server, text);
    expect(client.stdout()).toBe("first\nsecond\nlast\n");
    expect(client.stderr()).toMatch(/^connecting to .*\nonline: .*\nended: closed here .*\n$/);
  },
);

test("a message is raw in a pipe and escaped on a terminal", async () => {
  const evil = "\u001b]52;c;aGk=\u0007 \u009b2J a\rb";
  const port = await plainServer((socket) => socket.write(`${evil}\n`));
  const url = `line://127.0.0.1:${port}`;
  const piped = holdfast(["connect", url]);
  await piped.says(/b\n/);
  expect(piped.stdout()).toBe(`${evil}\n`);

  const shown = holdfast(["connect", url], { terminal: { stdout: true } });
  await shown.says(/b\n/);
  expect(shown.stdout()).toBe("\\x1b]52;c;aGk=\\x07 \\x9b2J a\\rb\n");
});

test("with --json everything is an object on stdout, and stderr is silent", async () => {
  const { port } = await serving("--echo");
  const client = holdfast(["connect", `tcp://127.0.0.1:${port}`, "--json"]);
  client.stdin.end("hello\n");
  expect(await client.exitCode).toBe(0);
  const objects = client
    .stdout()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(objects.map(({ event, name }) => name ?? event)).toEqual([
    "connecting",
    "online",
    "message",
    "connectionEnd",
    "ended",
    "end",
  ]);
  expect(objects[2]).toMatchObject({ event: "message", text: "hello" });
  expect(client.stderr()).toBe("");
});

test("on a terminal beats are shown in place, with how long the answer took", async () => {
  const { port } = await serving();
  const client = holdfast(["connect", `tcp://127.0.0.1:${port}`, "--interval", "1s"], {
    terminal: { stderr: true },
  });
  await client.says(/\r\u001b\[K[^\n]*beat 1, answered in [^\n]+ms[^\n]*\r\u001b\[K[^\n]*beat 2/);
  expect(client.stderr()).toContain("\u001b[32monline");
  client.signal("SIGINT");
  expect(await client.exitCode).toBe(0);
});

test("typed lines are sent; Ctrl-D closes", async () => {
  const { server, port } = await serving("--echo");
  const client = holdfast(["connect", `tcp://127.0.0.1:${port}`], {
    env: { NO_COLOR: "1" },
    terminal: { stdin: true, stdout: true, stderr: true },
  });
  await client.says(/online/);
  client.stdin.write("typed\r");
  await heardBy(server, "typed");
  await client.says(/typed\n/);
  expect(stripVTControlCharacters(client.stdout())).toBe("typed\n");
  client.stdin.write("\u0004");
  expect(await client.exitCode).toBe(0);
  expect(client.stderr()).not.toContain("\u001b[32m");
});

test("Ctrl-C at a terminal closes, and twice ends at once", async () => {
  const { port } = await serving();
  const terminal = { stdin: true, stdout: true, stderr: true };
  const patient = holdfast(["connect", `tcp://127.0.0.1:${port}`], { terminal });
  await patient.says(/online/);
  patient.stdin.write("\u0003");
  expect(await patient.exitCode).toBe(0);

  // A server that never closes its side.
  const mute = await plainServer((socket) => socket.resume());
  const twice = holdfast(["connect", `line://127.0.0.1:${mute}`], { terminal });
  await twice.says(/online/);
  twice.stdin.write("\u0003\u0003");
  expect(await twice.exitCode).toBe(130);
});

test("nobody there: it retries as told, counts down, and gives up with the reason", async () => {
  const gone = createServer().listen(0, "127.0.0.1");
  await once(gone, "listening");
  const { port } = gone.address() as AddressInfo;
  gone.close();
  const client = holdfast(["connect", `tcp://127.0.0.1:${port}`, "--retries", "2"], {
    terminal: { stderr: true },
  });
  expect(await client.exitCode).toBe(1);
  expect(client.stderr()).toMatch(/REFUSED[^\n]*; attempt 2 in [\d.]+ m?s/);
  expect(client.stderr()).toMatch(/next attempt in [12] s/);
  // No countdown stays behind once the attempt is under way.
  expect(client.stderr()).toMatch(
    /next attempt in \d s[^\n]*\r\u001b\[K[^\n]*attempt 2[^\n]*\n(?!.*next attempt)/,
  );
  expect(client.stderr()).toMatch(/ended: gave up after 2 attempts[^\n]*REFUSED/);
});

test("it comes back when the server does", async () => {
  let drop: () => void = () => {};
  const port = await plainServer((socket) => {
    drop = () => socket.resetAndDestroy();
  });
  const client = holdfast(["connect", `line://127.0.0.1:${port}`]);
  await client.says(/online/);
  drop();
  await client.says(/attempt 2 in [\s\S]*online: line/);
});

test("a server that never answers leads to --no-pong, and with it stays", async () => {
  const port = await plainServer((socket) => socket.resume());
  const url = `line://127.0.0.1:${port}`;
  const client = holdfast(["connect", url, "--dead-within", "1s", "--retries", "forever"]);
  await client.says(/no ping was ever answered on 2 connections: [^\n]*use --no-pong/);

  const patient = holdfast(["connect", url, "--no-pong", "--interval", "100ms"]);
  await patient.says(/online/);
  patient.stdin.end("a word\n");
  expect(await patient.exitCode).toBe(0);
});

test("the wrong dialect names the other url", async () => {
  const { port } = await serving("--accept", "frame");
  const line = holdfast(["connect", `line://127.0.0.1:${port}`]);
  line.stdin.write("hello\n");
  await line.says(new RegExp(`use tcp://127\\.0\\.0\\.1:${port}`));
  expect(await line.exitCode).toBe(1);

  const plain = await plainServer((socket) => socket.write("220 welcome\n"));
  const frame = holdfast(["connect", `tcp://127.0.0.1:${plain}`]);
  await frame.says(new RegExp(`use line://127\\.0\\.0\\.1:${plain}`));
  expect(await frame.exitCode).toBe(1);
});

test("a line that cannot be sent is said, and a script does not see success", async () => {
  const { server, port } = await serving();
  const client = holdfast(["connect", `line://127.0.0.1:${port}`]);
  client.stdin.end("ping\nfine\n");
  expect(await client.exitCode).toBe(1);
  expect(client.stderr()).toMatch(/not sent: .*ping/);
  await heardBy(server, "fine");
});

test("the token comes from a file or the environment and is shown nowhere", async () => {
  const tokens: (string | undefined)[] = [];
  const server = await listen({
    listen: "tcp://127.0.0.1:0",
    authenticate: ({ token }) => tokens.push(token) > 0,
  });
  onTestFinished(() => server.destroy());
  const folder = tempFolder({ token: "s3cr3t-of-file\n" });
  for (const [flags, env] of [
    [["--token-file", `${folder}/token`], { HOLDFAST_TOKEN: "s3cr3t-of-env" }],
    [[], { HOLDFAST_TOKEN: "s3cr3t-of-env" }],
    [[], {}],
  ] as const) {
    const client = holdfast(["connect", String(server.urls[0]), "-v", ...flags], { env });
    client.stdin.end("hello\n");
    expect(await client.exitCode).toBe(0);
    expect(client.stdout() + client.stderr()).not.toContain("s3cr3t");
  }
  expect(tokens).toEqual(["s3cr3t-of-file", "s3cr3t-of-env", undefined]);
});

test("with nothing to send, 0 means that the server is there", async () => {
  const { port } = await serving();
  const there = holdfast(["connect", `tcp://127.0.0.1:${port}`]);
  there.stdin.end();
  expect(await there.exitCode).toBe(0);
  expect(there.stderr()).toContain("online");

  const gone = holdfast(["connect", "unix:/tmp/holdfast-nobody.sock", "--retries", "1"]);
  gone.stdin.end();
  expect(await gone.exitCode).toBe(1);
  expect(gone.stderr()).toMatch(/ended: gave up after 1 attempt/);
});

test("a reader of stdout that went away closes the link quietly", async () => {
  const { port } = await serving();
  const client = holdfast(["connect", `tcp://127.0.0.1:${port}`]);
  await client.says(/online/);
  client.breakStdout();
  expect(await client.exitCode).toBe(0);
});

test("--adaptive stretches the interval, tells the server, and remembers", async () => {
  const lease = { leaseMsMin: 10, leaseMsMax: 600_000 };
  const server = await listen({ listen: "tcp://127.0.0.1:0", ...lease });
  onTestFinished(() => server.destroy());
  const memory = join(tempFolder({}), "networks.json");
  const url = server.urls[0] ?? "";
  const flags = ["--adaptive", "100ms..5m", "--remember", memory, "--json"];
  const client = holdfast(["connect", url, ...flags]);
  await client.says(/"event":"interval","intervalMs":\d{4,}/);
  client.stdin.end();
  await client.exitCode;
  const changes = [...client.stdout().matchAll(/"intervalMs":(\d+),"wasMs":(\d+)/g)];
  for (const [, now, was] of changes) expect(Number(now)).toBeGreaterThan(Number(was));
  const kept = JSON.parse(readFileSync(memory, "utf8")) as unknown;
  expect(JSON.stringify(kept)).toContain(url);
});
