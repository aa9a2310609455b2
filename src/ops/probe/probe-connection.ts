/**
 * One connection of a probe: dials, shakes hands, lets one ping be answered, and is then silent
 * until it is told to ask.
 *
 * It speaks the wire itself instead of holding a `Connection`, since that pings by its own rules,
 * and here nothing may be written that nobody asked for. Every ping announces the longest lease, or
 * the server would break the silence with a ping of its own.
 */
import { type ErrorCode, HoldfastError, isErrorCode } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";
import { type Cancel, type Clock, elapsedMs, type Instant, later } from "../../base/time.ts";
import { WRONG_DIALECT_LINE } from "../../connection/greetings.ts";
import { FrameSpeech, type Heard, LineSpeech, type Speech } from "../../connection/speech.ts";
import type {
  Attach,
  EffectiveKernelOptions,
  Open,
  Transport,
  TransportHandlers,
} from "../../transports/transport.ts";
import { PROTOCOL_VERSION, type Welcome } from "../../wire/frame.ts";
import { encodeLine, lineWords } from "../../wire/line-words.ts";
import { encodePreface } from "../../wire/preface.ts";

export interface ProbeConnectionConfig {
  readonly open: Open;
  /** `none`: nothing is said but `send`, and any byte is an answer. */
  readonly speaks: "frame" | "line" | "none";
  readonly send: string | undefined;
  readonly token: string | undefined;
  /** Told in HELLO and in each ping; the server clamps it. */
  readonly announceMs: number;
  /** From dialling to the first answer. */
  readonly readyWithinMs: number;
  /** For sentences: the url, and the one of the other dialect. */
  readonly label: string;
  readonly otherLabel: string;
}

/** How a connection went that had been ready. */
export type Gone = "reset" | "finished" | "lost";

export interface ProbeConnectionHandlers {
  /** Silence begins now. */
  onReady(rttMs: number | undefined, welcome: Welcome | undefined): void;
  /** Instead of `onReady`. Nothing follows. */
  onFailed(error: HoldfastError): void;
  onAnswer(rttMs: number): void;
  /** The server said something that nobody asked for. */
  onNoise(what: string): void;
  /** The server ended it in so many words, which is no death of the path. */
  onFarewell(what: string): void;
  /** After `onReady`, once, and last. */
  onGone(how: Gone): void;
}

type Phase = "dialling" | "greeting" | "checking" | "quiet" | "asked" | "over";

/** No line that matters here is longer: a pong, or a sentence about the wrong dialect. */
const LINE_BYTES_MAX = 64 * 1024;
const MESSAGE_BYTES = 64 * 1024;

export class ProbeConnection implements TransportHandlers {
  readonly #config: ProbeConnectionConfig;
  readonly #clock: Clock;
  readonly #on: ProbeConnectionHandlers;
  readonly #speech: Speech | undefined;
  #phase: Phase = "dialling";
  #transport: Transport | undefined;
  #welcome: Welcome | undefined;
  #seq = 0;
  #messageCount = 0;
  /** What the server said when it sent us away. */
  #saidAway: string | undefined;
  #askedAt: Instant;
  #cancelTimer: Cancel;
  #cancelDial: Cancel = () => {};

