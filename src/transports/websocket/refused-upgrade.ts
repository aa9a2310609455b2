/** Why an HTTP server did not upgrade, as an error that says what to check. */
import type { IncomingMessage } from "node:http";
import { HoldfastError } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";

/** Statuses that may be others the next time (RFC 9110 section 15, RFC 8470, RFC 6585). */
const PASSING: readonly number[] = [408, 425, 429];

/** What a server may make us wait for, at the most. */
const RETRY_AFTER_MS_MAX = 600_000;

export interface RefusedUpgrade {
  readonly error: HoldfastError;
  /** What the server says about coming back. */
  readonly retryAfterMs: number | undefined;
}

/** `label` is the url without its secrets. */
export function refusedUpgrade(label: string, response: IncomingMessage): RefusedUpgrade {
  const status = response.statusCode ?? 0;
  const answer = `${label} answered ${status}`;
  if (PASSING.includes(status) || status >= 500) {
    const words = `${answer}: it cannot upgrade to a WebSocket at the moment`;
    const retryAfterMs = retryAfter(response.headers["retry-after"]);
    return { error: new HoldfastError("UPGRADE_UNAVAILABLE", words), retryAfterMs };
  }
  const code = status === 401 || status === 403 ? "UNAUTHORIZED" : "UPGRADE_REFUSED";
  const words = `${answer}${adviceOn(status, label, response.headers.location)}`;
  return { error: new HoldfastError(code, words), retryAfterMs: undefined };
}

function adviceOn(status: number, label: string, location: string | undefined): string {
  if (status === 401 || status === 403) {
    return ": it refuses these credentials, or this `websocket.origin`";
  }
  if (status >= 300 && status < 400) {
    return `: it sends to ${placeOf(location, label)}, which is not followed; use that url instead`;
  }
  if (status === 404) return ": there is no WebSocket at this path; check the path of the url";
  if (status === 400 || status === 426) return ": it does not take this request for an upgrade";
  return ": it does not upgrade this request to a WebSocket; check the url";
}

/** Without user, password, query and fragment, which may hold secrets. */
function placeOf(location: string | undefined, label: string): string {
  const base = label.replace(/^line\+/, "").replace(/^ws/, "http");
  if (location === undefined || !URL.canParse(location, base)) return "another place";
  const { protocol, host, pathname } = new URL(location, base);
  return printable(`${protocol.replace(/^http/, "ws")}//${host}${pathname}`);
}

/** Seconds, or a date (RFC 9110 section 10.2.3); a date is left to our own backoff. */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,9}$/.test(value)) return undefined;
  return Math.min(Number(value) * 1000, RETRY_AFTER_MS_MAX);
}

/** The answer is no HTTP, or there is none. */
export function brokenUpgrade(label: string, cause: Error): HoldfastError {
  const code = "code" in cause ? String(cause.code) : "";
  if (code.startsWith("HPE_")) {
    const words =
      `${label} does not speak HTTP (${code}); a Holdfast that listens on TCP only is reached ` +
      "by tcp:// or line://, and one behind TLS by wss://";
    return new HoldfastError("UPGRADE_REFUSED", words, { cause });
  }
  if (code === "") {
    const words = `${label} answered, but not with a WebSocket of RFC 6455: ${cause.message}`;
    return new HoldfastError("UPGRADE_REFUSED", words, { cause });
  }
  const words = `${label} closed the connection without an answer to the upgrade (${code})`;
  return new HoldfastError("DIAL_FAILED", words, { cause });
}
