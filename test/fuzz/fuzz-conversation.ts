/**
 * Mutated valid conversations: a machine is led into a phase by a valid prefix, then hears words
 * that were valid before some of their bytes were changed, in chunks of any size, while time
 * passes, the transport refuses and its owner sends, closes and pauses.
 *
 * What must hold whatever happens: nothing is thrown, there is at most one end, nothing follows it,
 * and what is kept stays within the limits.
 */
import { concatBytes, utf8 } from "../../src/base/bytes.ts";
import { isHoldfastError } from "../../src/base/errors.ts";
import { type Random, seededRandom } from "../../src/base/random.ts";
import { type Instant, later } from "../../src/base/time.ts";
import type { ConnectionConfig } from "../../src/connection/config.ts";
import { Connection } from "../../src/connection/connection.ts";
import type { Phase } from "../../src/connection/phases.ts";
import { StallLog } from "../../src/liveness/stall-log.ts";
import {
  CLIENT_CONFIG,
  LINE_CLIENT_CONFIG,
  SERVER_CONFIG,
} from "../../src/testing/connection-pair.ts";
import { encodeFrame } from "../../src/wire/frame-codec.ts";
import { encodePreface } from "../../src/wire/preface.ts";
import { FRAME_KINDS, FRAMES, HELLO, LINE_KINDS, LINES, WELCOME } from "./fuzz-words.ts";

const LIMITS = { lineBytesMax: 4_096, messageBytesMax: 8_192, outboxBytesMax: 65_536 } as const;
/** Unfinished input, its doubling, and the outbox, with room for what the codec keeps. */
const HELD_BYTES_MAX = 4 * 65_536;

export type FuzzRole = "client" | "server";
export type FuzzDialect = "line" | "frame";

/** How often a kind of word reached each phase. */
export type Hits = Map<string, number>;

export interface FuzzReport {
  readonly seed: number;
  readonly conversations: number;
  readonly hits: Hits;
  readonly endCodes: ReadonlyMap<string, number>;
}

export function fuzzConversations(seed: number, conversations: number): FuzzReport {
  const random = seededRandom(seed);
  const hits: Hits = new Map();
  const endCodes = new Map<string, number>();
  for (let run = 0; run < conversations; run++) {
    const one = new FuzzedConversation(random, hits);
    try {
      one.talk();
    } catch (error) {
      const where = `seed ${seed}, conversation ${run}`;
      throw new Error(`the machine broke a promise (${where})`, { cause: error });
    }
    const code = one.endCode ?? "none";
    endCodes.set(code, (endCodes.get(code) ?? 0) + 1);
  }
  return { seed, conversations, hits, endCodes };
}

/** Which phases a machine of each role and dialect can be in when it hears something. */
const REACHABLE: Readonly<Record<string, readonly Phase[]>> = {
  "server frame": ["silent", "greeting", "deciding", "open", "closing", "finishing", "ended"],
  "client frame": ["greeting", "open", "closing", "finishing", "ended"],
  "server line": ["silent", "open", "closing", "finishing", "ended"],
  "client line": ["open", "closing", "finishing", "ended"],
};

/** Every role, dialect, phase and word that can meet. */
export function possibleHits(): string[] {
  return Object.entries(REACHABLE).flatMap(([who, phases]) => {
    const kinds = who.endsWith("frame") ? FRAME_KINDS : LINE_KINDS;
    return phases.flatMap((phase) => kinds.map((kind) => `${who} ${phase} x ${kind}`));
  });
}

const PHASES: readonly Phase[] = [
  "silent",
  "greeting",
  "deciding",
  "open",
  "open",
  "closing",
  "finishing",
  "ended",
];

class FuzzedConversation {
  endCode: string | undefined;
  readonly #random: Random;
  readonly #hits: Hits;
  readonly #dialect: FuzzDialect;
  readonly #role: FuzzRole;
  readonly #connection: Connection;
  #now = 1_000 as Instant;
  #ends = 0;
  #refusing = false;
  #finished = false;

  constructor(random: Random, hits: Hits) {
    this.#random = random;
    this.#hits = hits;
    this.#dialect = this.#chance(0.6) ? "frame" : "line";
    this.#role = this.#chance(0.4) ? "client" : "server";
    const context = { stalls: new StallLog({ stallToleranceMs: 250 }), random };
    const identity = { id: "0123", secret: "4567" };
    const greeting = { token: undefined, previous: undefined };
    this.#connection = new Connection(this.#config(), identity, context, greeting, this.#now);
    this.#drain();
  }

