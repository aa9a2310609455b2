/** The example examples/device-gateway, from a fresh process, with devices of every kind. */
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { runWell } from "../support/commands.ts";
import { Processes, type Program } from "../support/processes.ts";
import { hasTool, skipUnless } from "../support/requires.ts";
import { blocksOf } from "../support/samples.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { LinePeer } from "./line-peer.ts";

const GATEWAY = join(ROOT, "examples/device-gateway/gateway.mjs");
const CERTIFICATE = join(ROOT, "test/certificates/localhost.cert.pem");
const KEY = join(ROOT, "test/certificates/localhost.key.pem");

interface Gateway {
  readonly program: Program;
  readonly port: number;
  readonly control: LinePeer;
}

async function gateway(context: TestContext, ...flags: readonly string[]): Promise<Gateway> {
  const path = join(tempFolder(), "control.sock");
  const tls = ["--cert", CERTIFICATE, "--key", KEY];
  const at = ["--host", "127.0.0.1", "--port", "0", "--control", path];
  const program = start(context, ...at, ...tls, ...flags);
  const [, port] = await program.says(/listening on tcp:.*:(\d+)\n/);
  await program.says(new RegExp(`listening on tls://127\\.0\\.0\\.1:${port}\n`));
  await program.says(/listening on unix:/);
  const control = await LinePeer.tcp({ path });
  return { program, port: Number(port), control };
}

function start(context: TestContext, ...flags: readonly string[]): Program {
  return new Processes(context).start(process.execPath, [GATEWAY, ...flags]);
}

async function device(peer: LinePeer, name: string): Promise<LinePeer> {
  peer.say(`id ${name}`);
  await peer.hears(new RegExp(`^ok ${name}\n`, "m"));
  return peer;
}

test("devices of all kinds share a port, are listed, and do as they are told", async (context) => {
  const { port, control } = await gateway(context);
  const thermo = await device(await LinePeer.tcp({ port }), "thermo-7");
  const panel = await device(await LinePeer.webSocket(port), "panel-1");
  await device(await LinePeer.tls(port), "cam-2");
  await device(await LinePeer.webSocket(port, "wss"), "panel-2");
  control.say("list");
  await control.hears(/^4 devices, 4 online\n/m);
  const heard = "alive, heard \\d\\.\\d s ago, over";
  for (const row of [
    `cam-2 +${heard} TLSv1\\.\\d`,
    `panel-1 +${heard} websocket`,
    `panel-2 +${heard} TLSv1\\.\\d`,
    `thermo-7 +${heard} tcp`,
  ]) {
    expect(control.heard).toMatch(new RegExp(`^${row}\n`, "m"));
  }
  for (const [peer, name] of [[thermo, "thermo-7"] as const, [panel, "panel-1"] as const]) {
    peer.say("ping");
    await peer.hears(/^pong\n/m);
    control.say(`do ${name} blink twice`);
    const [, number] = await peer.hears(/^do (\d+) blink twice\n/m);
    peer.say(`done ${number}`);
    await control.hears(new RegExp(`^${number} sent to ${name}\n${number} done by ${name}\n`, "m"));
  }
});

