/** Promises about ends: once, last, and whichever way they come. */
import { assert } from "../base/assert.ts";
import { pattern, Recorder, turns, within } from "./transport-recorder.ts";
import { accepting, fill, type TransportRig, withPair } from "./transport-rig.ts";

const MIB = 1024 * 1024;

export async function bothFinish(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ acceptor, left, right }) => {
    left.finish();
    right.finish();
    await Promise.all([left.closed(), right.closed()]);
    assert(left.fault === undefined && right.fault === undefined, "an orderly close has no fault");
    assert(left.finishedCount === 1 && right.finishedCount === 1, "both sides saw FIN");
    assert((await acceptor.connectionCount()) === 0, "a closed pipe is counted no more");
    left.finish();
    left.pause();
    left.resume();
    left.reset();
    assert(!left.write(pattern(0, 1)), "after the end a write is ignored");
  });
}

/** Waits for the end of a side whose peer has reset. */
async function endsAfterReset(rig: TransportRig, side: Recorder): Promise<void> {
  if (rig.canReset) {
    await side.closed();
    assert(side.fault !== undefined, "a reset by the peer is a fault");
    return;
  }
  // Without a reset the peer sees an end of input, or a fault if it had sent something unread.
  await side.until("the end shows", () => side.finishedCount + side.closedCount > 0);
  side.finish();
  await side.closed();
}

export async function resetOnce(rig: TransportRig): Promise<void> {
  for (const end of ["left", "right"] as const) {
    await withPair(rig, async (pair) => {
      const here = pair[end];
      const there = pair[end === "left" ? "right" : "left"];
      assert(here.reset() === rig.canReset, "reset says whether the peer is told");
      assert(here.reset() === rig.canReset, "and says it again");
      here.finish();
      await here.closed();
      assert(here.fault === undefined, "our own reset is no fault");
      await endsAfterReset(rig, there);
    });
  }
}

export async function resetBoth(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left, right }) => {
    left.write(pattern(0, 1_000));
    right.write(pattern(0, 1_000));
    left.reset();
    right.reset();
    await Promise.all([left.closed(), right.closed()]);
  });
}

export async function resetWhileReading(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left, right }) => {
    // The reset comes from inside onBytes, with more to read in the kernel: the hardest moment.
    right.onRead = () => void right.transport.reset();
    left.write(pattern(0, MIB));
    await right.closed();
    assert(right.readCount === 1, "nothing is read after reset");
    await endsAfterReset(rig, left);
  });
}

export async function resetWhileFinishing(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ acceptor, left, right }) => {
    left.pause();
    await fill(right, 64 * 1024);
    right.finish();
    await turns(2);
    right.reset();
    await right.closed();
    assert((await acceptor.connectionCount()) === 0, "the descriptor is free at once");
    left.resume();
    // With bytes unread, libuv before 1.52 may tell of a FIN where a reset came.
    await left.until("the end shows", () => left.finishedCount + left.closedCount > 0);
    left.finish();
    await left.closed();
  });
}

export async function resetAfterFinish(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left, right }) => {
    left.write(pattern(0, 10));
    left.finish();
    left.reset();
    await left.closed();
    assert(left.fault === undefined, "our own reset is no fault");
    await right.until("the end shows", () => right.finishedCount + right.closedCount > 0);
  });
}

export async function writeAfterReset(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ left, right }) => {
    right.reset();
    await right.closed();
    let position = 0;
    while (left.closedCount === 0 && position < 1_000) {
      if (left.transport.unsentBytes === 0) left.write(pattern(position, 1));
      position += 1;
      await turns(1);
    }
    assert(left.closedCount === 1, "writing to a peer that is gone brings the end to light");
    assert(!left.write(pattern(0, 1)), "after the end a write is ignored");
  });
}

export async function processGone(rig: TransportRig): Promise<void> {
  if (rig.dialFromProcess === undefined) return; // There is no process that could be killed.
  const right = new Recorder();
  const acceptor = await rig.listen()(accepting((incoming) => right.attach(incoming.attach)));
  const kill = await within(rig.dialFromProcess(acceptor.url), "another process dials");
  await right.until("its byte arrives", () => right.bytesIn === 1);
  await fill(right, 64 * 1024);
  kill();
  await right.until("the end shows", () => right.finishedCount + right.closedCount > 0);
  right.finish();
  await right.closed();
  await within(acceptor.close(), "the listener closes");
  await turns(2);
  right.verify();
  assert(right.closedCount === 1, "onClosed runs once");
}
