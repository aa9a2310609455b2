/** One process is stopped. Its kernel goes on acknowledging, so nothing below us sees a fault. */
import type { Side } from "../bounds.ts";
import { deed, FROZEN, type LabCase, STANDARD, within } from "./lab-case.ts";

export const FROZEN_PROCESS: readonly LabCase[] = [frozen("server"), frozen("client")];

function frozen(victim: Side): LabCase {
  return {
    id: `frozen-${victim}`,
    title: `${victim} process frozen`,
    options: STANDARD,
    needs: [],
    fault: deed((stage) => stage.freeze(victim)),
    expects: (side, dialect) => (side === victim ? FROZEN : within(side, dialect, STANDARD)),
  };
}
