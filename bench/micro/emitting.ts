/** An emitter with and without a listener. */
import { Emitter } from "../../src/base/emitter.ts";
import { expectSame, expectThat, type MicroGroup, type MicroTask } from "./task.ts";

interface Events {
  one: [name: string, value: number];
  other: [];
}

export const emitting: MicroGroup = {
  title: "emitter",
  tasks: () => [
    emit("emitter: emit, nothing was ever listened to", "nobody"),
    emit("emitter: emit, another event has a listener", "other"),
    emit("emitter: emit, one listener", "one"),
  ],
};

function emit(name: string, listened: "nobody" | "other" | "one"): MicroTask {
  const emitter = new Emitter<Events>((error) => {
    throw error;
  });
  let sum = 0;
  if (listened === "one") emitter.on("one", (_name, value) => void (sum += value));
  if (listened === "other") emitter.on("other", () => void (sum += 1));
  return {
    name,
    check() {
      sum = 0;
      emitter.emit("one", "a", 7);
      expectSame(sum, listened === "one" ? 7 : 0);
      expectThat(emitter.has("other") === (listened === "other"), "the listener is where it was");
    },
    run(times) {
      for (let count = 0; count < times; count++) emitter.emit("one", "a", count & 3);
      return sum;
    },
  };
}
