/**
 * Strangers that behave badly at the door of a server: they flood, babble, or say nothing.
 *
 * Each keeps coming back for as long as the fault lasts, since being thrown out once is not what
 * stops such peers.
 */
import { concatBytes } from "../base/bytes.ts";
import { type Cancel, type Clock, later } from "../base/time.ts";
import type { Transport, TransportHandlers } from "../transports/transport.ts";
import type { Hello } from "../wire/frame.ts";
import { encodeFrame, encodePart, encodePing } from "../wire/frame-codec.ts";
import { FRAME_TYPE } from "../wire/frame-types.ts";
import { encodePreface } from "../wire/preface.ts";
import type { Draw } from "./draw.ts";
import { PLAIN_KERNEL } from "./plain-peer.ts";
import type { EventParameters } from "./plan.ts";
import type { SimHost } from "./sim-host.ts";

export type Mischief = "flood" | "junk" | "mute-peer";

const AGAIN_MS = 2_000;
const JUNK_MS = 400;
/** A part of a message that never ends. */
const PART: Uint8Array = new Uint8Array(60_000).fill(0x61);
const text = new TextEncoder();

/** It announces a beat every minute. */
const HELLO: Hello = {
  agent: "stranger",
  intervalMsMin: 1_000,
  intervalMsMax: 60_000,
  nextMs: 60_000,
  messageBytesMax: 65_536,
};

export class HostilePeer implements TransportHandlers {
  readonly #host: SimHost;
  readonly #server: string;
  readonly #mischief: Mischief;
  readonly #parameters: EventParameters;
  readonly #draw: Draw;
  #clock: Clock | undefined;
  #transport: Transport | undefined;
  #cancel: Cancel = () => {};
  #isOver = false;
  #pings = 0;
  #hasGreeted = false;
  #hasBegun = false;

  constructor(
    host: SimHost,
    server: string,
    mischief: Mischief,
    parameters: EventParameters,
    draw: Draw,
  ) {
    this.#host = host;
    this.#server = server;
    this.#mischief = mischief;
    this.#parameters = parameters;
    this.#draw = draw;
  }

  start(): void {
    const process = this.#host.process ?? this.#host.boot();
    this.#clock = process.clock("stranger");
    this.#dial();
  }

  stop(): void {
    this.#isOver = true;
    this.#cancel();
    this.#transport?.reset();
  }

  onBytes(): void {}

  onDrained(): void {}

  onFinished(): void {
    if (this.#mischief !== "mute-peer") this.#transport?.finish();
  }

  onClosed(): void {
    this.#transport = undefined;
    this.#again();
  }

  #dial(): void {
    const { process } = this.#host;
    if (process === undefined || this.#isOver) return;
    process.open(
      this.#server,
      PLAIN_KERNEL,
    )({
      onOpened: (attach) => {
        this.#transport = attach(this);
        this.#hasGreeted = false;
        this.#hasBegun = false;
        this.#misbehave();
      },
      onFailed: () => this.#again(),
    });
  }

  #again(): void {
    this.#cancel();
    if (!this.#isOver) this.#cancel = this.#in(AGAIN_MS, () => this.#dial());
  }

  #misbehave(): void {
    switch (this.#mischief) {
      case "flood":
        if (this.#parameters["line"] === true) return this.#flood();
        this.#write(hello());
        this.#cancel = this.#in(JUNK_MS, () => this.#flood());
        return;
      case "junk":
        return this.#babble();
      case "mute-peer": {
        const { says } = this.#parameters;
        if (says === "F") this.#write(Uint8Array.from([0xf8]));
        else if (typeof says === "string" && says !== "") this.#write(text.encode(says));
        return;
      }
      default:
        this.#mischief satisfies never;
    }
  }

  #flood(): void {
    this.#pings += 1;
    const isLine = this.#parameters["line"] === true;
    this.#write(isLine ? text.encode("ping\n") : encodePing(this.#pings, HELLO.nextMs));
    const { everyMs } = this.#parameters;
    this.#cancel = this.#in(typeof everyMs === "number" ? everyMs : 20, () => this.#flood());
  }

  #babble(): void {
    switch (this.#parameters["how"]) {
      case "bytes": {
        const count = this.#draw.whole(1, 400);
        const bytes = Array.from({ length: count }, () => this.#draw.whole(0, 255));
        const preface = this.#draw.happens(0.5) ? [...encodePreface()] : [];
        this.#write(Uint8Array.from([...preface, ...bytes]));
        break;
      }
      case "line":
        this.#write(text.encode("anybody here?\n"));
        break;
      case "long-line":
        this.#write(text.encode("j".repeat(40_000)));
        break;
      case "half-frame":
        if (this.#greets()) break;
        this.#write(encodePart("text", false, PART).subarray(0, 500));
        return; // The other half never comes.
      case "long-message":
        if (this.#greets()) break;
        this.#write(encodePart(this.#hasBegun ? "cont" : "text", true, PART));
        this.#hasBegun = true;
        break;
      default:
        this.#write(badHello());
    }
    this.#cancel = this.#in(JUNK_MS, () => this.#babble());
  }

  /** Says HELLO, unless that was done: what follows has to wait until it is let in. */
  #greets(): boolean {
    if (this.#hasGreeted) return false;
    this.#hasGreeted = true;
    this.#write(hello());
    return true;
  }

  #write(bytes: Uint8Array): void {
    if (this.#transport?.unsentBytes === 0) this.#transport.write(bytes);
  }

  #in(ms: number, run: () => void): Cancel {
    const clock = this.#clock;
    return clock === undefined ? () => {} : clock.wakeAt(later(clock.now(), ms), run);
  }
}

function hello(): Uint8Array {
  return concatBytes([encodePreface(), encodeFrame({ kind: "hello", hello: HELLO })]);
}

/** A HELLO of the right length that is no JSON. */
function badHello(): Uint8Array {
  return Uint8Array.from([...encodePreface(), FRAME_TYPE.hello, 3, ...text.encode("{]}")]);
}
