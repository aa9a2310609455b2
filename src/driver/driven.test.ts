import { expect, test } from "vitest";
import { seededRandom } from "../base/random.ts";
import { Connection } from "../connection/connection.ts";
import type { Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import { StallLog } from "../liveness/stall-log.ts";
import { LINE_CLIENT_CONFIG, SERVER_CONFIG } from "../testing/connection-pair.ts";
import { ManualClock } from "../testing/manual-clock.ts";
import type { Transport, TransportHandlers, UnackedAnswer } from "../transports/transport.ts";
import { Alarms } from "./alarms.ts";
import { Driven } from "./driven.ts";
import type { DrivenOwner } from "./driven-owner.ts";

class FakeTransport implements Transport {
  readonly kind = "memory";
  readonly isPreparing = false as const;
  readonly remote = { text: "memory", ip: "" };
  unsentBytes = 0;
  takes = true;
  calls: string[] = [];
  written = "";

  write(bytes: Uint8Array): boolean {
    this.written += new TextDecoder().decode(bytes);
    return this.takes;
  }
  finish(): void {
    this.calls.push("finish");
  }
  reset(): boolean {
    this.calls.push("reset");
    return true;
  }
  close(): void {
    this.calls.push("close");
  }
  pause(): void {
    this.calls.push("pause");
  }
  resume(): void {
    this.calls.push("resume");
  }
  readUnacked(answer: UnackedAnswer): void {
    answer(undefined, false);
  }
  kernelOptions(): never {
    throw new Error("not asked for");
  }
}

function rig(on: Partial<DrivenOwner> = {}, config = SERVER_CONFIG) {
  const clock = new ManualClock();
  const stalls = new StallLog({ stallToleranceMs: 250 });
  const messages: Message[] = [];
  const records: EndRecord[] = [];
  const reported: unknown[] = [];
  let held = 0;
  const owner: DrivenOwner = {
    onGreeting: () => {},
    onReady: () => {},
    onHello: () => {},
    onOpened: () => {},
    onMessage: (_driven, data) => messages.push(data),
    onVerdict: () => {},
    onBeat: () => {},
    onGoAway: () => {},
    onDrained: () => {},
    onDelivered: () => {},
    onJudge: (driven) => driven.condemn(),
    onHeldBytes: (_driven, change) => {
      held += change;
    },
    onEnd: (_driven, record) => records.push(record),
    ...on,
  };
  const handlers = { onStall: () => {}, onPassEnd: () => {} };
  const alarms = new Alarms(
    { tickMs: 10, watchMs: 1_000, stallToleranceMs: 250 },
    clock,
    stalls,
    handlers,
  );
  const transport = new FakeTransport();
  const attach = (_to: TransportHandlers): Transport => transport;
  const context = { stalls, random: seededRandom(1) };
  const identity = { id: "id", secret: "secret" };
  const connection = new Connection(config, identity, context, undefined, clock.now());
  const report = (error: unknown): number => reported.push(error);
  const driven = new Driven(connection, attach, owner, { clock, alarms, report });
  driven.start();
  const say = (text: string): void => driven.onBytes(new TextEncoder().encode(text));
  return { clock, alarms, transport, driven, messages, records, reported, say, held: () => held };
}

test("a ping is answered within the call that brought it", () => {
  const { say, transport } = rig();
  say("ping\n");
  expect(transport.written).toBe("pong\n");
});

test("re-entrancy: a listener that closes during a step ends the connection once, in order", () => {
  const { say, transport, messages, driven } = rig({
    onMessage: (one, data) => {
      messages.push(data);
      one.send(`echo ${String(data)}`);
      if (data === "two") one.close("CLOSED_HERE", "");
    },
  });
  say("one\ntwo\nthree\n");
  expect(messages).toEqual(["one", "two", "three"]);
  expect(transport.written).toBe("echo one\necho two\n");
  expect(transport.calls).toEqual(["finish"]);
  expect(() => driven.send("late")).toThrow(expect.objectContaining({ code: "NOT_OPEN" }));
});

test("re-entrancy: aborting in a message listener stops delivery and frees everything", () => {
  const { say, transport, messages, records, alarms, held } = rig({
    onMessage: (one, data) => {
      messages.push(data);
      one.abort("CLOSED_HERE", "enough");
    },
  });
  say("one\ntwo\n");
  expect(messages).toEqual(["one"]);
  expect(records.length).toBe(1);
  expect(transport.calls).toEqual(["reset"]);
  expect(alarms.size).toBe(0);
  expect(held()).toBe(0);
});

test("re-entrancy: sending in an end listener is refused and breaks nothing", () => {
  const failures: unknown[] = [];
  const ends: string[] = [];
  const { driven } = rig({
    onEnd: (one, record) => {
      ends.push(record.code);
      try {
        one.send("too late");
      } catch (error) {
        failures.push(error);
      }
      one.close("CLOSED_HERE", "");
      one.abort("CLOSED_HERE", "");
    },
  });
  driven.onClosed(undefined);
  driven.onClosed(undefined);
  expect(ends).toEqual(["PEER_VANISHED"]);
  expect(failures).toEqual([expect.objectContaining({ code: "NOT_OPEN" })]);
});

test("re-entrancy: what a listener throws is reported, and the connection is sound", () => {
  const { say, transport, reported } = rig({
    onMessage: () => {
      throw new Error("a bug of the application");
    },
  });
  say("one\nping\n");
  say("ping\n");
  expect(transport.written).toBe("pong\npong\n");
  expect(reported).toEqual([expect.objectContaining({ message: "a bug of the application" })]);
});

test("a silent peer is reset at its timeout, and nothing rings after", () => {
  const { clock, say, transport, records, alarms } = rig();
  say("ping\n");
  clock.advance(59_900);
  expect(records).toEqual([]);
  clock.advance(200);
  expect(transport.calls).toEqual(["reset"]);
  expect(records[0]).toMatchObject({ code: "PEER_SILENT", reset: true, dialect: "line" });
  expect(records[0]?.sentence).toMatch(/^closed after 60\.\d s of silence: the peer had 60\.0 s/);
  expect(alarms.size).toBe(0);
  expect(clock.alarmCount).toBe(0);
});

test("what a connection holds is accounted for, and given back at the end", () => {
  const { driven, transport, say, held } = rig();
  say("hello\n");
  transport.takes = false;
  driven.send("x".repeat(1_000));
  driven.send("y".repeat(1_000));
  expect(held()).toBeGreaterThanOrEqual(2_000);
  transport.takes = true;
  driven.onDrained(true);
  expect(held()).toBe(0);
  say("half a line");
  expect(held()).toBe(11);
  driven.abort("CLOSED_HERE", "");
  expect(held()).toBe(0);
});

test("a client's first words are written when it starts", () => {
  const { transport } = rig({}, { ...LINE_CLIENT_CONFIG, accepts: { line: false, frame: true } });
  expect(transport.written.length).toBeGreaterThan(20);
});

// Ours: the alarm of a connection was set after its owner had ended it for holding too much.
test("re-entrancy: an owner that ends a connection for what it holds breaks nothing", () => {
  const { driven, transport, records, alarms } = rig({
    onHeldBytes: (one, change) => {
      if (change > 100) one.abort("OVERLOADED", "too much");
    },
  });
  driven.onBytes(new TextEncoder().encode("ping\n"));
  transport.takes = false;
  driven.send("x".repeat(1_000));
  expect(transport.calls).toEqual(["reset"]);
  expect(alarms.size).toBe(0);
  expect(records.map(({ code }) => code)).toEqual(["OVERLOADED"]);
});
