/** Options of redialling, parsed once at the door of `connect`. */
import { OptionReader } from "../base/options.ts";
import type { RedialConfig } from "./redial-policy.ts";

export interface RedialOptions {
  /**
   * After how many dials in a row, none of which led to a connection that lasted, the link ends
   * with `REDIAL_EXHAUSTED`. The very first dial counts; several addresses of one name are one
   * dial. `false`: dial for ever.
   *
   * A connection lasted when it lived for 30 s or two heartbeat intervals, whichever is longer.
   *
   * @range 1 to 1_000_000, or false
   * @default 10: about two minutes with the other defaults, longer than a restart and shorter than
   * the patience of whoever typed a wrong port. Agents that nobody watches want `false`.
   */
  readonly attemptsMax?: number | false | undefined;

  /**
   * For how long there may be no connection at all before the link ends with `GAVE_UP`. Counts from
   * the first dial, and later from the end of the last connection. A dial under way is cut off.
   *
   * @unit milliseconds
   * @range 1 to 31_536_000_000 (a year), or false
   * @default false, since `attemptsMax` is the budget that most people mean.
   */
  readonly giveUpAfterMs?: number | false | undefined;

  /**
   * The longest first wait. Each wait is drawn evenly from 0.1 s up to the cap of its turn, so the
   * first takes half of this on average.
   *
   * @unit milliseconds
   * @range 10 to 600_000
   * @default 1_000: a process manager restarts a server within about a second.
   */
  readonly baseMs?: number | undefined;

  /**
   * By how much the cap of a wait grows from one fruitless dial to the next.
   *
   * @range 1 to 10
   * @default 2: six doublings lead from 1 s to 60 s.
   */
  readonly factor?: number | undefined;

  /**
   * No wait is longer than this, but for one that the server itself asks for (at most 20 minutes).
   *
   * @unit milliseconds
   * @range `baseMs` to 3_600_000
   * @default 60_000, or `baseMs` if that is more: with half a minute on average, a server that
   * comes back sees a thirtieth of its clients each second.
   */
  readonly capMs?: number | undefined;

  /**
   * How long one dial may take, from looking up the name to WELCOME (`line`: to the open socket).
   *
   * @unit milliseconds
   * @range 10 to 600_000
   * @default 10_000: room for two lost SYN packets (retried after 1 s and 3 s) and a TLS handshake,
   * while a server that accepts and then says nothing cannot hold the link in `connecting`.
   */
  readonly attemptTimeoutMs?: number | undefined;
}

/** A connection that ends sooner says nothing about the health of its server. */
const STABLE_MS_MIN = 30_000;

/**
 * @param intervalMs The longest heartbeat interval of the link: a connection that has not seen two
 * heartbeats has proved nothing.
 * @throws HoldfastError `OPTION_INVALID`, naming the option and its range.
 */
export function resolveRedial(
  options: RedialOptions | undefined,
  intervalMs: number,
): RedialConfig {
  const read = new OptionReader("redial", options);
  const attemptsMax = read.integerOrFalse("attemptsMax", { default: 10, min: 1, max: 1_000_000 });
  const giveUpAfterMs = read.integerOrFalse("giveUpAfterMs", {
    default: false,
    min: 1,
    max: 31_536_000_000,
  });
  const baseMs = read.integer("baseMs", { default: 1_000, min: 10, max: 600_000 });
  const factor = read.number("factor", { default: 2, min: 1, max: 10 });
  const capMs = read.integer("capMs", {
    default: Math.max(60_000, baseMs),
    min: baseMs,
    max: 3_600_000,
  });
  const attemptTimeoutMs = read.integer("attemptTimeoutMs", {
    default: 10_000,
    min: 10,
    max: 600_000,
  });
  read.done();
  const stableAfterMs = Math.max(STABLE_MS_MIN, 2 * intervalMs);
  return { attemptsMax, giveUpAfterMs, baseMs, factor, capMs, attemptTimeoutMs, stableAfterMs };
}
