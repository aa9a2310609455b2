/** What a slow peer understands of each dialect: one message, and the answers around it. */
import { createHash, type Hash } from "node:crypto";
import { concatBytes } from "../../../src/base/bytes.ts";
import {
  encodeFrame,
  encodePing,
  encodePong,
  FrameDecoder,
} from "../../../src/wire/frame-codec.ts";
import { encodePreface } from "../../../src/wire/preface.ts";
import type { Dialect, Way } from "../../support/way.ts";
import { say } from "./orders.ts";

export interface PeerConfig {
  readonly role: "client" | "server";
  readonly dialect: Dialect;
  /** To the server, or as the server. */
  readonly way: Way;
  readonly bytesPerSecond: number;
  /** 0: never. */
  readonly pingEveryMs: number;
  readonly messageBytes: number;
}

export interface SlowFacts {
  readonly sha256: string;
  readonly bytes: number;
  /** From the first byte of the message to its last. */
  readonly tookMs: number;
  readonly pingsSent: number;
  /** Answers to our pings, by where they came. */
  readonly pongsInside: number;
  readonly pongsAfter: number;
  /** From a ping to its answer: the longest, where answers are numbered. */
  readonly answerMsMax: number | undefined;
  /** Pings of the other side that were read before the end of the message. */
  readonly pingsHeard: number;
}

type Write = (bytes: Uint8Array | string) => void;

/** Counts what both dialects have in common. */
export abstract class SlowEar {
  protected readonly config: PeerConfig;
  protected readonly write: Write;
  protected readonly hash: Hash = createHash("sha256");
  messageBytes = 0;
  protected pings = 0;
  protected pingsHeard = 0;
  protected answerMsMax: number | undefined;
  #beganAt: number | undefined;
  #tookMs = 0;
  #sha256 = "";
  #pongsInside = 0;
  #pongsAfter = 0;

  constructor(config: PeerConfig, write: Write) {
    this.config = config;
    this.write = write;
  }

  abstract greet(): void;
  abstract hear(bytes: Uint8Array): void;
  abstract ping(): void;

  protected take(bytes: Uint8Array): void {
    this.#beganAt ??= performance.now();
    this.hash.update(bytes);
    this.messageBytes += bytes.length;
  }

  protected finish(): void {
    this.#tookMs = performance.now() - (this.#beganAt ?? 0);
    this.#sha256 = this.hash.digest("hex");
    say("message", this.#facts());
    if (this.config.pingEveryMs === 0) say("done", this.#facts());
  }

  protected pong(): void {
    if (this.#sha256 !== "") {
      this.#pongsAfter += 1;
      say("done", this.#facts());
    } else if (this.#beganAt !== undefined) this.#pongsInside += 1;
  }

  #facts(): SlowFacts {
    return {
      sha256: this.#sha256,
      bytes: this.messageBytes,
      tookMs: this.#tookMs,
      pingsSent: this.pings,
      pongsInside: this.#pongsInside,
      pongsAfter: this.#pongsAfter,
      answerMsMax: this.answerMsMax,
      pingsHeard: this.pingsHeard,
    };
  }
}

const LINE_FEED = 0x0a;
const WORD_BYTES_MAX = 16;

/** Any line that is longer than a word is the message. */
export class LineEar extends SlowEar {
  #word = "";
  #isInside = false;

  greet(): void {
    if (this.config.role === "client") this.ping();
  }

  ping(): void {
    this.pings += 1;
    this.write("ping\n");
  }

  hear(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const feed = bytes.indexOf(LINE_FEED, at);
      this.#piece(bytes.subarray(at, feed < 0 ? bytes.length : feed));
      if (feed < 0) return;
      this.#endLine();
      at = feed + 1;
    }
  }

  #piece(piece: Uint8Array): void {
    if (this.#isInside) return this.take(piece);
    this.#word += Buffer.from(piece).toString("latin1");
    if (this.#word.length <= WORD_BYTES_MAX) return;
    this.#isInside = true;
    this.take(Buffer.from(this.#word, "latin1"));
    this.#word = "";
  }

  #endLine(): void {
    const word = this.#word;
    this.#word = "";
    if (this.#isInside) {
      this.#isInside = false;
      this.finish();
    } else if (word === "pong") this.pong();
    else if (word === "ping") {
      this.pingsHeard += 1;
      this.write("pong\n");
    }
  }
}

const ACK_EVERY_BYTES = 64 * 1024;
const LEASE_MS = 2_000;

export class FrameEar extends SlowEar {
  readonly #decoder: FrameDecoder;
  readonly #sentAt = new Map<number, number>();
  #unackedBytes = 0;
  #isOpen = false;
  #isComplete = false;

  constructor(config: PeerConfig, write: Write) {
    super(config, write);
    this.#decoder = new FrameDecoder({ role: config.role });
  }

  greet(): void {
    if (this.config.role === "server") return;
    const { messageBytes } = this.config;
    const hello = { agent: "slow", intervalMsMin: 100, intervalMsMax: LEASE_MS, nextMs: LEASE_MS };
    const told = { ...hello, messageBytesMax: messageBytes };
    this.write(concatBytes([encodePreface(), encodeFrame({ kind: "hello", hello: told })]));
  }

  ping(): void {
    if (!this.#isOpen) return;
    this.pings += 1;
    this.#sentAt.set(this.pings, performance.now());
    this.write(encodePing(this.pings, LEASE_MS));
  }

  hear(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
    for (let next = this.#decoder.next(); next !== undefined; next = this.#decoder.next()) {
      if (next.kind === "hello") this.#welcome();
      if (next.kind === "hello" || next.kind === "welcome") this.#isOpen = true;
      if (next.kind === "pong") this.#onPong(next.seq);
      if (next.kind === "ping") this.#onPing(next.seq);
      if (next.kind === "part") this.#onPart(next.payload, next.more);
      if (next.kind === "fault") throw new Error(next.detail);
    }
  }

  #welcome(): void {
    const lease = { leaseMsMin: 100, leaseMsMax: LEASE_MS, timeoutMs: LEASE_MS };
    const identity = { id: "slow", secret: "slow", epoch: "slow" };
    const limits = { pingIntervalMsMin: 0, messageBytesMax: this.config.messageBytes };
    const welcome = { ...lease, ...identity, ...limits, nextMs: 0, reconnectWindowMs: 1_000 };
    this.write(concatBytes([encodePreface(), encodeFrame({ kind: "welcome", welcome })]));
  }

  #onPong(seq: number): void {
    const sentAt = this.#sentAt.get(seq);
    if (sentAt === undefined) return;
    this.#sentAt.delete(seq);
    const answerMs = performance.now() - sentAt;
    this.answerMsMax = Math.max(this.answerMsMax ?? 0, answerMs);
    this.pong();
  }

  #onPing(seq: number): void {
    if (!this.#isComplete) this.pingsHeard += 1;
    this.write(encodePong(seq, 0));
  }

  #onPart(payload: Uint8Array, more: boolean): void {
    this.take(payload);
    this.#unackedBytes += payload.length;
    if (!more) {
      this.#isComplete = true;
      this.write(encodeFrame({ kind: "ack", messages: 1, partBytes: 0 }));
      this.finish();
    } else if (this.#unackedBytes >= ACK_EVERY_BYTES) {
      this.#unackedBytes = 0;
      this.write(encodeFrame({ kind: "ack", messages: 0, partBytes: this.messageBytes }));
    }
  }
}
