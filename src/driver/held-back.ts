/**
 * Peers that are not read for a while, so that no turn of the event loop reads everybody.
 *
 * A runtime hands over all that can be read before it looks at a timer, 49,152 sockets on Node, and
 * nothing ends that earlier. Each read is a system call. Pausing somebody is not: the event loop is
 * told when it asks for more, so it is ten times as cheap as reading, and what was said waits in
 * the kernel. So for each peer that is read in a turn which is too long already some others are
 * held back. They are let in again in portions, a turn each, who waits longest first.
 *
 * Easy to break: meanwhile their silence is ours. Nobody is judged who is held, nor who was let in
 * and may not be read yet, and whoever gets up, or has anything else done to it, is let in before
 * that (`Doing`).
 */
import type { Resting } from "../connection/resting.ts";
import type { Alarms } from "./alarms.ts";
import type { Driven } from "./driven.ts";

/** Reading and answering as many takes less than 10 ms. */
const LET_IN_PER_TURN = 512;
/**
 * What libuv asks the kernel for at a time. It turns once when nobody wants any of these events, so
 * those of the held are used up first; else all would be read together that were let in meanwhile.
 */
const EVENTS_PER_TURN = 1_024;
/** For one read. Two that are silent cost as much later as one that speaks saves now. */
const REACH_MAX = 64;
const REACH_MIN = 1;
/** After so many reads in one turn a crowd speaks, whatever was so before: twice as many. */
const READS_TO_DOUBLE = 256;

export class HeldBack {
  readonly #alarms: Alarms;
  readonly #resting: Resting;
  /**
   * Up to `#settled` nothing is left; up to `#letIn` they may be read in this turn, which is where
   * they are looked at once more; the rest is held.
   */
  readonly #queue: (Driven | undefined)[] = [];
  #settled = 0;
  #letIn = 0;
  /** Where looking for somebody to hold goes on, downwards; undefined: not begun in this turn. */
  #below: number | undefined;
  /** Turns until anybody is let in; undefined: nobody is held, or not before this turn. */
  #turnsToWait: number | undefined;
  /** How many are held for one that is read: fewer where most of them had nothing to say. */
  #reach: number = REACH_MAX;
  /** Reads in this turn since it was too long. */
  #reads = 0;

  constructor(alarms: Alarms, resting: Resting) {
    this.#alarms = alarms;
    this.#resting = resting;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /**
   * Somebody was read in a turn that is too long. The last who came are held first: where peers
   * speak in the order in which they came, the next who would be read are the last to be looked at.
   */
  holdSome(): void {
    let slot = this.#below ?? this.#alarms.slotsEnd;
    if (slot === 0) return;
    const doublings = Math.floor(this.#reads / READS_TO_DOUBLE);
    this.#reads += 1;
    const end = Math.max(0, slot - Math.min(REACH_MAX, this.#reach * 2 ** doublings));
    while (slot > end) {
      slot -= 1;
      // Nobody else has alarms here.
      const driven = this.#alarms.owner(slot) as Driven | undefined;
      if (driven?.doing !== "nothing" || !this.#mayWait(driven)) continue;
      if (driven.transport.putOff?.() !== true) continue;
      driven.doing = "put off";
      this.#queue.push(driven);
    }
    this.#below = slot;
  }

  /** A newcomer who has spoken must not be taken for one who has not. */
  #mayWait(driven: Driven): boolean {
    if (!driven.isAtRest) return driven.isReadAsEver;
    const { slot } = driven;
    return !this.#resting.isSilent(slot) || this.#resting.pingsIn(slot) > 0;
  }

  /** A turn is over, and the next one reads whoever is let in now. */
  letSomeIn(): void {
    this.#below = undefined;
    this.#reads = 0;
    this.#settle();
    if (this.isEmpty) return;
    this.#turnsToWait ??= Math.ceil(this.#queue.length / EVENTS_PER_TURN);
    if (this.#turnsToWait > 0) {
      this.#turnsToWait -= 1;
      return;
    }
    const end = Math.min(this.#queue.length, this.#letIn + LET_IN_PER_TURN);
    for (; this.#letIn < end; this.#letIn++) {
      const driven = this.#queue[this.#letIn];
      if (driven?.doing !== "put off") continue;
      driven.doing = "let in";
      driven.transport.takeUp?.();
    }
  }

  /** One of them was heard, or gets up. */
  release(driven: Driven): void {
    const wasHeld = driven.doing === "put off";
    driven.doing = "nothing";
    if (wasHeld) driven.transport.takeUp?.();
  }

  /** Those who were let in had a turn in which they were read, if there was anything to read. */
  #settle(): void {
    const count = this.#letIn - this.#settled;
    if (count === 0) return;
    let silentCount = 0;
    for (; this.#settled < this.#letIn; this.#settled++) {
      const driven = this.#queue[this.#settled];
      this.#queue[this.#settled] = undefined;
      if (driven?.doing !== "let in") continue;
      driven.doing = "nothing";
      silentCount += 1;
    }
    const wanted = silentCount * 2 > count ? this.#reach / 2 : this.#reach * 2;
    this.#reach = Math.min(REACH_MAX, Math.max(REACH_MIN, wanted));
    if (this.#settled < this.#queue.length) return;
    this.#queue.length = 0;
    this.#settled = 0;
    this.#letIn = 0;
    this.#turnsToWait = undefined;
  }
}

/** Whether what the peer says may wait unread for our own fault. */
export function isUnread({ doing }: Driven): boolean {
  return doing === "put off" || doing === "let in";
}
