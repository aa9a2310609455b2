/** Promises about bytes: whole, in order, lent, and no faster than their reader. */
import { assert } from "../base/assert.ts";
import { pattern, turns, within } from "./transport-recorder.ts";
import { fill, type TransportRig, withPair } from "./transport-rig.ts";

const MIB = 1024 * 1024;

export async function bytesArrive(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left, right }) => {
    for (const [from, to] of [
      [left, right],
      [right, left],
    ] as const) {
      for (let at = 0; at < 1_000; at++) {
        const drainedBefore = from.drainedCount;
        if (from.write(pattern(at, 1))) continue;
        await from.until("onDrained runs", () => from.drainedCount > drainedBefore);
      }
      await to.until("1,000 bytes arrive", () => to.bytesIn === 1_000);
      assert(to.wrongBytes === 0, "what was sent is what arrived");
    }
    assert(left.transport.kind === right.transport.kind, "both ends are of one kind");
  });
}

export async function slowReader(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left, right }) => {
    const wanted = 8 * MIB;
    // A reader that pauses after each read, and goes on a turn later.
    right.onRead = () => {
      right.transport.pause();
      setTimeout(() => right.resume(), 0);
    };
    let refused = 0;
    for (let at = 0; at < wanted; at += 64 * 1024) {
      if (left.write(pattern(at, 64 * 1024))) continue;
      refused += 1;
      await left.until("each refused write is drained", () => left.drainedCount === refused);
      assert(left.transport.unsentBytes === 0, "onDrained means that nothing waits");
    }
    await right.until("8 MiB arrive", () => right.bytesIn === wanted);
    assert(right.wrongBytes === 0, "8 MiB arrive as they were sent");
    assert(refused > 0, "a slow reader refuses writes");
    assert(left.drainedCount === refused, "onDrained runs once for each refused write");
  });
}

export async function smallRefusal(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left, right }) => {
    right.pause();
    const written = await fill(left, 1_000);
    const drainedBefore = left.drainedCount;
    await turns(3);
    assert(left.drainedCount === drainedBefore, "onDrained waits while the reader pauses");
    right.resume();
    await left.until("onDrained runs", () => left.drainedCount === drainedBefore + 1);
    await right.until("all arrives", () => right.bytesIn === written);
    assert(right.wrongBytes === 0, "what was refused first arrives in order");
  });
}

export async function hugeWrite(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left, right }) => {
    const seen = new Set<number>();
    right.onRead = () => void seen.add(left.transport.unsentBytes);
    const bytes = pattern(0, 32 * MIB);
    assert(!left.write(bytes), "no kernel takes 32 MiB at once");
    await left.until("onDrained runs", () => left.drainedCount === 1);
    await right.until("all arrives", () => right.bytesIn === bytes.length);
    assert(right.wrongBytes === 0, "a huge write arrives as it was sent");
    assert(seen.size > 2, "unsentBytes falls in steps while a write is under way");
  });
}

export async function lentBytes(rig: TransportRig): Promise<void> {
  assert(rig.overwritesAfterRead, "under test a transport overwrites what it lent");
  await withPair(rig, async ({ left, right }) => {
    left.write(pattern(1, 5));
    right.write(pattern(1, 5));
    for (const side of [left, right]) {
      await side.until("5 bytes arrive", () => side.bytesIn === 5);
      await turns(1);
      assert(side.lent?.join() !== pattern(1, 5).join(), "bytes that were kept are spoilt");
    }
  });
}

export async function pausing(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left, right }) => {
    left.write(pattern(0, 1));
    await right.until("the first byte arrives", () => right.bytesIn === 1);
    right.pause();
    const readsBefore = right.readCount;
    const written = 1 + (await fill(left, 32 * 1024, 1));
    await turns(5);
    assert(right.readCount <= readsBefore + 1, "at most one read is under way when pausing");
    right.onRead = () => {
      right.transport.pause();
      right.onRead = undefined;
    };
    const readsAtResume = right.readCount;
    right.resume();
    await right.until("reading goes on", () => right.readCount > readsAtResume);
    await turns(5);
    assert(right.readCount <= readsAtResume + 2, "a pause inside onBytes holds");
    right.resume();
    await right.until("all arrives", () => right.bytesIn === written);
    assert(right.wrongBytes === 0, "pausing loses and repeats nothing");
  });
}

