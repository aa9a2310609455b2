/** The beats of a page's connection, with its output over a WebSocket that the test fills. */
import type { Random } from "../../src/base/random.ts";
import type { Instant } from "../../src/base/time.ts";
import type { Pace } from "../../src/connection/pace.ts";
import { ADAPTING } from "../../src/page/adapting.ts";
import { Frames, PING, PONG } from "../../src/page/frames.ts";
import { Heartbeat } from "../../src/page/heartbeat.ts";
import { Lateness } from "../../src/page/lateness.ts";
import { LINES } from "../../src/page/lines.ts";
import { Outbox } from "../../src/page/outbox.ts";
import { type BrowserConnectOptions, readPageOptions } from "../../src/page/page-options.ts";
import { PageOutput } from "../../src/page/page-output.ts";
import type { Speech } from "../../src/page/speech.ts";
import type { Welcome } from "../../src/wire/frame.ts";
import { FakeWebSocket } from "./fake-web-socket.ts";

export const WELCOME: Welcome = {
  id: "c1",
  secret: "s",
  epoch: "e",
  leaseMsMin: 10,
  leaseMsMax: 86_400_000,
  timeoutMs: 60_000,
  pingIntervalMsMin: 0,
  messageBytesMax: 1_048_576,
  nextMs: 0,
  reconnectWindowMs: 1_000,
};

const FIXED: Random = { next: () => 0.5 };

export interface BeatSettings {
  readonly options?: BrowserConnectOptions;
  /** Undefined: lines. */
  readonly welcome?: Partial<Welcome> | undefined;
  readonly isLine?: boolean;
  readonly random?: Random;
  readonly pace?: Pace;
}

/** What was said on the way out, so far as it concerns beats. */
export interface Said {
  readonly what: "ping" | "pong";
  readonly seq: number;
  readonly nextMs: number;
}

export class HeartbeatRig {
  readonly ws: FakeWebSocket = new FakeWebSocket();
  readonly late: Lateness = new Lateness(250);
  readonly outbox: Outbox;
  readonly output: PageOutput;
  readonly heartbeat: Heartbeat;
  readonly #isLine: boolean;

  /** Begins at 0, open. */
  constructor(settings: BeatSettings = {}) {
    const { options = {}, welcome, isLine = false, random = FIXED, pace } = settings;
    const extras = { lines: LINES, adapting: ADAPTING };
    const config = readPageOptions({ heartbeat: { intervalMs: 10_000 }, ...options }, extras);
    const speech: Speech = isLine ? LINES.speechOf(config.line) : new Frames();
    const { ws, late } = this;
    this.#isLine = isLine;
    this.outbox = new Outbox(config);
    this.output = new PageOutput(ws, this.outbox, speech, late, config.drainTimeoutMs);
    this.heartbeat = new Heartbeat(config, speech, this.output, late, random, pace, at(0));
    this.heartbeat.begin(isLine ? undefined : { ...WELCOME, ...welcome }, at(0));
  }

  /** Settles at each deadline until `until`, as the connection does. Returns what was said when. */
  run(from: number, until: number): (Said & { readonly at: number })[] {
    const said: (Said & { readonly at: number })[] = [];
    for (let now = from; now <= until; ) {
      this.heartbeat.settle(at(now));
      for (const one of this.taken()) said.push({ ...one, at: now });
      if (this.output.look(at(now))) this.heartbeat.left(at(now));
      const { deadline } = this.heartbeat;
      now = Math.max(now + 1, Math.min(deadline, this.output.lookAt));
    }
    return said;
  }

  taken(): Said[] {
    return this.ws.take().map((word) => (this.#isLine ? lineSaid(word) : frameSaid(word)));
  }

  /** Since when `isDead` says so, by the millisecond, looking from `from` on; undefined: never. */
  deadFrom(from: number, until = 1_000_000): number | undefined {
    for (let now = from; now <= until; now++) if (this.heartbeat.isDead(at(now))) return now;
    return undefined;
  }
}

export function at(ms: number): Instant {
  return ms as Instant;
}

function lineSaid(word: string | Uint8Array): Said {
  return { what: word === "ping" ? "ping" : "pong", seq: 0, nextMs: 0 };
}

/** Pings look the same to both sides, so the page's own ears will do. */
function frameSaid(word: string | Uint8Array): Said {
  const message = Uint8Array.of(0xf8, 0x48, 0x46, 1, ...(word as Uint8Array));
  for (const { type, first, second } of new Frames().hear(undefined, message)) {
    if (type === PING || type === PONG) {
      return { what: type === PING ? "ping" : "pong", seq: first, nextMs: second };
    }
  }
  throw new Error("neither a ping nor a pong was said");
}
