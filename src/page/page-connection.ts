/**
 * One conversation with a server, over one WebSocket: from the dial to the record of its end.
 *
 * It is what connection/, driver/ and a transport are together elsewhere, for the client's role and
 * for a pipe that has borders, cannot be reset, and tells nothing of the kernel but
 * `bufferedAmount`. Whatever happens is a step of the link, which asks afterwards what is to be
 * said (`settle`), and after each wakeup, when a pass of reading brought nothing, what has taken
 * too long (`judge`). Easy to break: nothing is judged anywhere else; and once it is over, nothing
 * that the browser still tells reaches the link.
 */
import { type ErrorCode, HoldfastError } from "../base/errors.ts";
import type { Instant } from "../base/time.ts";
import type { EndedBy, EndRecord } from "../connection/end-record.ts";
import type { GoAway, Welcome } from "../wire/frame.ts";
import type { ConnectionOwner, Greeting } from "./connection-owner.ts";
import {
  ACK,
  CONT,
  END,
  GOAWAY,
  type Heard,
  jsonOf,
  PING,
  PONG,
  SLOW,
  TEXT,
  utf8,
  WELCOME,
  wordsOf,
} from "./frames.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Inlet } from "./inlet.ts";
import { Wait } from "./lateness.ts";
import { PageOutput } from "./page-output.ts";
import type { PageTarget } from "./page-url.ts";
import type { Speech } from "./speech.ts";
import type { CloseLike, WebSocketLike } from "./web-socket-like.ts";
import { codeSaid, endSentence } from "./words.ts";

interface Ending {
  readonly code: ErrorCode;
  readonly by: EndedBy;
  readonly detail: string;
}

/** In this order, though some may be left out. */
const DIALLING = 0;
const GREETING = 1;
const OPEN = 2;
const LEAVING = 3;
const CLOSING = 4;
const OVER = 5;

/** What is kept for an application that is behind, at the most. */
const BEHIND_BYTES_MAX = 67_108_864;
const NO_CLOSE_FRAME = 1006;
const NORMAL = 1000;
/** The first number that is free for private use (RFC 6455 section 7.4.2). */
const PRIVATE = 4000;
const CLOSE_REASON_BYTES_MAX = 123;

export class PageConnection {
  readonly heartbeat: Heartbeat;
  welcome: Welcome | undefined;
  /** The last word of the server about coming back. */
  goaway: GoAway | undefined;
  readonly #target: PageTarget;
  readonly #speech: Speech;
  readonly #on: ConnectionOwner;
  readonly #ws: WebSocketLike;
  readonly #greeting: Greeting;
  readonly #output: PageOutput;
  readonly #inlet: Inlet;
  /** The application is behind. */
  readonly #pause: Wait;
  readonly #farewell: Wait;
  #openedAt: Instant;
  #phase = DIALLING;
  #wasOpen = false;
  #ending: Ending | undefined;
  #peerSaid: EndRecord["peerSaid"];
  #behindFrom = 0;
  /** As the record names them. */
  readonly #counts = { bytesIn: 0, pingsIn: 0, lastPingSeqIn: 0, droppedAnswers: 0 };

