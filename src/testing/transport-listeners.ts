/** Promises about listeners and dialling. */
import { assert } from "../base/assert.ts";
import type { Open } from "../transports/transport.ts";
import { pattern, Recorder, turns, within } from "./transport-recorder.ts";
import { accepting, dial, type TransportRig, withPair } from "./transport-rig.ts";

export async function notAttached(rig: TransportRig): Promise<void> {
  const acceptor = await rig.listen()(accepting(() => {}));
  const left = new Recorder();
  // The reset may be so quick that dialling fails.
  const isOpen = await dial(rig, acceptor.url, left).then(
    () => true,
    () => false,
  );
  if (isOpen) {
    await left.until("the end shows", () => left.finishedCount + left.closedCount > 0);
    left.reset();
    await left.closed();
  }
  await within(acceptor.close(), "a listener closes whose pipes nobody wanted");
  await dialledInVain(rig, (open) => {
    const opened = new Promise<void>((resolve, reject) => {
      open({ onOpened: () => resolve(), onFailed: reject });
    });
    return within(opened, "the pipe opens");
  });
}

/** Somebody dials and drops the pipe: the accepting side must see its end, whatever it does. */
async function dialledInVain(rig: TransportRig, run: (open: Open) => Promise<void>): Promise<void> {
  const acceptor = await rig.listen()(
    accepting((incoming) => {
      const right = new Recorder();
      right.attach(incoming.attach);
      const ended = right.until("the end shows", () => right.finishedCount + right.closedCount > 0);
      void ended.then(() => right.finish());
    }),
  );
  await run(rig.open(acceptor.url));
  await within(acceptor.close(), "a listener closes whose dialler went away");
}

export async function countsBack(rig: TransportRig): Promise<void> {
  const accepted: Recorder[] = [];
  const acceptor = await rig.listen()(
    accepting((incoming) => {
      const recorder = new Recorder();
      recorder.attach(incoming.attach);
      accepted.push(recorder);
    }),
  );
  const dialled = Array.from({ length: 20 }, () => new Recorder());
  for (const recorder of dialled) await dial(rig, acceptor.url, recorder);
  for (const recorder of dialled) recorder.write(pattern(0, 1));
  while (accepted.length < 20) await turns(1);
  await Promise.all(accepted.map((one) => one.until("a byte arrives", () => one.bytesIn === 1)));
  assert((await acceptor.connectionCount()) === 20, "each open pipe is counted");
  accepted.forEach((recorder, index) => {
    if (index % 3 === 0) recorder.reset();
    else recorder.finish();
  });
  const closed = acceptor.close();
  dialled.forEach((recorder, index) => {
    if (index % 2 === 0) recorder.reset();
    else recorder.finish();
  });
  await within(closed, "close resolves when the last pipe is gone");
  assert((await acceptor.connectionCount()) === 0, "no pipe is counted after that");
  await Promise.all(accepted.map((one) => one.closed()));
}

export async function refusedAfterClose(rig: TransportRig): Promise<void> {
  await withPair(rig, async ({ acceptor, left, right }) => {
    const closed = acceptor.close();
    assert(acceptor.close() === closed, "closing twice is closing once");
    await turns(1);
    let failures = 0;
    const failed = new Promise<void>((resolve, reject) => {
      rig.open(acceptor.url)({
        onOpened: () => reject(new Error("broken promise: after close nobody gets in")),
        onFailed(error) {
          failures += 1;
          if (error instanceof Error) resolve();
        },
      });
    });
    await within(failed, "dialling fails");
    await turns(2);
    assert(failures === 1, "onFailed runs once");
    left.write(pattern(0, 1));
    await right.until("open pipes live on", () => right.bytesIn === 1);
  });
}

export async function cancelledDial(rig: TransportRig): Promise<void> {
  await dialledInVain(rig, async (open) => {
    let calls = 0;
    const cancel = open({
      onOpened: () => void (calls += 1),
      onFailed: () => void (calls += 1),
    });
    cancel();
    cancel();
    await turns(10);
    assert(calls === 0, "a cancelled dial runs no handler");
  });
}
