/** "Later, but before anything else happens", in the means of the language alone. */
import type { Cancel } from "../base/time.ts";

/** Runs `run` when the present code has returned, so that its caller can add listeners first. */
export function afterThisTurn(run: () => void): Cancel {
  let isCancelled = false;
  const turn = async (): Promise<void> => {
    await Promise.resolve();
    if (!isCancelled) run();
  };
  void turn();
  return () => {
    isCancelled = true;
  };
}
