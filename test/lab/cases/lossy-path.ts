/** No fault at all: a bad path, on which nobody may end. Answers are measured, as by default. */
import type { LabOptions } from "../bounds.ts";
import { deed, KEPT, type LabCase } from "./lab-case.ts";

const EACH_SECOND: LabOptions = {
  intervalMs: 1_000,
  clientAnswerMs: false,
  serverAnswerMs: false,
  timeoutMs: 10_000,
};

export const LOSSY_PATH: LabCase = {
  id: "loss-5-percent",
  title: "5 % of the packets lost and 50 ms of delay, each way",
  options: EACH_SECOND,
  needs: ["python3"],
  path: { delayMs: 50, lossPercent: 5 },
  isStretch: true,
  fault: deed(() => {}),
  wasInForce: ({ network }) =>
    [network.near, network.far].every((host) => network.resentBy(host) > 0),
  expects: () => KEPT,
};