  constructor(config: ProbeConnectionConfig, clock: Clock, on: ProbeConnectionHandlers) {
    this.#config = config;
    this.#clock = clock;
    this.#on = on;
    this.#askedAt = clock.now();
    if (config.speaks === "frame") this.#speech = new FrameSpeech("client");
    if (config.speaks === "line") {
      this.#speech = new LineSpeech(lineWords("ping", "pong"), LINE_BYTES_MAX);
    }
    const until = later(this.#askedAt, config.readyWithinMs);
    this.#cancelTimer = clock.wakeAt(until, () => {
      this.#cancelTimer = clock.afterPoll(() => this.#handleTimeout());
    });
    this.#cancelDial = config.open({
      onOpened: (attach) => this.#handleOpened(attach),
      onFailed: (error) => this.#fail("DIAL_FAILED", error.message, error),
    });
  }

  /** The address that was reached; undefined where there is none, or before. */
  get remoteIp(): string | undefined {
    return this.#transport?.remote.ip || undefined;
  }

  kernelOptions(): EffectiveKernelOptions | undefined {
    return this.#transport?.kernelOptions();
  }

  /** Ends the silence with a ping, or with the text that stands for it. */
  ask(): void {
    if (this.#phase !== "quiet") return;
    this.#phase = "asked";
    this.#ping();
  }

  /** Whether the peer's kernel has taken all that was written; undefined where nobody knows. */
  readTaken(answer: (isTaken: boolean | undefined) => void): void {
    if (this.#transport === undefined) return answer(undefined);
    this.#transport.readUnacked((bytes) => answer(bytes === undefined ? undefined : bytes === 0));
  }

  /** Ends it and tells nothing any more. Orderly: the server is told that this was meant. */
  end(orderly: boolean): void {
    const wasOpen = this.#phase === "quiet" || this.#phase === "asked";
    this.#leave();
    if (this.#transport === undefined) return;
    if (!orderly) return void this.#transport.reset();
    const said = { kind: "end", code: "CLOSED_HERE", reason: "the probe is over" } as const;
    const bytes = wasOpen ? this.#speech?.control(said) : undefined;
    if (bytes !== undefined) this.#write(bytes);
    this.#transport.finish();
    this.#transport.close();
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#phase === "over") return;
    if (this.#speech === undefined) return this.#handleAnything();
    this.#speech.push(bytes);
    for (let heard = this.#speech.next(); heard !== undefined; heard = this.#speech.next()) {
      this.#handle(heard);
      if (this.#hasEnded()) return;
    }
  }

  onDrained(): void {}

  onFinished(): void {
    this.#handleGone("finished", "the server closed the connection");
  }

  onClosed(fault: Error | undefined): void {
    const isReset = fault !== undefined && "code" in fault && fault.code === "ECONNRESET";
    const how = fault === undefined ? "finished" : isReset ? "reset" : "lost";
    this.#handleGone(how, fault === undefined ? "the connection closed" : printable(fault.message));
  }

  #hasEnded(): boolean {
    return this.#phase === "over";
  }

  #handleOpened(attach: Attach): void {
    if (this.#phase !== "dialling") return;
    this.#transport = attach(this);
    const { speaks, token, announceMs } = this.#config;
    if (speaks === "none") return this.#becomeReady(undefined);
    if (speaks === "line") return this.#check();
    this.#phase = "greeting";
    const hello = {
      agent: "holdfast probe",
      token,
      intervalMsMin: announceMs,
      intervalMsMax: announceMs,
      nextMs: announceMs,
      messageBytesMax: MESSAGE_BYTES,
    };
    const greeting = this.#speech?.control({ kind: "hello", hello }) ?? new Uint8Array();
    this.#transport.write(new Uint8Array([...encodePreface(PROTOCOL_VERSION), ...greeting]));
  }

  /** The first ping: for the round trip, and to know that an answer can be expected at all. */
  #check(): void {
    this.#phase = "checking";
    this.#ping();
  }

  #ping(): void {
    const { send, announceMs } = this.#config;
    this.#seq += 1;
    this.#askedAt = this.#clock.now();
    const text = send === undefined ? undefined : encodeLine(send);
    const bytes = this.#speech?.ping(this.#seq, announceMs) ?? text;
    if (bytes !== undefined) this.#write(bytes);
  }

  #handle(heard: Heard): void {
    switch (heard.kind) {
      case "fault":
        return this.#handleFault(heard.code, heard.detail);
      case "preface":
      case "slow":
      case "ack":
        return;
      case "welcome":
        if (this.#phase !== "greeting") return;
        this.#welcome = heard.welcome;
        return this.#check();
      case "pong":
        return this.#handlePong(heard.seq);
      case "ping": {
        const pong = this.#speech?.pong(heard.seq, this.#config.announceMs);
        if (pong !== undefined) this.#write(pong);
        return this.#handleNoise("the server asked for a sign of life");
      }
      case "goaway":
        this.#saidAway = heard.goaway.reason;
        // While it greets, END follows with the code; later the silence is broken already.
        if (this.#phase !== "greeting") this.#handleFarewell(heard.goaway.reason);
        return;
      case "end":
        return this.#handleFarewell(heard.code);
      case "line":
        if (heard.text === WRONG_DIALECT_LINE) return this.#handleFault("WRONG_DIALECT", "");
        return this.#handleNoise("the server sent a line");
      case "part":
        return this.#handlePart(heard.more);
      case "hello":
        return this.#handleNoise("the server sent a greeting");
      default:
        heard satisfies never;
    }
  }

  #handlePong(seq: number): void {
    if (seq !== 0 && seq !== this.#seq) return;
    const rttMs = elapsedMs(this.#askedAt, this.#clock.now());
    if (this.#phase === "checking") return this.#becomeReady(rttMs);
    if (this.#phase !== "asked") return;
    this.#phase = "quiet";
    this.#on.onAnswer(rttMs);
  }

  /** A server without a dialect: whatever it says after our text is its answer. */
  #handleAnything(): void {
    if (this.#phase === "asked") {
      this.#phase = "quiet";
      this.#on.onAnswer(elapsedMs(this.#askedAt, this.#clock.now()));
    } else this.#handleNoise("the server spoke");
  }

  #handleNoise(what: string): void {
    if (this.#phase === "quiet" || this.#phase === "asked") this.#on.onNoise(what);
  }

  /** A server whose message nobody acknowledges would end the connection. */
  #handlePart(more: boolean): void {
    if (!more) {
      this.#messageCount += 1;
      const ack = { kind: "ack", messages: this.#messageCount, partBytes: 0 } as const;
      const bytes = this.#speech?.control(ack);
      if (bytes !== undefined) this.#write(bytes);
    }
    this.#handleNoise("the server sent a message");
  }

  /** A few bytes now and then: what the kernel cannot take at once is not worth a queue. */
  #write(bytes: Uint8Array): void {
    if (this.#transport?.unsentBytes === 0) this.#transport.write(bytes);
  }

  #handleFarewell(said: string): void {
    const code = isErrorCode(said) ? said : "TURNED_AWAY";
    if (this.#phase === "greeting" || this.#phase === "checking") {
      const why = this.#saidAway ?? said;
      return this.#fail(code, `${this.#config.label} turned the probe away: ${printable(why)}`);
    }
    this.#on.onFarewell(`the server said goodbye (${printable(said)})`);
  }

  #handleFault(code: ErrorCode, detail: string): void {
    const { label, otherLabel } = this.#config;
    const isStranger = code === "WRONG_DIALECT" || this.#phase === "greeting";
    const why = isStranger
      ? `${label} speaks another dialect than this url says; try ${otherLabel}, or --expect none`
      : `${label} broke the protocol: ${detail}`;
    if (this.#phase === "quiet" || this.#phase === "asked") {
      this.#leave(); // A codec that found a fault finds it for ever.
      this.#transport?.reset();
      return this.#on.onFarewell(why);
    }
    this.#fail(isStranger ? "WRONG_DIALECT" : code, why);
  }

  #becomeReady(rttMs: number | undefined): void {
    this.#phase = "quiet";
    this.#cancelTimer();
    this.#on.onReady(rttMs, this.#welcome);
  }

  #handleTimeout(): void {
    const { label, otherLabel, readyWithinMs } = this.#config;
    if (this.#phase === "dialling") {
      return this.#fail("DIAL_TIMEOUT", `no connection to ${label} within ${readyWithinMs} ms`);
    }
    if (this.#phase === "greeting") {
      const why = `${label} did not greet within ${readyWithinMs} ms; try ${otherLabel}`;
      return this.#fail("HANDSHAKE_TIMEOUT", `${why}, or --expect none`);
    }
    if (this.#phase !== "checking") return;
    const why = `${label} did not answer a ping within ${readyWithinMs} ms; try --expect none`;
    this.#fail("PEER_SILENT", why);
  }

  #handleGone(how: Gone, why: string): void {
    if (this.#phase === "over") return;
    if (this.#saidAway !== undefined) return this.#handleFarewell(this.#saidAway);
    const { label, otherLabel } = this.#config;
    if (this.#phase !== "quiet" && this.#phase !== "asked") {
      const hint = this.#phase === "dialling" ? "" : `; try ${otherLabel}, or --expect none`;
      return this.#fail("PEER_VANISHED", `${label} did not let the probe in: ${why}${hint}`);
    }
    this.#leave();
    this.#transport?.close();
    this.#on.onGone(how);
  }

  #fail(code: ErrorCode, why: string, cause?: Error): void {
    if (this.#phase === "over") return;
    this.#leave();
    this.#transport?.reset();
    this.#on.onFailed(new HoldfastError(code, why, cause === undefined ? {} : { cause }));
  }

  #leave(): void {
    this.#phase = "over";
    this.#cancelTimer();
    this.#cancelDial();
    this.#speech?.release();
  }
}
