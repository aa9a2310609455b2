/** How exact output is over TLS, what counts as heard, and that nothing stays behind a reset. */
import { randomBytes } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { AUTHORITY, identityOf } from "../../../test/certificates/certificates.ts";
import { NO_KERNEL_CONFIG } from "../no-kernel-options.ts";
import { listenTcp } from "../tcp/listen-tcp.ts";
import { PublicEngine } from "../tcp/public-engine.ts";
import { PROC_UNACKED, UnackedReader } from "../tcp/unacked-reader.ts";
import type { Acceptor, Transport, TransportHandlers } from "../transport.ts";
import { openTls } from "./open-tls.ts";
import { ServerContexts } from "./server-contexts.ts";
import { readTlsClient } from "./tls-client-options.ts";
import { TlsEngine } from "./tls-engine.ts";
import { TlsMemory } from "./tls-memory.ts";

const engine = new PublicEngine({
  native: undefined,
  unacked: new UnackedReader(PROC_UNACKED),
  overwriteAfterRead: true,
});

const contexts = new ServerContexts({
  standard: { ...identityOf("localhost"), passphrase: undefined },
  hosts: new Map(),
  ca: undefined,
  clientCertificates: "none",
  minVersion: "TLSv1.2",
  ticketKeys: randomBytes(48),
});

const memory = new TlsMemory(readTlsClient("tls", { ca: AUTHORITY }));

/** One end, and what it was told. */
class End implements TransportHandlers {
  readonly told: string[] = [];
  transport: Transport | undefined;
  writesAtOnce = false;
  #look: () => void = () => {};

  get pipe(): Transport {
    if (this.transport === undefined) throw new Error("this end is not attached");
    return this.transport;
  }

  async until(what: string): Promise<void> {
    while (!this.told.includes(what)) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }

  onBytes(): void {
    this.#tell("bytes");
  }

  onDrained(moved: boolean): void {
    this.#tell(moved ? "drained: moved" : "drained");
  }

  onFinished(): void {
    this.#tell("finished");
  }

  onClosed(fault: Error | undefined): void {
    this.#tell(
      fault === undefined ? "closed" : `closed: ${String((fault as { code?: string }).code)}`,
    );
  }

  onHeard(heldBytes: number): void {
    this.#tell(`heard ${heldBytes}`);
  }

  onSwitched(transport: Transport): void {
    this.transport = transport;
    this.#tell("switched");
  }

  onReady(): void {
    this.#tell("ready");
    // In the moment of readiness the last words of the handshake are still on their way.
    if (this.writesAtOnce) this.#tell(`at once: ${this.pipe.write(new Uint8Array(100))}`);
  }

  #tell(what: string): void {
    this.told.push(what);
    this.#look();
  }
}

interface Listening {
  readonly acceptor: Acceptor;
  readonly accepted: End[];
}

async function listening(writesAtOnce = false): Promise<Listening> {
  const accepted: End[] = [];
  const acceptor = await listenTcp({
    kind: "tls",
    upgrade: undefined,
    webSocketPath: undefined,
    host: "127.0.0.1",
    port: 0,
    backlog: 511,
    ipv6Only: false,
    kernel: NO_KERNEL_CONFIG,
    engine: new TlsEngine(engine, () => contexts),
    warn: () => {},
  })({
    onIncoming: ({ attach }) => {
      const end = new End();
      end.writesAtOnce = writesAtOnce;
      end.transport = attach(end);
      accepted.push(end);
    },
    onAcceptFailed: (error) => {
      throw error;
    },
  });
  onTestFinished(() => {
    for (const { pipe } of accepted) pipe.reset();
    void acceptor.close();
  });
  return { acceptor, accepted };
}

function portOf(acceptor: Acceptor): number {
  return Number(/:(\d+)$/.exec(acceptor.url)?.[1]);
}

