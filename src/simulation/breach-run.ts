/**
 * Runs a plan for one promise only, and no longer than until it is broken.
 *
 * Shrinking runs a world a hundred times; what comes after the breach would be lived through for
 * nothing. All checkers listen nevertheless, as they share what they know, but one is heard.
 */
import type { Plan } from "./plan.ts";
import { type RunOptions, simulate } from "./run.ts";
import type { Finding, MakeChecker } from "./world-view.ts";

export async function runForBreach(
  plan: Plan,
  promise: string,
  options: RunOptions,
): Promise<readonly Finding[]> {
  let isBroken = false;
  const checkers = options.checkers.map((make): MakeChecker => {
    return (view, report) => {
      const checker = make(view, (finding) => {
        if (checker.name !== promise) return;
        isBroken = true;
        report(finding);
      });
      return checker;
    };
  });
  const mayStop = (): boolean => isBroken || options.mayStop?.() === true;
  const { findings } = await simulate(plan, { ...options, checkers, mayStop });
  return findings;
}