test("who watches is told who comes, what is measured, and who goes", async (context) => {
  const { port, control } = await gateway(context);
  control.say("watch");
  await control.hears(/^you will be told/m);
  const peer = await device(await LinePeer.tcp({ port }), "thermo-7");
  peer.say("21.5 \u001b[2J");
  await control.hears(/^thermo-7: 21\.5 \\x1b\[2J\n/m);
  peer.vanish();
  await control.hears(/^thermo-7 is offline: closed by the peer/m);
});

test("a command to one who is away, or falls silent, is undelivered", async (context) => {
  const { port, control } = await gateway(context, "--timeout", "1");
  control.say("do thermo-7 blink");
  await control.hears(/^1 undelivered: no device of that name was ever here\n/m);
  // It reads, says nothing, and does nothing, as a frozen one does.
  await device(await LinePeer.tcp({ port }), "thermo-7");
  control.say("do thermo-7 blink");
  await control.hears(/^2 undelivered: thermo-7 left: closed after \d+\.\d s of silence: .+\n/m);
  control.say("do thermo-7 blink", "list");
  await control.hears(
    /^3 undelivered: thermo-7 is offline: closed after \d+\.\d s of silence: .+\n/m,
  );
  await control.hears(/^thermo-7 +offline for \d\.\d s: closed after .+\n1 devices, 0 online\n/m);
});

test("a device that comes back takes over from its half-open connection", async (context) => {
  const { port, control } = await gateway(context);
  const before = await device(await LinePeer.tcp({ port }), "thermo-7");
  control.say("do thermo-7 blink");
  await before.hears(/^do 1 blink\n/m);
  const now = await device(await LinePeer.tcp({ port }), "thermo-7");
  await before.ended();
  await control.hears(/^1 undelivered: thermo-7 left: thermo-7 came in again\n/m);
  control.say("do thermo-7 blink");
  await now.hears(/^do 2 blink\n/m);
});

test("what is not asked for in the right way is answered with what would be", async (context) => {
  const { port, control } = await gateway(context);
  const peer = await LinePeer.tcp({ port });
  peer.say("21.5");
  await peer.hears(/^error: say "id NAME" first\n/m);
  peer.say("id Thermo 7");
  await peer.hears(/^error: a name is 1 to 32 of a-z, 0-9 and -\n/m);
  await device(peer, "thermo-7");
  peer.say("id thermo-8");
  await peer.hears(/^error: you are thermo-7 already\n/m);
  control.say("make coffee");
  await control.hears(/^error: list \| watch \| do NAME TEXT \| help\n/m);
});

test("SIGTERM asks everybody to leave, and who gave a command hears of it", async (context) => {
  const { program, port, control } = await gateway(context);
  const peers = [await LinePeer.tcp({ port }), await LinePeer.tls(port)];
  for (const [at, peer] of peers.entries()) await device(peer, `thermo-${at}`);
  control.say("do thermo-0 blink");
  await control.hears(/^1 sent/m);
  program.signal("SIGTERM");
  await Promise.all(peers.map((peer) => peer.ended()));
  await control.hears(/^1 undelivered: thermo-0 left: .+\n/m);
  expect(await program.exit).toEqual({ code: 0, signal: null });
  expect(program.stdout).toMatch(
    /SIGTERM: asking 2 connections to leave\n[\s\S]*everybody has left\n$/,
  );
});

test("--help tells the flags; wrong ones are refused by name", async (context) => {
  const help = start(context, "--help");
  expect(await help.exit).toEqual({ code: 0, signal: null });
  for (const flag of ["--port", "--cert", "--control", "--timeout"]) {
    expect(help.stdout).toContain(flag);
  }
  for (const [flags, complaint] of [
    [["--prot", "1"], "Unknown option '--prot' (--help lists the flags)"],
    [["--port", "80a"], '--port must be a number from 0 to 65535, got "80a"'],
    [["--cert", "cert.pem"], "--cert and --key belong together"],
  ] as const) {
    const program = start(context, ...flags);
    expect(await program.exit).toEqual({ code: 2, signal: null });
    expect(program.stderr).toContain(`gateway: ${complaint}`);
  }
});

test("a port that is taken is said in one line", async (context) => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void other.close());
  await once(other, "listening");
  const { port } = other.address() as { readonly port: number };
  const program = start(context, "--host", "127.0.0.1", "--port", String(port));
  expect(await program.exit).toEqual({ code: 1, signal: null });
  expect(program.stderr).toMatch(/^gateway: .+\n$/);
});

const withOpenssl = skipUnless(hasTool("openssl"), "the program openssl is not installed");

withOpenssl("the certificate that the README makes is taken", async (context) => {
  const folder = tempFolder();
  const page = "examples/device-gateway/README.md";
  const command = blocksOf(page, "sh").find((block) => block.startsWith("openssl req")) ?? "";
  runWell("sh", ["-c", command], { folder });
  const { port } = await gateway(
    context,
    "--cert",
    join(folder, "cert.pem"),
    "--key",
    join(folder, "key.pem"),
  );
  await device(await LinePeer.tls(port), "cam-2");
});
