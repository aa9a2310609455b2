import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { NO_KERNEL_CONFIG } from "../no-kernel-options.ts";
import type { Acceptor, Transport } from "../transport.ts";
import { listenTcp } from "./listen-tcp.ts";
import { type MoveRule, SharedBufferEngine } from "./shared-buffer-engine.ts";
import { PROC_UNACKED, UnackedReader } from "./unacked-reader.ts";

function engineWith(move: MoveRule): SharedBufferEngine {
  const unacked = new UnackedReader(PROC_UNACKED);
  return new SharedBufferEngine({ native: undefined, unacked, overwriteAfterRead: false, move });
}

/** Sends two texts, one after the other, and tells which memory each was read into. */
async function memoryOfReads(move: MoveRule, texts: readonly string[]): Promise<Set<unknown>> {
  const buffers = new Set<unknown>();
  let heard = "";
  let next: () => void = () => {};
  const acceptor: Acceptor = await listenTcp({
    host: "127.0.0.1",
    port: 0,
    backlog: 10,
    ipv6Only: false,
    kernel: NO_KERNEL_CONFIG,
    engine: engineWith(move),
    warn: () => {},
  })({
    onIncoming({ attach }) {
      const transport: Transport = attach({
        onBytes(bytes) {
          buffers.add(bytes.buffer);
          heard += new TextDecoder().decode(bytes);
          next();
        },
        onDrained() {},
        onFinished: () => transport.finish(),
        onClosed() {},
      });
    },
    onAcceptFailed() {},
  });
  const peer: Socket = connect(Number(new URL(acceptor.url).port), "127.0.0.1");
  for (const text of texts) {
    const wanted = heard + text;
    peer.write(text);
    await new Promise<void>((resolve) => {
      next = () => {
        if (heard === wanted) resolve();
      };
    });
  }
  peer.end();
  await acceptor.close();
  return buffers;
}

const SNIFF: MoveRule = { at: "first-byte", keepsOriginal: (byte) => byte === 0x47 };

test("moved at accept, every read is in the one shared buffer", async () => {
  expect(await memoryOfReads({ at: "accept" }, ["one", "two", "three"])).toHaveProperty("size", 1);
});

test("moved by the first byte, the first read is delivered and all others are shared", async () => {
  expect(await memoryOfReads(SNIFF, ["one", "two", "three"])).toHaveProperty("size", 2);
});

test("kept by the first byte, no read is shared", async () => {
  expect(await memoryOfReads(SNIFF, ["GET", "two", "three"])).toHaveProperty("size", 3);
});
