/**
 * An application that reads a link by `for await`, sometimes slowly, and checks what it is given
 * against what the event said: the two ways of reading must tell the same story.
 */
import { type Cancel, type Clock, later } from "../base/time.ts";
import { MESSAGE_OVERHEAD_BYTES } from "../client/inbox.ts";
import type { Message } from "../connection/effects.ts";
import type { ActorSurroundings } from "./actor.ts";
import type { Timeline } from "./timeline.ts";
import type { Turns } from "./turns.ts";

const TRICKLE_MS = 700;

export class MessageLoop {
  /** Since when so much waits that the link is not to read; by true time. */
  behindSinceMs: number | undefined;
  readonly #inboxBytesMax: number;
  readonly #timeline: Timeline;
  readonly #clock: Clock;
  readonly #turns: Turns;
  readonly #report: (error: unknown) => void;
  readonly #expected: Message[] = [];
  #expectedBytes = 0;
  #pace: "quick" | "trickle" | "stopped" = "quick";
  #goOn: () => void = () => {};
  #cancel: Cancel = () => {};

  constructor(
    inboxBytesMax: number,
    clock: Clock,
    { timeline, turns }: Pick<ActorSurroundings, "timeline" | "turns">,
    report: (error: unknown) => void,
  ) {
    this.#inboxBytesMax = inboxBytesMax;
    this.#clock = clock;
    this.#timeline = timeline;
    this.#turns = turns;
    this.#report = report;
  }

  begin(source: AsyncIterable<Message>): void {
    void this.#read(source);
  }

  /** The event told of this message, so it has to come out of the loop as well, in order. */
  expect(message: Message): void {
    this.#expected.push(message);
    this.#expectedBytes += weightOf(message);
    if (this.#expectedBytes > this.#inboxBytesMax) this.behindSinceMs ??= this.#timeline.nowMs;
    this.#turns.ask();
  }

  slowDown(trickles: boolean): void {
    this.#pace = trickles ? "trickle" : "stopped";
  }

  speedUp(): void {
    this.#pace = "quick";
    this.#cancel();
    this.#goOn();
    this.#turns.ask();
  }

  async #read(source: AsyncIterable<Message>): Promise<void> {
    try {
      for await (const message of source) {
        this.#turns.ask(); // More may wait than one settling of promises hands over.
        const expected = this.#expected.shift();
        this.#expectedBytes -= weightOf(message);
        if (this.#expectedBytes <= this.#inboxBytesMax / 2) this.behindSinceMs = undefined;
        if (message !== expected) throw new Error("the loop and the event disagree");
        if (this.#pace !== "quick") await this.#pause();
      }
    } catch (error) {
      this.#report(error);
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve;
      if (this.#pace === "stopped") return;
      this.#cancel = this.#clock.wakeAt(later(this.#clock.now(), TRICKLE_MS), () => {
        this.#turns.ask();
        resolve();
      });
    });
  }
}

function weightOf({ length }: Message): number {
  return length + MESSAGE_OVERHEAD_BYTES;
}