async function dialled(port: number): Promise<End> {
  const end = new End();
  await new Promise<void>((resolve, reject) => {
    openTls({
      host: "127.0.0.1",
      port,
      url: "tls://test",
      addressTimeoutMs: 500,
      alpn: [],
      kernel: NO_KERNEL_CONFIG,
      engine,
      memory,
      warn: () => {},
    })({
      onOpened: (attach) => {
        end.transport = attach(end);
        resolve();
      },
      onFailed: reject,
    });
  });
  onTestFinished(() => void end.pipe.reset());
  return end;
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

async function pair(): Promise<{ readonly near: End; readonly far: End }> {
  const { acceptor, accepted } = await listening();
  const far = await dialled(portOf(acceptor));
  const [near] = accepted as [End];
  await near.until("ready");
  for (let count = 0; count < 20; count++) await turn(); // The tickets are out.
  return { near, far };
}

test("what the kernel took is taken at once, and the next one waits for a turn only", async () => {
  const { near, far } = await pair();
  expect(near.pipe.write(new Uint8Array(1_000))).toBe(true);
  expect(near.pipe.unsentBytes).toBe(0);
  // Encryption is not done with the first: nobody knows about this one yet.
  expect(near.pipe.write(new Uint8Array(500))).toBe(false);
  expect(near.pipe.unsentBytes).toBe(500);
  await near.until("drained"); // And not "moved": the kernel had refused nothing.
  expect(near.told).not.toContain("drained: moved");
  await far.until("bytes");
  await turn();
  expect(near.pipe.write(new Uint8Array(1_000))).toBe(true);
});

test("what waits in TLS behind the handshake does not pass for taken", async () => {
  const { acceptor, accepted } = await listening(true);
  const far = await dialled(portOf(acceptor));
  const [near] = accepted as [End];
  await near.until("drained");
  expect(near.told).toEqual(["switched", "ready", "at once: false", "drained"]);
  await far.until("bytes");
});

test("what the kernel refused has moved when it is taken, and not before", async () => {
  const { near, far } = await pair();
  far.pipe.pause();
  for (let idleTurns = 0; idleTurns < 100; ) {
    const before = near.told.length;
    if (near.pipe.unsentBytes === 0) near.pipe.write(new Uint8Array(64 * 1024));
    await turn();
    idleTurns = near.pipe.unsentBytes > 0 && near.told.length === before ? idleTurns + 1 : 0;
  }
  expect(near.told).not.toContain("drained: moved");
  far.pipe.resume();
  await near.until("drained: moved");
});

test("half a record is a sign of life, told when it is asked for", async () => {
  const { acceptor, accepted } = await listening();
  let bytesLeft = Number.POSITIVE_INFINITY;
  const held: Socket[] = [];
  const middle = createServer((client) => {
    const server = connect(portOf(acceptor), "127.0.0.1");
    held.push(client, server);
    client.pipe(server);
    server.on("data", (bytes: Buffer) => {
      client.write(bytes.subarray(0, bytesLeft));
      bytesLeft -= Math.min(bytesLeft, bytes.length);
    });
    for (const socket of [client, server]) socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => middle.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of held) socket.destroy();
    middle.close();
  });
  const far = await dialled((middle.address() as { port: number }).port);
  const [near] = accepted as [End];
  await near.until("ready");
  near.pipe.write(Uint8Array.of(1));
  await far.until("bytes");
  const ask = (): Promise<void> => new Promise((resolve) => far.pipe.readUnacked(() => resolve()));
  await ask();
  const before = far.told.length;
  await ask();
  expect(far.told.slice(before)).toEqual([]); // Nothing came, so nothing is told.
  bytesLeft = 10;
  near.pipe.write(new Uint8Array(1_000));
  const raw = held[0] as Socket;
  const sent = raw.bytesWritten;
  while (raw.bytesWritten === sent) await turn();
  for (let count = 0; count < 20; count++) await turn();
  await ask();
  expect(far.told.slice(before)).toEqual(["heard 0"]);
});

test("a reset at any moment of a handshake frees everything, and closes once", async () => {
  const { acceptor, accepted } = await listening();
  const port = portOf(acceptor);
  for (let round = 0; round < 150; round++) {
    const dialling = dialled(port).catch(() => undefined);
    // The moments: before the first byte, in the middle, and after it is over.
    for (let turns = round % 5; turns > 0; turns--) await turn();
    while (accepted.length === round) await turn();
    const end = accepted[round] as End;
    expect(end.pipe.reset()).toBe(true);
    await end.until("closed");
    await turn();
    expect(end.told.filter((what) => what.startsWith("closed"))).toEqual(["closed"]);
    (await dialling)?.pipe.reset();
  }
  expect(await acceptor.connectionCount()).toBe(0);
}, 30_000);
