/**
 * Puts a bug into the product for the time of a test, and takes it out again.
 *
 * A planted bug stands for a mistake that somebody may make one day. The product's files stay as
 * they are: methods are replaced on their classes, so one test at a time may do it, and each test
 * file runs in a process of its own.
 */
import { CHECKERS } from "../../../src/simulation/checkers.ts";
import type { Plan } from "../../../src/simulation/plan.ts";
import { simulate } from "../../../src/simulation/run.ts";

export type Undo = () => void;
export type Plant = () => Undo;

type Method<Owner> = {
  [Name in keyof Owner]: Owner[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Owner] &
  string;

/** Replaces one method of a class; `make` is given the original, to be called with `call`. */
export function replace<Owner extends object, Name extends Method<Owner>>(
  type: { readonly prototype: Owner },
  name: Name,
  make: (original: Owner[Name]) => (this: Owner, ...args: never[]) => unknown,
): Plant {
  return () => {
    const { prototype } = type;
    const original = prototype[name];
    prototype[name] = make(original) as Owner[Name];
    return () => {
      prototype[name] = original;
    };
  };
}

/** What the checkers say of these worlds: each name with the first of its sentences. */
export async function complaints(plans: readonly Plan[]): Promise<Map<string, string>> {
  const found: Map<string, string> = new Map();
  for (const plan of plans) {
    const { findings } = await simulate(plan, { checkers: CHECKERS });
    for (const { checker, sentence } of findings) {
      if (!found.has(checker)) found.set(checker, sentence);
    }
  }
  return found;
}

/** The complaints with the bug in place. */
export async function complaintsWith(
  plant: Plant,
  plans: readonly Plan[],
): Promise<Map<string, string>> {
  const undo = plant();
  try {
    return await complaints(plans);
  } finally {
    undo();
  }
}
