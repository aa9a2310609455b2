/**
 * What the commands of the bench have in common: flags that must be whole numbers, faults told in
 * one sentence, and signals that end what runs before they end us.
 */
import { CommanderError, InvalidArgumentError } from "commander";

const EXIT_DONE = 0;
const EXIT_FAILED = 1;
const EXIT_WRONG_USAGE = 2;
const EXIT_INTERRUPTED = 130;

/** Wrong use of the command line; the sentence names what was expected and what came. */
export class UsageFault extends Error {}

/** Runs `main` to its end and sets the exit code. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  process.exitCode = await outcomeOf(main);
}

async function outcomeOf(main: () => Promise<void>): Promise<number> {
  try {
    await main();
    return EXIT_DONE;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? EXIT_DONE : EXIT_WRONG_USAGE; // It has said why.
    }
    if (error instanceof Interruption) {
      say("interrupted");
      return EXIT_INTERRUPTED;
    }
    say(error instanceof Error ? error.message : String(error));
    return error instanceof UsageFault ? EXIT_WRONG_USAGE : EXIT_FAILED;
  }
}

/** Ended by a signal, with nothing worth reporting. */
export class Interruption extends Error {}

/** Calls `stop` at the first SIGINT or SIGTERM; returns what takes that back. */
export function onInterrupt(stop: () => void): () => void {
  const names = ["SIGINT", "SIGTERM"] as const;
  const once = (): void => {
    forget();
    stop();
  };
  const forget = (): void => {
    for (const name of names) process.off(name, once);
  };
  for (const name of names) process.on(name, once);
  return forget;
}

/** For commander: a whole number within a range. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}.`);
  };
}

/** Progress and faults go to stderr, results to stdout. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function durationText(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}