/** A pipe that cannot put reading off reads on, and loses nothing either. */
export async function puttingOff(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left, right }) => {
    left.write(pattern(0, 1));
    await right.until("the first byte arrives", () => right.bytesIn === 1);
    const isPutOff = right.transport.putOff?.() === true;
    left.write(pattern(1, 5));
    await turns(5);
    assert(!isPutOff || right.bytesIn === 1, "a few bytes of what is put off are not read");
    right.transport.takeUp?.();
    await right.until("what waited arrives", () => right.bytesIn === 6);
    right.transport.putOff?.();
    right.transport.takeUp?.();
    left.write(pattern(6, 1_000));
    await right.until("reading goes on", () => right.bytesIn === 1_006);
    right.transport.putOff?.();
    left.finish();
    await turns(5);
    right.transport.takeUp?.();
    await right.until("the end is told", () => right.finishedCount + right.closedCount > 0);
    assert(right.wrongBytes === 0, "putting off loses and repeats nothing");
  });
}

export async function resetPutOff(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left, right }) => {
    right.transport.putOff?.();
    left.write(pattern(0, 10));
    right.transport.reset();
    right.transport.takeUp?.();
    await Promise.all([left.closed(), right.closed()]);
  });
}

export async function halfOpen(rig: TransportRig): Promise<void> {
  if (!rig.halfCloses) return closesWhole(rig);
  await withPair(rig, async ({ left, right }) => {
    left.write(pattern(0, 10));
    left.finish();
    await right.until("onFinished runs", () => right.finishedCount === 1);
    assert(right.bytesIn === 10, "onFinished runs after the last byte");
    await turns(3);
    assert(right.closedCount === 0 && left.closedCount === 0, "half a close closes nothing");
    right.write(pattern(0, 100_000));
    await left.until("the other direction works", () => left.bytesIn === 100_000);
    assert(left.wrongBytes === 0, "the other direction delivers what was sent");
  });
}

/** Where there is no half a close: what was said before is heard, and then both ends are over. */
async function closesWhole(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left, right }) => {
    left.write(pattern(0, 10));
    left.finish();
    await Promise.all([left.closed(), right.closed()]);
    assert(right.bytesIn === 10, "the last bytes come before the end");
    assert(right.finishedCount === 1, "onFinished runs before onClosed");
    assert(right.fault === undefined && left.fault === undefined, "it is no fault");
  });
}

export async function finishAfterRefusal(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left, right }) => {
    right.pause();
    if (rig.halfCloses) {
      right.finish();
      await left.until("FIN arrives", () => left.finishedCount === 1);
    }
    const written = await fill(left, 64 * 1024);
    left.finish();
    left.finish();
    right.resume();
    await right.until("onFinished runs", () => right.finishedCount === 1);
    assert(right.bytesIn === written, "FIN comes after all that was written");
    assert(right.wrongBytes === 0, "and all is as it was sent");
  });
}

export async function unackedAnswers(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left }) => {
    for (const isOver of [false, true]) {
      if (isOver) {
        left.reset();
        await left.closed();
      }
      let count = 0;
      const answered = new Promise<void>((resolve) => {
        left.call(() =>
          left.transport.readUnacked((unackedBytes) => {
            count += 1;
            assert(unackedBytes === undefined || unackedBytes >= 0, "a count, or not known");
            assert(!isOver || unackedBytes === undefined, "nothing is known of a closed pipe");
            resolve();
          }),
        );
        assert(count === 0, "readUnacked answers later");
      });
      await within(answered, "readUnacked answers");
      await turns(2);
      assert(count === 1, "readUnacked answers once");
    }
  });
}
