/**
 * Many peers at rest behind one rest path, on a clock that reads and answers move: what a server
 * has of them, without a server.
 */
import { seededRandom } from "../base/random.ts";
import type { Instant } from "../base/time.ts";
import { Resting } from "../connection/resting.ts";
import { Alarms } from "../driver/alarms.ts";
import { Driven } from "../driver/driven.ts";
import type { DrivenOwner } from "../driver/driven-owner.ts";
import { RestPath } from "../driver/rest-path.ts";
import { StallLog } from "../liveness/stall-log.ts";
import type { Transport } from "../transports/transport.ts";
import { SERVER_CONFIG, withLiveness } from "./connection-pair.ts";
import { ManualClock } from "./manual-clock.ts";

export const PING: Uint8Array = new TextEncoder().encode("ping\n");

const ANSWER_MS = 0.01;
const READ_MS = 0.004;

/** What is done takes time of this clock, and rings no alarm by itself. */
class SlowClock extends ManualClock {
  spentMs = 0;

  override now(): Instant {
    return (super.now() + this.spentMs) as Instant;
  }
}

export class RestingCrowd {
  readonly clock: SlowClock = new SlowClock();
  /** Who was answered, in order. */
  readonly answered: number[] = [];
  readonly reported: unknown[] = [];
  readonly peers: Driven[];
  readonly path: RestPath;
  /** Who is not read now. */
  readonly putOff: Set<number> = new Set();
  /** Whether that can be done. */
  canPutOff = false;
  /** What is heard of each peer that speaks. */
  hear: (peer: Driven) => void = (peer) => peer.onBytes(PING);
  /** In what order somebody was. */
  readonly putOffs: number[] = [];
  /** How long each turn took that ended. */
  readonly turnsMs: number[] = [];

  constructor(size: number, on: Partial<DrivenOwner> = {}) {
    const { clock } = this;
    const stalls = new StallLog({ stallToleranceMs: 60_000 });
    const alarmsConfig = { tickMs: 10, watchMs: 1_000, stallToleranceMs: 60_000 };
    const alarms = new Alarms(alarmsConfig, clock, stalls, { onStall() {}, onPassEnd() {} });
    const config = withLiveness(SERVER_CONFIG, { pingIntervalMsMin: false });
    const resting = new Resting(config, { stalls, random: seededRandom(1) }, () => "");
    const report = (error: unknown): void => void this.reported.push(error);
    const ids = { enter() {}, text: (slot: number) => `${slot}`, leave() {} };
    const around = { clock, alarms, report, ids };
    const owner = { ...QUIET_OWNER, ...on };
    this.path = new RestPath(resting, owner, around);
    this.peers = Array.from({ length: size }, (_, number) => {
      return new Driven(undefined, () => this.#pipe(number), owner, {
        ...around,
        rest: this.path,
      });
    });
  }

  /** These (or all) ping, in one turn of the event loop that reads whoever is not put off. */
  ping(numbers: Iterable<number> = this.peers.keys()): number[] {
    const unread: number[] = [];
    for (const number of numbers) {
      if (this.putOff.has(number)) {
        unread.push(number);
        continue;
      }
      this.clock.spentMs += READ_MS;
      const peer = this.peers[number];
      if (peer !== undefined) this.hear(peer);
    }
    return unread;
  }

  /** Turns go by until nobody waits for one. Returns how many were answered. */
  turn(): number {
    const before = this.answered.length;
    this.clock.advance(0);
    return this.answered.length - before;
  }

  /** All ping at once, and are read as soon as they may be. */
  burst(): void {
    let unread = [...this.peers.keys()];
    let turnFromMs = this.clock.spentMs;
    this.clock.read = () => {
      this.turnsMs.push(this.clock.spentMs - turnFromMs);
      turnFromMs = this.clock.spentMs;
      unread = this.ping(unread);
    };
    this.clock.advance(0);
    this.clock.read = () => {};
  }

  #pipe(number: number): Transport {
    return {
      kind: "memory",
      isPreparing: false,
      remote: { text: "memory", ip: "" },
      unsentBytes: 0,
      write: () => {
        this.answered.push(number);
        this.clock.spentMs += ANSWER_MS;
        return true;
      },
      finish() {},
      reset: () => true,
      close() {},
      pause() {},
      resume() {},
      putOff: () => {
        if (!this.canPutOff) return false;
        this.putOffs.push(number);
        this.putOff.add(number);
        return true;
      },
      takeUp: () => void this.putOff.delete(number),
      readUnacked() {},
      kernelOptions() {
        throw new Error("not asked for");
      },
    };
  }
}

const QUIET_OWNER: DrivenOwner = {
  onGreeting() {},
  onReady() {},
  onHello() {},
  onOpened() {},
  onMessage() {},
  onVerdict() {},
  onBeat() {},
  onGoAway() {},
  onDrained() {},
  onDelivered() {},
  onJudge() {},
  onHeldBytes() {},
  onEnd() {},
};
