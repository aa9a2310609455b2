import { expect, test } from "vitest";
import { isHoldfastError } from "../../base/errors.ts";
import type { Transport, TransportHandlers } from "../transport.ts";
import { listenMemory, MemoryNetwork, openMemory } from "./memory-network.ts";
import { memoryPair, type MemoryPipeConfig } from "./memory-pipe.ts";

/** Runs what was scheduled, in order, until nothing is left: no timers, no turns of a real loop. */
class HandSchedule {
  readonly #runs: (() => void)[] = [];
  readonly schedule = (run: () => void): void => void this.#runs.push(run);

  settle(): void {
    for (let run = this.#runs.shift(); run !== undefined; run = this.#runs.shift()) run();
  }
}

function config(hand: HandSchedule): MemoryPipeConfig {
  const { schedule } = hand;
  return { capacityBytes: 10, readBytesMax: 4, schedule, overwriteAfterRead: true };
}

/** Writes down what happened at one end. */
class Log implements TransportHandlers {
  readonly lines: string[] = [];
  onBytes(bytes: Uint8Array): void {
    this.lines.push([...bytes].join(" "));
  }
  onDrained(): void {
    this.lines.push("drained");
  }
  onFinished(): void {
    this.lines.push("finished");
  }
  onClosed(fault: Error | undefined): void {
    this.lines.push(`closed ${fault?.message ?? "in order"}`);
  }
}

interface Joined {
  readonly hand: HandSchedule;
  readonly network: MemoryNetwork;
  readonly left: Transport;
  readonly right: Transport;
  readonly leftLog: Log;
  readonly rightLog: Log;
}

function joined(): Joined {
  const hand = new HandSchedule();
  const network = new MemoryNetwork(config(hand));
  const [leftLog, rightLog] = [new Log(), new Log()];
  const ends: Transport[] = [];
  const address = { network, name: "x" };
  void listenMemory(address)({
    onIncoming: ({ attach }) => void (ends[1] = attach(rightLog)),
    onAcceptFailed() {},
  });
  openMemory(address)({
    onOpened: (attach) => void (ends[0] = attach(leftLog)),
    onFailed() {},
  });
  hand.settle();
  return {
    hand,
    network,
    left: ends[0] as Transport,
    right: ends[1] as Transport,
    leftLog,
    rightLog,
  };
}

test("a direction holds its capacity, the rest waits with the writer", () => {
  const { hand, left, right, leftLog, rightLog } = joined();
  right.pause();
  expect(left.write(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toBe(true);
  expect(left.write(Uint8Array.of(9, 10, 11, 12))).toBe(false);
  expect(left.unsentBytes).toBe(2);
  hand.settle();
  expect(leftLog.lines).toEqual([]);
  right.resume();
  hand.settle();
  expect(rightLog.lines).toEqual(["1 2 3 4", "5 6 7 8", "9 10", "11 12"]);
  expect(leftLog.lines).toEqual(["drained"]);
});

test("through a cut cable nothing passes and nobody is told, until it heals", () => {
  const { hand, network, left, right, leftLog, rightLog } = joined();
  network.cut();
  left.write(Uint8Array.of(1));
  left.reset();
  right.write(Uint8Array.of(2));
  hand.settle();
  expect([leftLog.lines, rightLog.lines]).toEqual([["closed in order"], []]);
  network.heal();
  hand.settle();
  expect(rightLog.lines).toEqual(["closed read ECONNRESET"]);
});

test("what is not read counts as not acknowledged", () => {
  const { hand, left, right } = joined();
  right.pause();
  left.write(Uint8Array.of(1, 2, 3));
  hand.settle();
  const answers: unknown[] = [];
  left.readUnacked((unackedBytes) => answers.push(unackedBytes));
  expect(answers).toEqual([]);
  hand.settle();
  right.resume();
  hand.settle();
  left.readUnacked((unackedBytes) => answers.push(unackedBytes));
  hand.settle();
  expect(answers).toEqual([3, 0]);
});

test("dialling waits for a cut cable, and fails where nobody listens", () => {
  const hand = new HandSchedule();
  const network = new MemoryNetwork(config(hand));
  const errors: Error[] = [];
  network.cut();
  openMemory({ network, name: "nobody" })({
    onOpened() {},
    onFailed: (error) => errors.push(error),
  });
  hand.settle();
  expect(errors).toEqual([]);
  network.heal();
  hand.settle();
  expect(errors.map((error) => isHoldfastError(error) && error.code)).toEqual(["DIAL_FAILED"]);
});

test("a name is listened on once at a time", async () => {
  const network = new MemoryNetwork(config(new HandSchedule()));
  const handlers = { onIncoming() {}, onAcceptFailed() {} };
  const acceptor = await listenMemory({ network, name: "x" })(handlers);
  await expect(listenMemory({ network, name: "x" })(handlers)).rejects.toMatchObject({
    code: "LISTEN_FAILED",
  });
  await acceptor.close();
  await (await listenMemory({ network, name: "x" })(handlers)).close();
});

test("a pair keeps what one end wrote until the other attaches", () => {
  const hand = new HandSchedule();
  const [attachLeft, attachRight] = memoryPair(config(hand));
  const left = attachLeft(new Log());
  left.write(Uint8Array.of(1, 2));
  left.finish();
  hand.settle();
  const log = new Log();
  const right = attachRight(log);
  expect(log.lines).toEqual([]);
  hand.settle();
  right.finish();
  hand.settle();
  expect(log.lines).toEqual(["1 2", "finished", "closed in order"]);
});
