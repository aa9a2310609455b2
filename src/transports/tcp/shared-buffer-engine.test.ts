import { connect, Socket } from "node:net";
import { expect, test } from "vitest";
import { NO_KERNEL_CONFIG, NO_KERNEL_OPTIONS } from "../no-kernel-options.ts";
import type { Upgrade } from "../stream-facts.ts";
import type { Acceptor, Transport, TransportHandlers } from "../transport.ts";
import { listenTcp } from "./listen-tcp.ts";
import { SharedBufferEngine } from "./shared-buffer-engine.ts";
import { tcpFacts } from "./tcp-facts.ts";
import { PROC_UNACKED, UnackedReader } from "./unacked-reader.ts";

function anEngine(): SharedBufferEngine {
  const unacked = new UnackedReader(PROC_UNACKED);
  return new SharedBufferEngine({ native: undefined, unacked, overwriteAfterRead: true });
}

/** Sends texts, one after the other, each when the one before was heard; what was lent for each. */
async function lentFor(
  upgrade: Upgrade | undefined,
  texts: readonly string[],
): Promise<Uint8Array[]> {
  const lent: Uint8Array[] = [];
  let heard = "";
  let next: () => void = () => {};
  const acceptor: Acceptor = await listenTcp({
    kind: "tcp",
    host: "127.0.0.1",
    port: 0,
    backlog: 10,
    ipv6Only: false,
    kernel: NO_KERNEL_CONFIG,
    engine: anEngine(),
    upgrade,
    webSocketPath: undefined,
    warn: () => {},
  })({
    onIncoming({ attach }) {
      const transport: Transport = attach({
        onBytes(bytes) {
          lent.push(bytes);
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
  return lent;
}

/** How many pieces of memory those were read into. */
async function memoryCount(
  upgrade: Upgrade | undefined,
  texts: readonly string[],
): Promise<number> {
  return new Set((await lentFor(upgrade, texts)).map(({ buffer }) => buffer)).size;
}

const NOBODY: TransportHandlers = {
  onBytes() {},
  onDrained() {},
  onFinished() {},
  onClosed() {},
};

/** Waits for three bytes, and never finds anything in them. */
const LOOK: Upgrade = {
  isOnly: false,
  recognise: ({ length }) => (length < 3 ? "more" : "no"),
  take() {
    throw new Error("nothing but bytes was asked for");
  },
};

test("moved at accept, every read is in the one shared buffer", async () => {
  expect(await memoryCount(undefined, ["one", "two", "three"])).toBe(1);
});

test("moved after the first bytes, those are delivered and all others are shared", async () => {
  expect(await memoryCount(LOOK, ["one", "two", "three"])).toBe(2);
});

test("short reads of one length are lent in one view, which holds what was read", async () => {
  const texts = ["abc", "d", "efg", "h".repeat(64), "i".repeat(65), "j".repeat(65), "klm"];
  // What is heard is compared with what was sent after each text, and overwritten after that.
  const lent = await lentFor(undefined, texts);
  expect(lent.map(({ length }) => length)).toEqual(texts.map(({ length }) => length));
  expect(new Set([lent[0], lent[2], lent[6]]).size).toBe(1);
  expect(lent[4]).not.toBe(lent[5]);
});

test("sockets that cannot be wrapped once more are refused while somebody catches it", () => {
  const engine = anEngine();
  const socket = Object.assign(new Socket(), { _handle: {} });
  const facts = tcpFacts(engine, NO_KERNEL_OPTIONS, LOOK);
  const remote = { text: "nobody", ip: "" };
  expect(() => engine.adoptAccepted(socket, facts, remote, NOBODY)).toThrow(
    "cannot be wrapped once more",
  );
});
