/**
 * The clients of a profile: many sockets in one process that ping, wait for the pong, ping again.
 *
 * It reads all of them into one buffer, which node:net allows for sockets that dial, so that it
 * costs less than the server it keeps busy. Easy to break: a connection has one ping under way at
 * most, or the server would answer several in one step, and that is another path.
 */
import { connect, type Socket } from "node:net";
import { obey, settingsGiven } from "./obeying.ts";
import type { BeatReading, ClientOrder, ClientSettings } from "./orders.ts";
import { type Talk, talkOf } from "./talk.ts";

const OPENING_MAX = 256;

const { port, dialect } = settingsGiven<ClientSettings>();
const clients: Client[] = [];

class Client {
  readonly #talk: Talk = talkOf(dialect);
  readonly #socket: Socket;

  constructor(buffer: Uint8Array, onOpen: () => void) {
    const onread = {
      buffer,
      callback: (byteCount: number): boolean => {
        const answers = this.#talk.hear(buffer.subarray(0, byteCount));
        if (this.#talk.hasOpened()) onOpen();
        for (let count = 0; count < answers; count++) onAnswer(this);
        return true;
      },
    };
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true, onread });
    this.#socket.on("connect", () => this.#socket.write(this.#talk.greeting()));
    this.#socket.on("error", fail);
    this.#socket.on("end", () => fail(new Error("the server closed a connection")));
  }

  beat(): void {
    this.#socket.write(this.#talk.ping());
  }
}

function fail(error: Error): void {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

/** Pings that are still to be sent, and answers that are still to come, in a round of beats. */
let toSend = 0;
let toCome = 0;
let answers = 0;
let onOver: (() => void) | undefined;

function onAnswer(client: Client): void {
  answers += 1;
  toCome -= 1;
  if (toSend > 0) {
    toSend -= 1;
    client.beat();
  } else if (toCome === 0) onOver?.();
}

async function beat(count: number): Promise<BeatReading> {
  const beganAt = performance.now();
  const first = Math.min(count, clients.length);
  answers = 0;
  toCome = count;
  toSend = count - first;
  await new Promise<void>((resolve) => {
    onOver = resolve;
    for (const client of clients.slice(0, first)) client.beat();
  });
  return { answers, wallMs: performance.now() - beganAt };
}

async function beatFor(durationMs: number): Promise<BeatReading> {
  setTimeout(() => {
    toCome -= toSend;
    toSend = 0;
  }, durationMs);
  return await beat(Number.MAX_SAFE_INTEGER);
}

async function open(count: number): Promise<number> {
  const buffer = new Uint8Array(64 * 1024);
  let left = count - clients.length;
  await new Promise<void>((resolve) => {
    let opening = 0;
    const more = (): void => {
      for (; left > 0 && opening < OPENING_MAX; left--, opening++) {
        clients.push(new Client(buffer, onOpen));
      }
      if (left <= 0 && opening === 0) resolve();
    };
    const onOpen = (): void => {
      opening -= 1;
      more();
    };
    more();
  });
  await beat(clients.length); // Each has been answered once.
  return clients.length;
}

obey({}, async (order: ClientOrder) => {
  switch (order.do) {
    case "open":
      return await open(order.count);
    case "beat":
      return await beat(order.count);
    case "beat-for":
      return await beatFor(order.durationMs);
    default:
      return order satisfies never;
  }
});
