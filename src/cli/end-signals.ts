/**
 * SIGINT and SIGTERM, once for each time that somebody sent one.
 *
 * npm hands a Ctrl-C on to the script that it runs, which the terminal has told already. Where the
 * shell between them replaces itself by the program (bash does, dash does not), one key press
 * arrives twice, and would be taken for the impatience that the second one means.
 */
import { type Cancel, elapsedMs, type Instant } from "../base/time.ts";
import { SIGNAL_EXIT_CODES, type Surroundings } from "./surroundings.ts";

/** Far longer than npm takes, and far shorter than a person who has lost patience. */
const ECHO_MS_MAX = 300;

/** Calls `onSignal` with the exit code that shells report for the signal. */
export function onEndSignals(
  surroundings: Surroundings,
  onSignal: (exitCode: number) => void,
): Cancel {
  const { env, clock } = surroundings;
  const mayEcho = env["npm_lifecycle_event"] !== undefined;
  const cancels = (["SIGINT", "SIGTERM"] as const).map((name) => {
    let lastAt: Instant | undefined;
    return surroundings.onSignal(name, () => {
      const now = clock.now();
      const isEcho = mayEcho && lastAt !== undefined && elapsedMs(lastAt, now) < ECHO_MS_MAX;
      lastAt = now;
      if (!isEcho) onSignal(SIGNAL_EXIT_CODES[name]);
    });
  });
  return () => {
    for (const cancel of cancels) cancel();
  };
}
