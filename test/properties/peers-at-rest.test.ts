/**
 * A peer that rests cannot be told from one that has a machine all the time: the same story is
 * played to both, and what is written, told, recorded and known is the same after every step.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import type { ConnectionConfig } from "../../src/connection/config.ts";
import { Connection } from "../../src/connection/connection.ts";
import { Resting } from "../../src/connection/resting.ts";
import { Alarms } from "../../src/driver/alarms.ts";
import { Driven } from "../../src/driver/driven.ts";
import { RestPath } from "../../src/driver/rest-path.ts";
import type { DrivenOwner } from "../../src/driver/driven-owner.ts";
import { StallLog } from "../../src/liveness/stall-log.ts";
import { SERVER_CONFIG, withLiveness } from "../../src/testing/connection-pair.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import type { Transport, UnackedAnswer } from "../../src/transports/transport.ts";

class Pipe implements Transport {
  readonly kind = "memory";
  readonly isPreparing = false as const;
  readonly remote = { text: "memory", ip: "" };
  unsentBytes = 0;
  takes = true;
  readonly asked: UnackedAnswer[] = [];
  readonly #log: string[];

  constructor(log: string[]) {
    this.#log = log;
  }

  write(bytes: Uint8Array): boolean {
    this.#log.push(`write ${new TextDecoder("latin1").decode(bytes)}`);
    if (!this.takes) this.unsentBytes = bytes.length;
    return this.takes;
  }
  finish(): void {
    this.#log.push("finish");
  }
  reset(): boolean {
    this.#log.push("reset");
    return true;
  }
  close(): void {
    this.#log.push("close");
  }
  pause(): void {
    this.#log.push("pause");
  }
  resume(): void {
    this.#log.push("resume");
  }
  readUnacked(answer: UnackedAnswer): void {
    this.asked.push(answer);
  }
  kernelOptions(): never {
    throw new Error("not asked for");
  }
}

/** Its owner answers some messages, and logs writes and what it was told apart. */
class Stage {
  readonly written: string[] = [];
  readonly told: string[] = [];
  readonly clock = new ManualClock();
  readonly pipe = new Pipe(this.written);
  readonly driven: Driven;
  restedBeats = 0;
  readonly #alarms: Alarms;
  readonly #stalls = new StallLog({ stallToleranceMs: 250 });

