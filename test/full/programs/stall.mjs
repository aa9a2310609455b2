/**
 * Blocks the event loop of this process for `ms`, in the kind of callback that `where` names.
 *
 * For "io" the program calls `enterIo` from a callback in which bytes have just been read.
 */
export class Staller {
  #pending;

  arm(where, ms, then) {
    const block = () => {
      const endsAt = performance.now() + ms;
      while (performance.now() < endsAt);
      then();
    };
    if (where === "timer")
      setTimeout(block, 1); // Not at once: this may run in an I/O callback.
    else if (where === "immediate") setImmediate(block);
    else this.#pending = block;
  }

  enterIo() {
    const block = this.#pending;
    this.#pending = undefined;
    block?.();
  }
}
