/** Mistakes of the client that pages have: liveness, the pass of reading, messages and waits. */
import { Frames } from "../../../src/page/frames.ts";
import { Heartbeat } from "../../../src/page/heartbeat.ts";
import { Outbox } from "../../../src/page/outbox.ts";
import { PageConnection } from "../../../src/page/page-connection.ts";
import { PageOutput } from "../../../src/page/page-output.ts";
import { PageRedial } from "../../../src/page/page-redial.ts";
import { SimWebSocket } from "../../../src/simulation/sim-web-socket.ts";
import { type Plant, replace } from "./planting.ts";

/** 5.3: the clock for an answer begins anew with each ping. */
export const pingsAreAnswers: Plant = replace(
  Heartbeat,
  "beat",
  (original) =>
    function (now) {
      original.call(this, now);
      this.moved(now);
    },
);

/** 5.2: the gap between two beats is longer than the one that was announced. */
export const halfAnnounced: Plant = replace(
  Frames,
  "ping",
  (original) =>
    function (seq: number, nextMs: number) {
      return original.call(this, seq, Math.ceil(nextMs / 2));
    },
);

/** 5.4: what stands before a ping is of no importance. */
export const nothingAhead: Plant = () => {
  const { prototype } = PageOutput;
  const original = Object.getOwnPropertyDescriptor(prototype, "aheadBytes");
  Object.defineProperty(prototype, "aheadBytes", { configurable: true, get: () => 0 });
  return () => {
    if (original !== undefined) Object.defineProperty(prototype, "aheadBytes", original);
  };
};

/** 5.5: a step that a timer makes judges at once, before what waits in the kernel was read. */
export const judgedAtOnce: Plant = replace(
  PageConnection,
  "settle",
  (original) =>
    function (now) {
      original.call(this, now);
      this.judge(now);
    },
);

/** 5.7: what is dead is not closed, since nobody there would answer. */
export const leftOpen: Plant = replace(SimWebSocket, "close", () => () => undefined);

/** The message that was half written is named by nobody. */
export const begunForgotten: Plant = replace(
  Outbox,
  "detach",
  (original) =>
    function () {
      return original.call(this).slice(1);
    },
);

/** The jitter is added to the cap instead of drawn inside it. */
export const pageJitterAboveCap: Plant = replace(
  PageRedial,
  "onOver",
  (original) =>
    function (...args: Parameters<PageRedial["onOver"]>) {
      const decision = original.apply(this, args);
      if (typeof decision === "string") return decision;
      return { ...decision, delayMs: decision.delayMs + 90_000 };
    },
);