  constructor(
    target: PageTarget,
    ws: WebSocketLike,
    speech: Speech,
    greeting: Greeting,
    on: ConnectionOwner,
    now: Instant,
  ) {
    const { config, late, platform, outbox, pace } = on;
    const { drainTimeoutMs, messageBytesMax } = config;
    this.#target = target;
    this.#speech = speech;
    this.#on = on;
    this.#ws = ws;
    this.#greeting = greeting;
    this.#openedAt = now;
    const output = new PageOutput(ws, outbox, speech, late, drainTimeoutMs);
    this.#output = output;
    this.heartbeat = new Heartbeat(config, speech, output, late, platform.random, pace, now);
    this.#inlet = new Inlet(messageBytesMax, late, drainTimeoutMs);
    this.#pause = new Wait(late, config.pauseMsMax);
    this.#farewell = new Wait(late, config.closeTimeoutMs);
    ws.binaryType = "arraybuffer";
    ws.onopen = () => on.step((at) => this.#handleOpen(at));
    ws.onmessage = ({ data }) => on.step((at) => this.#handleData(data, at));
    ws.onclose = (close) => on.step((at) => this.#handleClose(close, at));
    ws.onerror = () => {}; // It says nothing that the close after it does not.
  }

  /** What the server gave; where it gives none, when it was opened, in microseconds. */
  get id(): string {
    return this.welcome?.id ?? String(Math.round(this.#openedAt * 1_000));
  }

  /** The browser has opened it. */
  get isPipe(): boolean {
    return this.#phase > DIALLING;
  }

  /** Says what there is to say, and looks at the verdict. */
  settle(now: Instant): void {
    const { heartbeat } = this;
    const output = this.#output;
    if (this.#phase === OPEN || this.#phase === LEAVING) {
      if (heartbeat.settle(now)) this.#on.onVerdict();
      const { ackAt } = this.#inlet;
      const isDue = now >= ackAt || (ackAt < Infinity && output.hasNext);
      if (isDue && !this.#pause.isRunning) this.#acknowledge();
      output.pump(now);
    }
    if (output.look(now)) heartbeat.left(now);
    if (this.#phase === LEAVING && this.#on.outbox.isThrough) this.#sayLastWord(now);
  }

  /** When to come back: for `settle`, or for what takes too long. */
  get deadline(): number {
    if (this.#phase === OVER) return Infinity;
    if (this.#phase === CLOSING) return this.#farewell.until; // Nothing else is judged any more.
    return Math.min(
      this.#output.lookAt,
      this.#farewell.until,
      this.#pause.until,
      this.#output.drain.until,
      this.#inlet.unfinished.until,
      this.#wasOpen ? this.heartbeat.deadline : Infinity,
      this.#pause.isRunning ? Infinity : this.#inlet.ackAt,
    );
  }

  /** What has taken too long by now? */
  judge(now: Instant): void {
    if (this.#phase === OVER) return;
    if (now >= this.#farewell.until) this.#end(this.#ending as Ending, now);
    else if (this.#phase === CLOSING) return;
    else if (this.#wasOpen && this.heartbeat.isDead(now)) this.#fall("PEER_SILENT", "", now);
    else if (now >= this.#output.drain.until) this.#fall("PEER_TAKES_NOTHING", "", now);
    else if (now >= this.#pause.until) this.#breakOff("READER_TOO_SLOW", "", now);
    else if (now >= this.#inlet.unfinished.until) this.#breakOff("UNFINISHED_TOO_LONG", "", now);
  }

  /**
   * A page cannot stop reading. What comes is kept, and not acknowledged, so that a server of ours
   * stops at what it keeps for us; nobody is behind for longer than `pauseMsMax`, or by 64 MiB.
   */
  setBehind(isBehind: boolean, now: Instant): void {
    if (!isBehind) this.#pause.end();
    else if (this.#phase === OPEN && !this.#pause.isRunning) {
      this.#pause.begin(now);
      this.#behindFrom = this.#counts.bytesIn;
    }
  }

  /** In good order: what was sent by now goes out and is confirmed first, unless it is `atOnce`. */
  close(code: ErrorCode, detail: string, atOnce: boolean, now: Instant): void {
    if (this.#phase >= CLOSING) return;
    this.#ending ??= { code, by: "here", detail };
    this.#phase = LEAVING;
    this.#on.outbox.seal();
    this.#pause.end();
    this.#farewell.begin(now);
    if (atOnce) this.#sayLastWord(now);
  }

  /** At once; what is under way is lost and named in the record. */
  abort(code: ErrorCode, detail: string, now: Instant): void {
    if (this.#phase < OVER) this.#end({ code, by: "here", detail }, now);
  }

  /** Gives it up; nothing is told any more. */
  drop(): void {
    const ws = this.#ws;
    this.#phase = OVER;
    ws.onopen = null;
    ws.onmessage = null;
    ws.onclose = null;
    ws.close();
  }

  // What the browser tells.

  #handleOpen(now: Instant): void {
    if (this.#phase === OVER) return;
    const { agent, messageBytesMax } = this.#on.config;
    const about = { ...this.#greeting, ...this.heartbeat.range, agent, messageBytesMax };
    const hello = this.#speech.hello(about);
    this.#openedAt = now;
    this.#phase = GREETING;
    if (hello === undefined) this.#goOnline(undefined, now);
    this.#output.say(hello);
  }

  #handleData(data: unknown, now: Instant): void {
    if (this.#phase >= CLOSING) return;
    const counts = this.#counts;
    const bytes = typeof data === "string" ? utf8(data) : new Uint8Array(data as ArrayBuffer);
    counts.bytesIn += bytes.length;
    this.heartbeat.heard(now);
    if (this.#pause.isRunning && counts.bytesIn - this.#behindFrom > BEHIND_BYTES_MAX) {
      return this.#breakOff("READER_TOO_SLOW", "", now);
    }
    try {
      for (const heard of this.#speech.hear(data, bytes)) {
        if (this.#phase < CLOSING) this.#understand(heard, now);
      }
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      this.#breakOff(error.code, error.message, now);
    }
  }

  #handleClose({ code, reason }: CloseLike, now: Instant): void {
    if (this.#phase === OVER) return;
    const wasSaid = code !== NO_CLOSE_FRAME;
    if (this.#phase === DIALLING) {
      const why = wasSaid ? `${code} ${reason}` : "the browser's console may say why";
      const text = `cannot reach ${this.#target.label}: ${why}`;
      this.drop();
      return this.#on.onOver("DIAL_FAILED", now, new HoldfastError("DIAL_FAILED", text));
    }
    if (wasSaid) this.#peerSaid ??= { code: String(code), reason };
    if (this.#ending !== undefined) return this.#end(this.#ending, now);
    if (wasSaid) return this.#end({ code: "CLOSED_BY_PEER", by: "peer", detail: "" }, now);
    this.#fall("PEER_VANISHED", "", now);
  }

  #understand(heard: Heard, now: Instant): void {
    const { type, first, second, payload } = heard;
    if (type === GOAWAY) {
      if (this.goaway !== undefined) return; // Once is enough.
      this.goaway = jsonOf<GoAway>(heard);
      return this.#on.onGoAway(this.goaway, now);
    }
    if (type === END) {
      this.#peerSaid = wordsOf(heard);
      this.#ending ??= { code: codeSaid(this.#peerSaid.code), by: "peer", detail: "" };
      return this.#leave(NORMAL, "", now);
    }
    if (this.#wasOpen === (type === WELCOME)) {
      throw new HoldfastError("FRAME_INVALID", `a frame of type ${type} came at a wrong time`);
    }
    if (type === WELCOME) return this.#goOnline(jsonOf<Welcome>(heard), now);
    if (type === PING) return this.#hearPing(first, second);
    if (type === PONG) return this.#hearPong(first, second, now);
    if (type === ACK) return this.#hearAck(first, second, now);
    if (type === SLOW) return this.heartbeat.slowDown(first, now);
    const isText = type === CONT ? undefined : type === TEXT;
    const message = this.#inlet.part(isText, first === 1, payload, now);
    if (message !== undefined) this.#on.onMessage(message);
  }

  #goOnline(welcome: Welcome | undefined, now: Instant): void {
    this.welcome = welcome;
    this.#phase = OPEN;
    this.#wasOpen = true;
    this.heartbeat.begin(welcome, now);
    this.#on.onOnline(now);
  }

  #hearPing(seq: number, nextMs: number): void {
    const counts = this.#counts;
    counts.pingsIn += 1;
    counts.lastPingSeqIn = seq || counts.pingsIn;
    this.heartbeat.answer(seq);
    this.#on.onBeat({ of: "theirs", seq: counts.lastPingSeqIn, rttMs: undefined, nextMs });
  }

  #hearPong(seq: number, nextMs: number, now: Instant): void {
    const rttMs = this.heartbeat.answered(seq, now);
    // Without one it was a heard byte, and no sample.
    if (rttMs === undefined) return;
    this.#on.onBeat({ of: "ours", seq: this.heartbeat.pingsOut, rttMs, nextMs });
  }

  #hearAck(messages: number, partBytes: number, now: Instant): void {
    const gained = this.#on.outbox.confirm(messages, partBytes);
    if (gained === undefined) {
      throw new HoldfastError("FRAME_INVALID", "ACK names messages that were never sent");
    }
    if (gained === 0) return;
    this.heartbeat.moved(now);
    this.#output.confirmed(gained, now);
    if (this.#farewell.isRunning) this.#farewell.begin(now);
  }

  #acknowledge(): void {
    this.#output.say(this.#speech.ack(this.#inlet.messagesIn, this.#inlet.heldBytes));
    this.#inlet.acknowledged();
  }

  // The end.

  /** The peer broke a rule, or we must stop for a reason of ours: says so, and waits for nobody. */
  #breakOff(code: ErrorCode, detail: string, now: Instant): void {
    if (this.#wasOpen) this.#output.say(this.#speech.end(code, detail));
    this.#closeFrame(PRIVATE, `${code}: ${detail}`);
    this.#fall(code, detail, now);
  }

  /** All is said that will be: END where there is one, then a close frame. */
  #sayLastWord(now: Instant): void {
    const { code, detail } = this.#ending as Ending;
    const isPlain = code !== "DRAINED";
    this.#acknowledge();
    this.#output.say(this.#speech.end(isPlain ? "CLOSED_BY_PEER" : code, detail));
    this.#leave(isPlain ? NORMAL : PRIVATE, isPlain ? detail : `${code}: ${detail}`, now);
  }

  #leave(code: number, reason: string, now: Instant): void {
    if (this.#inlet.ackAt < Infinity) this.#acknowledge();
    this.#phase = CLOSING;
    this.#farewell.begin(now);
    this.#closeFrame(code, reason);
  }

  #closeFrame(code: number, reason: string): void {
    let shown = reason;
    while (utf8(shown).length > CLOSE_REASON_BYTES_MAX) shown = shown.slice(0, -1);
    this.#ws.close(code, shown);
  }

  #fall(code: ErrorCode, detail: string, now: Instant): void {
    this.#end({ code, by: "fault", detail }, now);
  }

  #end({ code, by, detail }: Ending, now: Instant): void {
    const { platform, outbox } = this.#on;
    const { pinged, movedAt, heardAt, resumedAt, rtt, shiftMs, verdict } = this.heartbeat;
    const { spokeAt, bytesOut } = this.#output;
    const livedMs = now - this.#openedAt;
    const endedAtWallMs = platform.clock.wallNow();
    const evidence = {
      ...this.#counts,
      heardMsAgo: this.#counts.bytesIn === 0 ? undefined : now - heardAt,
      spokeMsAgo: spokeAt && now - spokeAt,
      movedMsAgo: movedAt && now - movedAt,
      queuedBytes: outbox.bytes,
      pingsOutstanding: pinged === undefined ? 0 : 1,
      pingMsAgo: pinged && now - pinged.at,
      rttMs: rtt.latestMs,
      srttMs: rtt.srttMs,
      ourLatenessMs: shiftMs,
      unreadMs: Math.max(0, resumedAt - heardAt),
      heldForMassExpiry: false,
      verdict: code === "PEER_SILENT" ? "dead" : verdict,
      bytesOut,
      messagesIn: this.#inlet.messagesIn,
      messagesOut: outbox.writtenCount,
    } as const;
    const undelivered = outbox.detach();
    // What a page cannot know (leases of the server, TLS, the kernel) is left out: undefined.
    const facts = {
      id: this.id,
      code,
      by,
      remote: this.#target.remote,
      transport: "websocket",
      dialect: this.#speech.isLine ? "line" : "frame",
      openedAtWallMs: endedAtWallMs - livedMs,
      endedAtWallMs,
      livedMs,
      wasOpen: this.#wasOpen,
      reset: false,
      peerSaid: this.#peerSaid,
      evidence,
      undelivered,
      undeliveredCount: undelivered.length,
    } as unknown as EndRecord;
    this.drop();
    this.#on.onOver(code, now, undefined, { ...facts, sentence: endSentence(facts, detail) });
  }
}
