/** One connection of a page over a WebSocket that the test plays, with a clock moved by hand. */
import { type ErrorCode, HoldfastError } from "../../src/base/errors.ts";
import type { Beat, Message } from "../../src/connection/effects.ts";
import type { EndRecord } from "../../src/connection/end-record.ts";
import { Frames, utf8 } from "../../src/page/frames.ts";
import { Lateness } from "../../src/page/lateness.ts";
import { LINES } from "../../src/page/lines.ts";
import { Outbox } from "../../src/page/outbox.ts";
import type { ConnectionOwner } from "../../src/page/connection-owner.ts";
import { PageConnection } from "../../src/page/page-connection.ts";
import { type BrowserConnectOptions, readPageOptions } from "../../src/page/page-options.ts";
import type { PagePlatform } from "../../src/page/page-platform.ts";
import { pageTarget } from "../../src/page/page-url.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import type { Frame, GoAway } from "../../src/wire/frame.ts";
import { encodeFrame, FrameDecoder } from "../../src/wire/frame-codec.ts";
import { encodePreface } from "../../src/wire/preface.ts";
import { FakeWebSocket } from "./fake-web-socket.ts";
import { WELCOME } from "./heartbeat-rig.ts";

export class PageConnectionRig {
  readonly ws: FakeWebSocket = new FakeWebSocket();
  readonly clock: ManualClock = new ManualClock(0);
  readonly outbox: Outbox;
  readonly connection: PageConnection;
  readonly messages: Message[] = [];
  readonly beats: Beat[] = [];
  readonly goaways: GoAway[] = [];
  readonly overs: {
    readonly code: ErrorCode;
    readonly error: Error | undefined;
    readonly record: EndRecord | undefined;
  }[] = [];
  onlineCount = 0;
  readonly #decoder = new FrameDecoder({ role: "server" });

  constructor(options: BrowserConnectOptions = {}, url = "ws://a.example:1/") {
    const extras = { lines: LINES };
    const config = readPageOptions({ heartbeat: { intervalMs: 10_000 }, ...options }, extras);
    const target = pageTarget(url, true);
    this.outbox = new Outbox(config);
    const owner: ConnectionOwner = {
      platform: { clock: this.clock, random: { next: () => 0.5 } } as unknown as PagePlatform,
      config,
      late: new Lateness(250),
      outbox: this.outbox,
      pace: undefined,
      step: (change) => {
        change(this.clock.now());
        this.settle();
      },
      onOnline: () => void (this.onlineCount += 1),
      onMessage: (data) => this.messages.push(data),
      onBeat: (beat) => this.beats.push(beat),
      onVerdict: () => {},
      onGoAway: (goaway) => this.goaways.push(goaway),
      onOver: (code, _now, error, record) => this.overs.push({ code, error, record }),
    };
    const speech = target.isLine ? LINES.speechOf(config.line) : new Frames();
    const greeting = { token: "t", previous: { id: "p", secret: "q" } };
    const now = this.clock.now();
    this.connection = new PageConnection(target, this.ws, speech, greeting, owner, now);
  }

  /** Opened and welcomed; what was said for that is taken. */
  static online(options: BrowserConnectOptions = {}): PageConnectionRig {
    const rig = new PageConnectionRig(options);
    rig.ws.open();
    rig.says({ kind: "welcome", welcome: WELCOME });
    if (rig.onlineCount !== 1) throw new Error("it did not come online");
    rig.heard();
    return rig;
  }

  settle(): void {
    this.connection.settle(this.clock.now());
  }

  /** The time passes, and what is due is done, as the steps of a link would. */
  advance(ms: number): void {
    const until = this.clock.now() + ms;
    for (;;) {
      this.settle();
      this.connection.judge(this.clock.now());
      const dueAt = this.connection.deadline;
      const now = this.clock.now();
      if (dueAt > until || this.overs.length > 0) break;
      this.clock.advance(Math.max(0.5, dueAt - now));
    }
    this.clock.advance(Math.max(0, until - this.clock.now()));
    this.settle();
    this.connection.judge(this.clock.now());
  }

  /** One message of the server, of these frames; the first with a preface. */
  says(...frames: Frame[]): void {
    const pieces = frames.map((frame) => encodeFrame(frame));
    const isFirst = frames[0]?.kind === "welcome" && this.onlineCount === 0;
    if (isFirst) pieces.unshift(encodePreface());
    this.ws.message(Uint8Array.from(pieces.flatMap((piece) => [...piece])));
  }

  send(data: Message): void {
    this.outbox.push(data, typeof data === "string" ? utf8(data) : data);
    this.settle();
  }

  /** What a server hears of what was sent since the last call. */
  heard(): Frame[] {
    const frames: Frame[] = [];
    for (const word of this.ws.take()) {
      if (typeof word === "string") throw new Error("a text message was sent");
      this.#decoder.push(word);
      for (let item = this.#decoder.next(); item !== undefined; item = this.#decoder.next()) {
        if (item.kind === "fault") throw new HoldfastError(item.code, item.detail);
        if (item.kind !== "preface") frames.push(structuredClone(item));
      }
    }
    return frames;
  }

  /** The names of what is heard. */
  kinds(): string[] {
    return this.heard().map((frame) => (frame.kind === "part" ? frame.type : frame.kind));
  }
}

export function part(text: string, type: "text" | "cont" = "text", more = false): Frame {
  return { kind: "part", type, more, payload: utf8(text) };
}
