/**
 * The servers and clients in the guides of guard run as they stand there, but for ports and times,
 * and keep what the guides promise: who lives is served, and who is silent is ended.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { afterAll, beforeAll, expect, onTestFinished, type TestContext, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { ROOT } from "../../scripts/house.ts";
import { Processes, type Program } from "../support/processes.ts";
import { freePort } from "../support/free-port.ts";
import { blocksOf, compileSamples, newSampleFolder, readPage } from "../support/samples.ts";

const WS = "docs/guides/replace-the-ws-heartbeat.md";
const TCP = "docs/guides/your-own-tcp-protocol.md";
const MQTT = "docs/guides/mqtt-broker.md";
const PAGES = [WS, TCP, MQTT];
const CERTIFICATE = join(ROOT, "test/certificates/localhost.cert.pem");
const KEY = join(ROOT, "test/certificates/localhost.key.pem");

/** The times of the guides, and what stands for them here: all bounds are 1.2 s or less. */
const SHORTER: readonly (readonly [guide: string, here: string])[] = [
  ["timeoutMs: 60_000", "timeoutMs: 1_000"],
  ["timeoutMs: 30_000", "timeoutMs: 1_000"],
  ["intervalMs: 15_000", "intervalMs: 500"],
  ["KEEPALIVE_S_MAX * 1_500", "1_000"],
  ["}, 30_000);", "}, 300);"],
  [", 60_000);", ", 300);"],
];
/** Longer than all of these bounds: who is still there was not taken for dead. */
const STALL_MS = 1_600;
/** Ten seconds for a program to start, on a machine that has much to do. */
const START_TRIES_MAX = 400;
/** How often somebody who lives says something. */
const SPEAK_MS = 200;

const samples = PAGES.flatMap((page) =>
  blocksOf(page, "ts serves").map((code, at) => ({ name: `${page} ${at + 1}`, code })),
);
const { folder, remove } = newSampleFolder();
const files = new Map<string, { readonly file: string; readonly port: number }>();
const started = new Set<string>();
afterAll(remove);

beforeAll(async () => {
  const ports = await Promise.all(samples.map(freePort));
  const texts = samples.map(({ code }, at) =>
    SHORTER.reduce((text, [guide, here]) => text.replaceAll(guide, here), code)
      .replaceAll(/8080|9000|1883/g, ports[at] ?? "")
      .replaceAll("localhost", "127.0.0.1")
      .replace('"server.key"', JSON.stringify(KEY))
      .replace('"server.cert"', JSON.stringify(CERTIFICATE)),
  );
  const compiled = compileSamples(folder, texts);
  for (const [at, { name }] of samples.entries()) {
    files.set(name, { file: compiled[at] ?? "", port: Number(ports[at]) });
  }
});

interface Sample {
  readonly program: Program;
  readonly port: number;
}