  talk(): void {
    this.#lead(this.#pick(PHASES));
    const words = 1 + Math.floor(this.#random.next() * 4);
    for (let word = 0; word < words; word++) {
      this.#hear();
      if (this.#chance(0.3)) this.#disturb();
    }
    this.#finish();
  }

  #config(): ConnectionConfig {
    const byRole =
      this.#role === "server"
        ? SERVER_CONFIG
        : this.#dialect === "line"
          ? LINE_CLIENT_CONFIG
          : CLIENT_CONFIG;
    return { ...byRole, ...LIMITS };
  }

  /** The valid prefix: brings the machine into the phase, where its role knows it. */
  #lead(phase: Phase): void {
    const connection = this.#connection;
    if (phase === "silent") return;
    if (this.#dialect === "frame") {
      this.#feed(encodePreface(1));
      if (phase === "greeting") return;
      this.#feed(encodeFrame(this.#role === "server" ? HELLO : WELCOME));
      if (phase === "deciding") return;
      connection.welcome(
        { epoch: "e", reconnectWindowMs: 0, previous: undefined, networkKey: undefined },
        this.#now,
      );
    } else if (this.#role === "server") this.#feed(utf8("ping\n"));
    this.#drain();
    if (phase === "open") return;
    if (phase === "ended") connection.abort("CLOSED_HERE", "", this.#now);
    else if (phase === "closing") {
      // A transport that takes nothing keeps the last words waiting.
      this.#refusing = true;
      connection.send("x", this.#now);
      this.#drain();
      connection.close("CLOSED_HERE", "", this.#now);
    } else connection.close("CLOSED_HERE", "", this.#now);
    this.#drain();
  }

  #hear(): void {
    const isFrame = this.#dialect === "frame";
    const kind = this.#pick(isFrame ? FRAME_KINDS : LINE_KINDS);
    const word = (isFrame ? FRAMES : LINES)[kind] as Uint8Array;
    const key = `${this.#role} ${this.#dialect} ${this.#connection.phase} x ${kind}`;
    this.#hits.set(key, (this.#hits.get(key) ?? 0) + 1);
    this.#feed(this.#chance(0.5) ? this.#mutate(word) : word);
  }

  #mutate(word: Uint8Array): Uint8Array {
    const bytes = word.slice();
    const at = Math.floor(this.#random.next() * bytes.length);
    const kind = Math.floor(this.#random.next() * 5);
    if (kind === 0) bytes[at] = Math.floor(this.#random.next() * 256);
    else if (kind === 1)
      bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(this.#random.next() * 8));
    else if (kind === 2) return bytes.subarray(0, at);
    else if (kind === 3) return concatBytes([bytes, bytes.subarray(at)]);
    else return concatBytes([bytes.subarray(0, at), this.#noise(), bytes.subarray(at)]);
    return bytes;
  }

  #noise(): Uint8Array {
    const length = 1 + Math.floor(this.#random.next() * 12);
    return Uint8Array.from({ length }, () => Math.floor(this.#random.next() * 256));
  }

  #feed(bytes: Uint8Array): void {
    const chunkMax = this.#chance(0.2) ? 1 : 1 + Math.floor(this.#random.next() * 2_000);
    for (let from = 0; from < bytes.length; from += chunkMax) {
      const lent = bytes.slice(from, from + chunkMax);
      this.#connection.handleBytes(lent, this.#now);
      lent.fill(0xaa);
      this.#drain();
    }
  }

  /** What owners, transports and clocks do meanwhile. */
  #disturb(): void {
    const connection = this.#connection;
    const now = this.#now;
    switch (Math.floor(this.#random.next() * 9)) {
      case 0:
        this.#now = later(now, this.#random.next() * 100_000);
        break;
      case 1:
        connection.handleDrained(true, now);
        this.#refusing = false;
        break;
      case 2:
        connection.handleFinished(undefined, now);
        break;
      case 3:
        connection.handleClosed(this.#chance(0.5) ? new Error("reset") : undefined, now);
        break;
      case 4:
        connection.pauseReading(now);
        break;
      case 5:
        connection.resumeReading(now);
        break;
      case 6:
        this.#refusing = true;
        break;
      case 7:
        this.#send();
        break;
      default:
        connection.refuse(
          { code: "CONNECTIONS_MAX", reason: "", retry: "after", afterMs: 1, spreadMs: 1 },
          now,
        );
    }
    this.#drain();
    connection.handleTimeout(this.#now);
    this.#drain();
  }

  #answerMeasure(): void {
    const unackedBytes = this.#chance(0.5) ? 9 : undefined;
    const windowIsShut = this.#chance(0.5);
    this.#connection.handleUnacked({ unackedBytes, unsentBytes: 0, windowIsShut }, this.#now);
  }

  #send(): void {
    try {
      this.#connection.send(this.#chance(0.5) ? "text" : Uint8Array.of(1, 2, 3), this.#now);
    } catch (error) {
      if (!isHoldfastError(error)) throw error; // A refusal is the caller's business.
    }
  }

  #finish(): void {
    const connection = this.#connection;
    connection.handleClosed(undefined, this.#now);
    this.#drain();
    if (connection.phase !== "ended" || this.#ends !== 1) throw new Error("not exactly one end");
    if (connection.deadline() !== undefined) throw new Error("a deadline after the end");
    if (connection.heldBytes !== 0)
      throw new Error(`${connection.heldBytes} bytes held after the end`);
  }

  /** Performs what the machine asks for. */
  #drain(): void {
    const connection = this.#connection;
    for (let effects = 0; ; effects++) {
      if (effects > 10_000) throw new Error("effects without end");
      const effect = connection.poll(this.#now);
      if (effect === undefined) break;
      if (this.#ends > 0) throw new Error(`effect "${effect.do}" after the end`);
      if (effect.do === "write" && this.#finished) throw new Error("written after FIN");
      if (effect.do === "finish") this.#finished = true;
      if (effect.do === "write") connection.handleWritten(!this.#refusing, this.#now);
      else if (effect.do === "judge") connection.condemn(this.#now);
      else if (effect.do === "measure") this.#answerMeasure();
      else if (effect.do === "end") {
        this.#ends += 1;
        this.endCode = effect.facts.code;
      }
    }
    if (connection.heldBytes > HELD_BYTES_MAX)
      throw new Error(`${connection.heldBytes} bytes held`);
  }

  #chance(share: number): boolean {
    return this.#random.next() < share;
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random.next() * items.length)] as T;
  }
}