  constructor(config: ConnectionConfig, mayRest: boolean) {
    const { clock } = this;
    const alarmsConfig = { tickMs: 10, watchMs: 1_000, stallToleranceMs: 250 };
    const on = { onStall: () => {}, onPassEnd: () => {} };
    this.#alarms = new Alarms(alarmsConfig, clock, this.#stalls, on);
    const context = { stalls: this.#stalls, random: seededRandom(1) };
    const resting = mayRest ? new Resting(config, context, () => "secret") : undefined;
    const identity = { id: "id", secret: "secret" };
    const who = mayRest
      ? undefined
      : new Connection(config, identity, context, undefined, clock.now());
    const report = (error: unknown): void => void this.told.push(`thrown ${String(error)}`);
    const owner = this.#owner();
    const ids = { enter() {}, text: () => "id", leave() {} };
    const around = { clock, alarms: this.#alarms, report, ids };
    const rest = resting && new RestPath(resting, owner, around);
    this.driven = new Driven(who, () => this.pipe, owner, { ...around, rest });
    this.driven.start();
  }

  say(text: string): void {
    this.driven.onBytes(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
  }

  answerUnacked(bytes: number | undefined, isShut: boolean): void {
    for (const answer of this.pipe.asked.splice(0)) answer(bytes, isShut);
  }

  /** What shows outside, in one piece. */
  facts(): unknown {
    const machine = this.driven.look();
    const { phase, dialect, verdict, leaseMs, heardAt, outboxBytes, heldBytes } = machine;
    const now = this.clock.now();
    return {
      known: { phase, dialect, verdict, leaseMs, heardAt, outboxBytes, heldBytes },
      evidence: machine.evidence(now),
      deadline: machine.deadline(),
      watched: this.#alarms.size,
      openedAtWallMs: this.driven.openedAtWallMs,
      written: this.written,
      told: this.told,
    };
  }

  #owner(): DrivenOwner {
    const tell = (what: string) => void this.told.push(`${this.clock.now()} ${what}`);
    return {
      wantsRestBeats: true,
      onGreeting: () => tell("greeting"),
      onReady: () => tell("ready"),
      onHello: () => tell("hello"),
      onOpened: (one, dialect) => {
        tell(`opened ${dialect}`);
        one.send("welcome");
      },
      onMessage: (one, data) => {
        tell(`message ${String(data)}`);
        if (data === "bye") one.close("CLOSED_HERE", "");
      },
      onVerdict: (_, verdict, was) => tell(`${was} to ${verdict}`),
      onBeat: (_, { of, seq, nextMs }) => tell(`beat ${of} ${seq} ${nextMs}`),
      onRestBeat: (_, seq) => {
        this.restedBeats += 1;
        tell(`beat theirs ${seq} 0`);
      },
      onGoAway: () => tell("goaway"),
      onDrained: () => tell("drained"),
      onDelivered: () => tell("delivered"),
      onJudge: (one) => {
        tell("judge");
        if (one.wasHeld) one.condemn();
        else one.hold(1_000);
      },
      onHeldBytes: (_, change) => tell(`held ${change}`),
      onEnd: (_, record, unwritten) => tell(JSON.stringify({ record, unwritten })),
    };
  }
}

const WORDS = ["ping\n", "ping\n", "ping\n", "ping\r\n", "pi", "ng\n", "pong\n", "hi\n", "bye\n"];
const OTHER_WORDS = [
  "ping\nping\n",
  "ping\nhi\n",
  "\n",
  "\xff\xfe\n",
  "\xf8HF\x01",
  "\x16\x03\x01",
];

const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ say: fc.constantFrom(...WORDS) }) },
  { weight: 2, arbitrary: fc.record({ say: fc.constantFrom(...OTHER_WORDS) }) },
  { weight: 14, arbitrary: fc.record({ beatEveryMs: fc.constantFrom(20, 99, 100, 101, 7_000) }) },
  // Some of a budget of 50, all of it, and more than it.
  { weight: 4, arbitrary: fc.record({ pingsAtOnce: fc.constantFrom(10, 49, 50, 51, 60) }) },
  { weight: 10, arbitrary: fc.record({ waitMs: fc.constantFrom(5, 90, 150, 6_000, 30_000) }) },
  { weight: 2, arbitrary: fc.record({ waitMs: fc.integer({ min: 0, max: 70_000 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      call: fc.constantFrom(
        ...["stall", "refuse", "drain", "native", "native", "heard", "send", "pause", "resume"],
        ...["verify", "unacked", "wall", "finished", "closed", "abort", "close", "look"],
      ),
      n: fc.integer({ min: 0, max: 3_000 }),
    }),
  },
);

function call(stage: Stage, what: string, n: number): void {
  const { driven, pipe, clock } = stage;
  if (what === "stall") clock.stall(n * 4);
  if (what === "refuse") pipe.takes = false;
  if (what === "drain") {
    pipe.takes = true;
    if (pipe.unsentBytes > 0) {
      pipe.unsentBytes = 0;
      driven.onDrained(n % 2 === 0);
    }
  }
  if (what === "native") stage.told.push(`native ${driven.onNativePing()}`);
  if (what === "heard") driven.onHeard(0);
  if (what === "send") {
    try {
      driven.send("x".repeat(n));
    } catch (error) {
      stage.told.push(String(error));
    }
  }
  if (what === "pause") driven.pauseReading();
  if (what === "resume") driven.resumeReading();
  if (what === "verify") driven.verifySoon();
  if (what === "unacked") stage.answerUnacked(n % 3 === 0 ? undefined : n % 7, n % 2 === 0);
  if (what === "wall") clock.wallAheadMs += n * 10;
  if (what === "finished" && n < 700) driven.onFinished();
  if (what === "closed" && n < 300) driven.onClosed(undefined);
  if (what === "abort" && n < 300) driven.abort("CLOSED_HERE", "");
  if (what === "close" && n < 500) driven.close("CLOSED_HERE", "");
}

function beatThrice(stage: Stage, gapMs: number): void {
  for (let beat = 0; beat < 3; beat += 1) {
    stage.say("ping\n");
    stage.clock.advance(gapMs);
  }
}

const configs = fc.constantFrom(
  SERVER_CONFIG,
  withLiveness(SERVER_CONFIG, { pingIntervalMsMin: false }),
  withLiveness(SERVER_CONFIG, { answerWithinMs: false, timeoutMs: 8_000 }),
  { ...SERVER_CONFIG, words: { ...SERVER_CONFIG.words, pong: false, pongBytes: false } } as const,
);

test("whoever rests does, says and knows what one with a machine does, says and knows", () => {
  let restedBeats = 0;
  let layDowns = 0;
  fc.assert(
    fc.property(configs, fc.array(step, { maxLength: 60, size: "max" }), (config, story) => {
      const awake = new Stage(config, false);
      const resting = new Stage(config, true);
      let wasAtRest = true;
      for (const one of story) {
        for (const stage of [awake, resting]) {
          if ("say" in one) stage.say(one.say);
          else if ("pingsAtOnce" in one)
            for (let i = 0; i < one.pingsAtOnce; i++) stage.say("ping\n");
          else if ("beatEveryMs" in one) beatThrice(stage, one.beatEveryMs);
          else if ("waitMs" in one) stage.clock.advance(one.waitMs);
          else call(stage, one.call, one.n);
          // Answers to very many pings of one turn come with the turns after it.
          if ("say" in one || "pingsAtOnce" in one) stage.clock.turn();
        }
        const { isAtRest } = resting.driven;
        if (isAtRest && !wasAtRest) layDowns += 1;
        wasAtRest = isAtRest;
        expect(resting.facts()).toEqual(awake.facts());
      }
      restedBeats += resting.restedBeats;
    }),
    { numRuns: 800 },
  );
  // A test in which nobody rests would prove nothing.
  expect(restedBeats).toBeGreaterThan(1_000);
  expect(layDowns).toBeGreaterThan(200);
});