/** Starts a block of a page, the first of which is 1; resolves when its port is open. */
async function serve(context: TestContext, page: string, block: number): Promise<Sample> {
  const sample = start(context, page, block);
  for (let tries = 0; !(await canConnect(sample.port)); tries++) {
    if (tries >= START_TRIES_MAX) throw new Error(`${page} ${block} does not listen`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return sample;
}

function start(context: TestContext, page: string, block: number): Sample {
  const name = `${page} ${block}`;
  const { file, port } = files.get(name) ?? { file: "", port: 0 };
  started.add(name);
  return { program: new Processes(context).start(process.execPath, [file]), port };
}

async function canConnect(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connectTcp(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

async function stall({ program }: Sample): Promise<void> {
  program.signal("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, STALL_MS));
  program.signal("SIGCONT");
}

async function webSocket(port: number, autoPong: boolean, path = "/"): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { autoPong });
  onTestFinished(() => socket.terminate());
  await once(socket, "open");
  socket.on("error", () => {}); // A reset.
  return socket;
}

/** Resolves with the code that a WebSocket has for it. Nobody minds that a reset is an error. */
async function closed(socket: WebSocket | Socket): Promise<unknown> {
  return await new Promise((resolve) => {
    socket.on("close", resolve);
  });
}

async function echo(socket: WebSocket): Promise<void> {
  const answered = once(socket, "message");
  socket.send("still there?");
  const [data] = (await answered) as [Buffer];
  expect(data.toString()).toBe("still there?");
}

test("the recipe: who does not answer is terminated, and who does is served", async (context) => {
  const { port } = await serve(context, WS, 1);
  const [live, deaf] = [await webSocket(port, true), await webSocket(port, false)];
  expect(await closed(deaf)).toBe(1006);
  await echo(live);
});

test("guard in its place: the same, and a stall ends nobody", async (context) => {
  const sample = await serve(context, WS, 2);
  const live = await webSocket(sample.port, true);
  await stall(sample);
  await echo(live);
  const deaf = await webSocket(sample.port, false);
  expect(await closed(deaf)).toBe(1006);
  await echo(live);
});

test("who ended, and why", async (context) => {
  const { program, port } = await serve(context, WS, 3);
  const deaf = await webSocket(port, false);
  await closed(deaf);
  await program.says(/^127\.0\.0\.1:\d+ is late$/m);
  await program.says(/^127\.0\.0\.1:\d+: ended after [01]\.\d s of silence: the peer had 1\.0 s/m);
  await program.says(/PEER_SILENT: 1/);
});

test("the client's half: a server that never answers is left", async (context) => {
  const { port } = files.get(`${WS} 4`) ?? { port: 0 };
  const server = new WebSocketServer({ port, host: "127.0.0.1", autoPong: false });
  onTestFinished(() => server.close());
  await once(server, "listening");
  const { program } = start(context, WS, 4);
  await program.says(/^closed: dial again$/m);
  expect(await program.exit).toMatchObject({ code: 0 });
});

test("behind an http server: requests are answered, silent WebSockets ended", async (context) => {
  const { port } = await serve(context, WS, 5);
  const [live, deaf] = [await webSocket(port, true), await webSocket(port, false)];
  await closed(deaf);
  await echo(live);
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("hello\n");
});

async function tcp(port: number): Promise<Socket> {
  const socket = connectTcp(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.on("error", () => {}); // A reset.
  return socket;
}

/** Says something now and then, for as long as the test lasts. */
function keepSaying(say: () => void): void {
  const timer = setInterval(say, SPEAK_MS);
  onTestFinished(() => clearInterval(timer));
}

const FRAME = Buffer.from([0, 0, 0, 2, 0x68, 0x69]);

test("clients that speak by themselves: the silent end, half a frame is life", async (context) => {
  const sample = await serve(context, TCP, 1);
  const live = await tcp(sample.port);
  live.write(FRAME);
  expect(await once(live, "data")).toEqual([FRAME]);
  let at = 0;
  keepSaying(() => live.write(FRAME.subarray(at % FRAME.length, (at++ % FRAME.length) + 1)));
  await stall(sample);
  const silent = await tcp(sample.port);
  await closed(silent);
  expect(live.destroyed).toBe(false);
  expect(await once(live, "data")).toEqual([FRAME]);
});

test("clients that answer, over TLS: who does not is ended, with a sentence", async (context) => {
  const { program, port } = await serve(context, TCP, 2);
  const options = {
    host: "127.0.0.1",
    port,
    ca: readFileSync(CERTIFICATE),
    servername: "localhost",
  };
  const [live, deaf] = [connectTls(options), connectTls(options)];
  for (const socket of [live, deaf]) {
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {}); // A reset.
    await once(socket, "secureConnect");
  }
  const asked: Buffer[] = [];
  live.on("data", (chunk: Buffer) => {
    asked.push(chunk);
    live.write(Buffer.from([0, 0, 0, 1, 0x02]));
  });
  deaf.resume();
  await closed(deaf);
  await program.says(
    /: ended after [01]\.\d s of silence: the peer had 1\.0 s to say a byte and did not/,
  );
  expect(live.destroyed).toBe(false);
  expect(asked[0]).toEqual(Buffer.from([0, 0, 0, 1, 0x01]));
});

test("a client on a raw socket leaves a server that is silent", async (context) => {
  const { port } = files.get(`${TCP} 3`) ?? { port: 0 };
  const server = createServer((socket) => {
    socket.on("error", () => {}); // A reset.
    socket.write("hi");
    socket.resume();
  });
  onTestFinished(() => void server.close());
  await once(server.listen(port, "127.0.0.1"), "listening");
  const { program } = start(context, TCP, 3);
  await program.says(/^2 bytes\nclosed: dial again$/m);
});

async function mqtt(port: number, options: IClientOptions): Promise<MqttClient> {
  const url = `mqtt://127.0.0.1:${port}`;
  const client = await connectAsync(url, { reconnectPeriod: 0, ...options }, false);
  onTestFinished(() => void client.end(true));
  client.on("error", () => {}); // A reset.
  return client;
}

test("the broker: a silent client ends with its will, and a stall ends nobody", async (context) => {
  const sample = await serve(context, MQTT, 1);
  const live = await mqtt(sample.port, { keepalive: 30 });
  let ends = 0;
  live.on("close", () => (ends += 1));
  keepSaying(() => live.publish("weather", "fine"));
  await live.subscribeAsync("wills");
  await stall(sample);
  const will = new Promise((resolve) => {
    live.once("message", (topic, message) => resolve([topic, message.toString()]));
  });
  const payload = Buffer.from("it is gone");
  await mqtt(sample.port, {
    keepalive: 60,
    will: { topic: "wills", payload, qos: 0, retain: false },
  });
  expect(await will).toEqual(["wills", "it is gone"]);
  await sample.program.says(/: ended after 1\.\d s of silence/);
  expect(ends).toBe(0);
  // Nobody may ask for more than the bound, or for none.
  for (const keepalive of [61, 0]) {
    await expect(mqtt(sample.port, { keepalive })).rejects.toThrow("Couldn't connect");
  }
});

test("every block of these guides has run, and each time in them was replaced", () => {
  expect([...started].toSorted()).toEqual(samples.map(({ name }) => name).toSorted());
  for (const page of PAGES) {
    const fences = readPage(page).match(/^```\S.*$/gm) ?? [];
    expect(fences, page).toEqual(fences.map(() => "```ts serves"));
  }
  for (const [guide] of SHORTER) {
    expect(samples.filter(({ code }) => code.includes(guide)).length, guide).toBeGreaterThan(0);
  }
});
