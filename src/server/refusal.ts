/** What those hear who are turned away or sent away: why, and when to come back. */
import type { ErrorCode } from "../base/errors.ts";
import { ERRORS } from "../base/errors.ts";
import type { Refusal } from "../connection/effects.ts";

/** Long enough that a crowd of retries is no load, short enough that nobody gives up for it. */
const RETRY_AFTER_MS = 5_000;
/** A restart is over soon, and other servers can take the peers at once. */
const DRAINED_AFTER_MS = 1_000;

/** `spreadMs`: over how long the return is to be spread, so that not all come at once. */
export function refusalFor(code: ErrorCode, spreadMs: number): Refusal {
  if (code === "UNAUTHORIZED") {
    return { code, reason: ERRORS[code].means, retry: "never", afterMs: 0, spreadMs: 0 };
  }
  const afterMs = code === "DRAINED" ? DRAINED_AFTER_MS : RETRY_AFTER_MS;
  return { code, reason: ERRORS[code].means, retry: "after", afterMs, spreadMs };
}
