/**
 * From which pages a browser may connect (RFC 6455 section 10.2).
 *
 * A browser lets every page open a WebSocket to every server, with the cookies of that server; the
 * header `Origin` is all that tells a stranger's page from one's own. Other programs send none.
 */
import type { WebSocketServerConfig } from "./websocket-server-options.ts";

export function mayConnect(
  origins: WebSocketServerConfig["origins"],
  origin: string | undefined,
  host: string | undefined,
): boolean {
  if (origin === undefined || origins === "any") return true;
  const page = URL.canParse(origin) ? new URL(origin) : undefined;
  if (page === undefined) return false; // "null" among others: a page without an origin.
  if (origins !== "same-host") return origins.includes(page.origin);
  return page.hostname !== "" && page.hostname === hostName(host ?? "");
}

/** The name in a header `Host`, as a url would have it. */
function hostName(host: string): string | undefined {
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}
