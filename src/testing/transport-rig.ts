/** What the checks of transport-promises.ts stand on: a rig, pairs of watched ends, full pipes. */
import { assert } from "../base/assert.ts";
import type { Acceptor, AcceptHandlers, Incoming, Listen, Open } from "../transports/transport.ts";
import { pattern, Recorder, turns, within } from "./transport-recorder.ts";

/** How one kind of transport is opened, and what it cannot do. */
export interface TransportRig {
  /** Listens on a fresh address each time. */
  listen(): Listen;
  /** Dials the url of such a listener. */
  open(url: string): Open;
  /** Whether the peer is told of a reset (TCP), or sees an ordinary end (Unix). */
  readonly canReset: boolean;
  /** Whether a side that has finished may still be written to (WebSocket knows no such thing). */
  readonly halfCloses: boolean;
  /**
   * Whether a pipe that is ready says more by itself, as TLS does with its tickets. A reset that
   * meets this is swallowed with it, and shows as an ordinary end; the checks let it pass first.
   */
  readonly saysMoreWhenReady?: boolean | undefined;
  /** Whether lent bytes are overwritten, as every transport does under test. */
  readonly overwritesAfterRead: boolean;
  /**
   * Dials `url` from a process of its own that writes one byte and then reads nothing. Returns what
   * kills it. Undefined where there are no processes.
   */
  readonly dialFromProcess: ((url: string) => Promise<() => void>) | undefined;
}

/** More than kernels hold for a connection on loopback, by default. */
const FILL_BYTES_MAX = 64 * 1024 * 1024;

export interface Pair {
  readonly acceptor: Acceptor;
  readonly left: Recorder;
  readonly right: Recorder;
}

/** Accepts everybody into recorders of their own. */
export function accepting(incoming: (incoming: Incoming) => void): AcceptHandlers {
  return {
    onIncoming: incoming,
    onAcceptFailed(error) {
      throw error;
    },
  };
}

export function dial(rig: TransportRig, url: string, recorder: Recorder): Promise<void> {
  const opened = new Promise<void>((resolve, reject) => {
    rig.open(url)({
      onOpened(attach) {
        recorder.attach(attach);
        resolve();
      },
      onFailed: reject,
    });
  });
  return within(opened, "the pipe opens");
}

/** Opens one pipe, runs `check` with the dialling and the accepted end, and closes everything. */
export async function withPair(
  rig: TransportRig,
  check: (pair: Pair) => Promise<void>,
): Promise<void> {
  const left = new Recorder();
  const right = new Recorder();
  let isTaken = false;
  let accepted: () => void;
  const isAccepted = new Promise<void>((resolve) => {
    accepted = resolve;
  });
  const acceptor = await rig.listen()(
    accepting((incoming) => {
      if (isTaken) return; // A further dial of the check: nobody wants it.
      isTaken = true;
      right.attach(incoming.attach);
      accepted();
    }),
  );
  await dial(rig, acceptor.url, left);
  await within(isAccepted, "the pipe is accepted");
  try {
    await Promise.all([left.ready(), right.ready()]);
    if (rig.saysMoreWhenReady === true) await turns(10);
    await check({ acceptor, left, right });
  } finally {
    left.reset();
    right.reset();
    await within(acceptor.close(), "the listener closes");
  }
  // The pair is gone now: whatever still ran too late or twice has been seen.
  await Promise.all([left.closed(), right.closed()]);
  await turns(2);
  for (const side of [left, right]) {
    side.verify();
    assert(side.closedCount === 1, "onClosed runs once");
  }
}

/**
 * Writes pieces until one is refused, and stays so; returns the bytes written, the refused ones
 * included. The peer must have paused; `position` bytes were written before. Encryption may refuse
 * a write for a turn, although there is room.
 */
export async function fill(
  from: Recorder,
  pieceBytes: number,
  position: number = 0,
): Promise<number> {
  let written = 0;
  while (written < FILL_BYTES_MAX) {
    const drainedBefore = from.drainedCount;
    const isTaken = from.write(pattern(position + written, pieceBytes));
    written += pieceBytes;
    if (isTaken) continue;
    assert(from.transport.unsentBytes > 0, "a refused write has bytes that wait");
    for (let turn = 0; turn < 3 && from.drainedCount === drainedBefore; turn++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    if (from.drainedCount === drainedBefore) await turns(3);
    if (from.drainedCount === drainedBefore) return written;
  }
  throw new Error("broken promise: a reader that does not read refuses writes some day");
}
