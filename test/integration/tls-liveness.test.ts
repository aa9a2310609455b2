/** Over TLS the dead are found in the same bound, and the slow are not taken for them. */
import { type ChildProcess, spawn } from "node:child_process";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import type { EndRecord } from "../../src/connection/end-record.ts";
import { AUTHORITY, certificatePath } from "../certificates/certificates.ts";
import { dial, type Served, serve, until } from "./tls-world.ts";

/** Runs a program of CommonJS until the test is over; resolves with its first line. */
async function run(program: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const said = await new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.stdout?.once("data", (text: Buffer) => resolve(text.toString().trim()));
  });
  return { child, said };
}

/** A plain client in this process, which reads when it is told to. */
async function plainClient(served: Served): Promise<TLSSocket> {
  const { port } = new URL(served.url());
  const socket = connectTls({ host: "127.0.0.1", port: Number(port), ca: AUTHORITY });
  socket.on("error", () => {}); // A reset is what some of these tests wait for.
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve) => socket.once("secureConnect", resolve));
  return socket;
}

test("a client that is frozen is found in time, though the kernel takes what is sent", async () => {
  const served = await serve({}, { timeoutMs: 400 });
  const { port } = new URL(served.url());
  const { child } = await run(`
    const socket = require("node:tls").connect({ port: ${port}, rejectUnauthorized: false });
    socket.once("secureConnect", () => {
      setInterval(() => socket.write("ping\\n"), 50);
      socket.once("data", () => console.log("up"));
    });
  `);
  const end = new Promise<EndRecord>((resolve) => {
    served.server.on("end", (_, record) => resolve(record));
  });
  child.kill("SIGSTOP");
  const news = setInterval(() => served.server.broadcast("news of which the kernel takes all"), 20);
  onTestFinished(() => clearInterval(news));
  const { code, reset, evidence } = await end;
  expect([code, reset]).toEqual(["PEER_SILENT", true]);
  expect(evidence.heardMsAgo).toBeGreaterThanOrEqual(400);
  expect(evidence.heardMsAgo).toBeLessThan(1_400 + evidence.ourLatenessMs);
});

test("a server that is frozen is found in the bound", async () => {
  const { child, said } = await run(`
    const { readFileSync } = require("node:fs");
    const server = require("node:tls").createServer({
      cert: readFileSync(${JSON.stringify(certificatePath("localhost.pem"))}),
      key: readFileSync(${JSON.stringify(certificatePath("localhost-key.pem"))}),
    }, (socket) => socket.on("error", () => {}).on("data", () => socket.write("pong\\n")));
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));
  `);
  const link = dial(`line+tls://localhost:${said}`, {
    heartbeat: { intervalMs: 200, answerWithinMs: 500 },
    redial: { attemptsMax: 1 },
  });
  await new Promise((resolve) => link.on("beat", resolve));
  const end = new Promise<EndRecord>((resolve) => link.on("connectionEnd", resolve));
  child.kill("SIGSTOP");
  const { code, evidence } = await end;
  expect(code).toBe("PEER_SILENT");
  expect(evidence.heardMsAgo).toBeLessThan(1_700 + evidence.ourLatenessMs);
});

test("who reads slowly is slow, and who stops reading is found, though it speaks", async () => {
  const served = await serve({}, { drainTimeoutMs: 600, outboxBytesMax: 64 * 1024 ** 2 });
  served.server.on("message", (connection) => {
    for (let count = 0; count < 24; count++) connection.send("x".repeat(1024 ** 2 - 1));
  });
  const end = served.ended();
  const socket = await plainClient(served);
  let bytes = 0;
  // Never in flowing mode: what is read is what is asked for.
  const reading = setInterval(() => {
    for (let time = 0; time < 4; time++) bytes += (socket.read() as Buffer | null)?.length ?? 0;
  }, 15);
  const speaking = setInterval(() => socket.write("ping\n"), 100);
  onTestFinished(() => {
    clearInterval(reading);
    clearInterval(speaking);
  });
  socket.write("all of it\n");
  const begunAt = performance.now();
  // Several times what it may take nothing for.
  const isLong = (): boolean => performance.now() - begunAt > 2_000;
  await until("much has gone over, for long", () => isLong() && bytes > 8 * 1024 ** 2, 15_000);
  expect(served.server.stats()).toMatchObject({ open: 1 });
  clearInterval(reading);
  const record = await end;
  expect(record).toMatchObject({ code: "PEER_TAKES_NOTHING", reset: true });
  expect(record.evidence.heardMsAgo).toBeLessThan(600);
  expect(record.evidence.queuedBytes).toBeGreaterThan(0);
});

test("a stall of this process ends nobody", async () => {
  const served = await serve({}, { timeoutMs: 400 });
  const clients = await Promise.all(Array.from({ length: 20 }, () => plainClient(served)));
  for (const socket of clients) {
    socket.resume();
    const beat = setInterval(() => socket.write("ping\n"), 100);
    onTestFinished(() => clearInterval(beat));
  }
  await until("all have spoken", () => {
    const rows = served.server.connections();
    return rows.length === 20 && rows.every(({ dialect }) => dialect === "line");
  });
  const endAt = performance.now() + 1_000;
  while (performance.now() < endAt); // The stall.
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(served.server.stats()).toMatchObject({ open: 20, ended: {} });
  expect(served.server.stats().stalls).toBeGreaterThan(0);
});
