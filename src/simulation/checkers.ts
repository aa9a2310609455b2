/**
 * The promises, each as a judge of what happened in a simulated world.
 *
 * They are made anew for each run and share one ground truth. The order is that in which they are
 * told; it changes nothing.
 */
import { backoff } from "./checkers/backoff.ts";
import { buffers } from "./checkers/buffers.ts";
import { deathInBound } from "./checkers/death-in-bound.ts";
import { falseDeath } from "./checkers/false-death.ts";
import { healed } from "./checkers/healed.ts";
import { kernelLine } from "./checkers/kernel-line.ts";
import { lease } from "./checkers/lease.ts";
import { massExpiry } from "./checkers/mass-expiry.ts";
import { messages } from "./checkers/messages.ts";
import { notLatched } from "./checkers/not-latched.ts";
import { oneEnd } from "./checkers/one-end.ts";
import { phaseSpread } from "./checkers/phase-spread.ts";
import { pingBudget } from "./checkers/ping-budget.ts";
import { thrown } from "./checkers/thrown.ts";
import type { MakeChecker } from "./world-view.ts";

export const CHECKERS: readonly MakeChecker[] = [
  oneEnd,
  deathInBound,
  falseDeath,
  lease,
  pingBudget,
  backoff,
  notLatched,
  buffers,
  healed,
  messages,
  phaseSpread,
  massExpiry,
  kernelLine,
  thrown,
];
