/**
 * From the first byte to "open": who speaks which dialect, HELLO and WELCOME, and every way of
 * being turned away before that.
 */
import type { Instant } from "../base/time.ts";
import { Patience } from "../liveness/patience.ts";
import type { StallLog } from "../liveness/stall-log.ts";
import { type Frame, PROTOCOL_VERSION } from "../wire/frame.ts";
import { encodeLine } from "../wire/line-words.ts";
import { encodePreface } from "../wire/preface.ts";
import type { Greeting, WelcomeTerms } from "./config.ts";
import type { Connection } from "./connection.ts";
import type { Refusal } from "./effects.ts";
import { beginFarewell, Farewell } from "./farewell.ts";
import { isTlsHello, NO_TLS_LINE, TLS_HELLO_DETAIL } from "./tls-records.ts";
import { helloFrame, WRONG_DIALECT_LINE, welcomeFrame } from "./greetings.ts";

export class Handshake {
  readonly #connection: Connection;
  readonly #stalls: StallLog;
  /** Made when something is waited for: a line peer's handshake is over before it begins. */
  #patience: Patience | undefined;
  #refusal: Refusal | undefined;
  #prefaceSaid = false;

  constructor(connection: Connection, stalls: StallLog) {
    this.#connection = connection;
    this.#stalls = stalls;
  }

  /** When the handshake has taken too long; undefined once it is over. */
  get dueAt(): Instant | undefined {
    return this.#patience?.deadline();
  }

  /** Nobody is waited for, or about to be turned away. */
  get isQuiet(): boolean {
    return this.dueAt === undefined && this.#refusal === undefined;
  }

  /** The handshake is over. */
  end(): void {
    this.#patience?.end();
  }

  /** Client: says the first words, or in the line dialect none. */
  greet(greeting: Greeting, now: Instant): void {
    const { config, heartbeat, input, output } = this.#connection;
    if (config.accepts.line) {
      output.speech = input.speakLines();
      this.#connection.open("dialled-for-lines", now);
      return;
    }
    output.speech = input.speakFrames();
    this.#connection.move("dialled-for-frames");
    this.#wait(config.handshakeTimeoutMs, now);
    this.say(helloFrame(config, greeting, heartbeat.range, heartbeat.promise()));
  }

  /** Server: where lines are accepted a silent peer may be one that will first ping much later. */
  awaitFirstByte(now: Instant): void {
    const { config, heartbeat } = this.#connection;
    if (config.accepts.line) heartbeat.awaitFirstByte();
    else this.#wait(config.handshakeTimeoutMs, now);
  }

  /** Server: the transport has something to agree on before the first byte, within bounds. */
  prepare(now: Instant): void {
    const { config, heartbeat } = this.#connection;
    heartbeat.suspendAllowance();
    if (this.#patience?.isRunning !== true) this.#wait(config.handshakeTimeoutMs, now);
  }

  /** Server: the transport has agreed. Where only frames are spoken, HELLO has what is left. */
  ready(now: Instant): void {
    const { config } = this.#connection;
    if (this.#refusal !== undefined || !config.accepts.line) return;
    this.#patience?.end();
    this.awaitFirstByte(now);
  }

  /** Server: the first byte tells the dialect. False: there is nothing more to hear. */
  recognise(bytes: Uint8Array, now: Instant): boolean {
    const connection = this.#connection;
    const { accepts } = connection.config;
    connection.output.speech = connection.input.sniff(bytes);
    this.#patience?.end();
    if (connection.dialect === "frame") this.#beginFrames(accepts.frame, now);
    else if (this.#refusal !== undefined) this.#leaveRefused(this.#refusal, now);
    else if (isTlsHello(bytes)) this.#leaveTls(now);
    else if (accepts.line) connection.open("first-line-byte", now);
    else {
      connection.output.say(encodeLine(WRONG_DIALECT_LINE));
      const ending = { code: "WRONG_DIALECT", by: "fault", detail: "a line came" } as const;
      beginFarewell(connection, "refused", ending, true, now);
    }
    return !connection.isDeaf;
  }

  /** Server: lets the peer in. */
  welcome(terms: WelcomeTerms, now: Instant): void {
    const connection = this.#connection;
    const { hello } = connection;
    if (connection.phase !== "deciding" || hello === undefined) return;
    this.say(welcomeFrame(connection.config, connection.id, connection.secret, terms));
    connection.heartbeat.startFrameServer(hello.nextMs);
    connection.open("welcomed", now);
  }

  /**
   * Turns the peer away. Before its first byte it is not known in which words, so that waits for
   * it, but not for long.
   */
  refuse(refusal: Refusal, now: Instant): void {
    const connection = this.#connection;
    if (connection.phase === "silent") {
      this.#refusal = refusal;
      this.#wait(Farewell.LINGER_MS, now);
      return;
    }
    if (connection.dialect === "frame" && connection.config.role === "server") {
      const { code, retry, afterMs, spreadMs } = refusal;
      const reason = refusal.reason || code;
      this.say({ kind: "goaway", goaway: { reason, retry, afterMs, spreadMs } });
    }
    this.#leaveRefused(refusal, now);
  }

  /** Control of the frame dialect; each side's first frame comes after its preface. */
  say(frame: Frame): void {
    const { input, output } = this.#connection;
    this.sayPreface();
    const bytes = input.speech?.control(frame);
    if (bytes !== undefined) output.say(bytes);
  }

  sayPreface(): void {
    const { output } = this.#connection;
    if (!this.#prefaceSaid) {
      this.#prefaceSaid = true;
      output.say(encodePreface(PROTOCOL_VERSION));
    }
  }

  isOver(now: Instant): boolean {
    return this.#patience?.isOver(now) === true;
  }

  onTimeout(now: Instant): void {
    const connection = this.#connection;
    if (this.#refusal !== undefined) this.#leaveRefused(this.#refusal, now);
    else connection.breakOff("HANDSHAKE_TIMEOUT", `phase "${connection.phase}"`, now);
  }

  /** Whatever is said in plain text tells a TLS client what is wrong. */
  #leaveTls(now: Instant): void {
    this.#connection.output.say(encodeLine(NO_TLS_LINE));
    const ending = { code: "TLS_FAILED", by: "fault", detail: TLS_HELLO_DETAIL } as const;
    beginFarewell(this.#connection, "refused", ending, true, now);
  }

  #wait(waitMs: number, now: Instant): void {
    this.#patience ??= new Patience(this.#stalls);
    this.#patience.begin(waitMs, now);
  }

  #beginFrames(accepted: boolean, now: Instant): void {
    const connection = this.#connection;
    connection.move("first-frame-byte");
    connection.heartbeat.suspendAllowance();
    connection.effects.push({ do: "greeting" });
    this.#wait(connection.config.handshakeTimeoutMs, now);
    if (this.#refusal !== undefined) this.refuse(this.#refusal, now);
    else if (!accepted) connection.breakOff("WRONG_DIALECT", "this port takes lines only", now);
  }

  #leaveRefused(refusal: Refusal, now: Instant): void {
    const ending = { code: refusal.code, by: "here", detail: refusal.reason } as const;
    beginFarewell(this.#connection, "refused", ending, true, now);
  }
}
