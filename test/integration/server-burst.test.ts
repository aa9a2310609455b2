/** Thousands ping in the same moment, over real sockets: some are put off, and nobody is lost. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { listen } from "../../src/index.ts";
import { within } from "../../src/testing/transport-recorder.ts";
import { StreamTransport } from "../../src/transports/stream-transport.ts";
import { LeanTransport } from "../../src/transports/tcp/lean-transport.ts";

const CLIENTS = 3_000;
const TOGETHER = 200;

async function crowdAt(port: number): Promise<Socket[]> {
  const crowd: Socket[] = [];
  while (crowd.length < CLIENTS) {
    const some = Array.from({ length: TOGETHER }, () => connect(port, "127.0.0.1"));
    await Promise.all(some.map((socket) => once(socket, "connect")));
    crowd.push(...some);
  }
  return crowd;
}

function spendUs(us: number): void {
  const until = performance.now() + us / 1_000;
  while (performance.now() < until);
}

/** Each says it once; resolves with how many bytes each has heard when all have an answer. */
async function sayAll(crowd: readonly Socket[], words: string): Promise<number[]> {
  const bytes = crowd.map(() => 0);
  let unanswered = crowd.length;
  const all = new Promise<void>((resolve) => {
    for (const [at, socket] of crowd.entries()) {
      socket.removeAllListeners("data").on("data", (chunk) => {
        if (bytes[at] === 0) unanswered -= 1;
        bytes[at] = (bytes[at] ?? 0) + chunk.length;
        if (unanswered === 0) resolve();
      });
      socket.write(words);
    }
  });
  await within(all, "everybody is answered");
  return bytes;
}

const PINGS = ["ping\n", "pong\n"] as const;
/** Whoever says something else than pings does not rest. */
const TALK = ["hello\n", "hello\n"] as const;

test.each([
  ["public", StreamTransport, PINGS],
  ["shared", StreamTransport, PINGS],
  ["lean", LeanTransport, PINGS],
  ["public", StreamTransport, TALK],
  ["shared", StreamTransport, TALK],
  ["lean", LeanTransport, TALK],
] as const)(
  "%s: whoever is put off in a burst is answered like all others",
  async (engine, kind, [words, answer]) => {
    const putOff = vi.spyOn(kind.prototype, "putOff");
    const server = await listen({ port: 0, host: "127.0.0.1", engine, accept: ["line"] });
    putOff.mockClear(); // The engine was tried at start.
    // On any machine a turn is too long then before all are read.
    server.on("beat", () => spendUs(10));
    server.on("message", (connection, data) => {
      spendUs(10);
      connection.send(data);
    });
    const crowd = await crowdAt(Number(new URL(server.urls[0] ?? "").port));
    try {
      await sayAll(crowd, words);
      for (let count = 0; count < 3; count++) {
        expect(new Set(await sayAll(crowd, words))).toEqual(new Set([answer.length]));
      }
      expect(putOff).toHaveBeenCalled();
      expect(server.connections()).toHaveLength(CLIENTS);
    } finally {
      putOff.mockRestore();
      for (const socket of crowd) socket.destroy();
      await server.destroy();
    }
  },
  60_000,
);
