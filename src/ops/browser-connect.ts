/**
 * The door for browsers: binds links to the platform's own WebSocket, clock, chance and page.
 *
 * Nothing here or below may need Node: a test follows the imports. What not every page wants is a
 * function of its own, since bundlers leave out what is not imported; a test says what each costs.
 */
import { HoldfastError } from "../base/errors.ts";
import { BrowserPage, type PageGlobals } from "../driver/browser-page.ts";
import {
  BrowserClock,
  type BrowserTimers,
  browserRandom,
  reportUncaughtInPage,
} from "../driver/browser-system.ts";
import { ADAPTING } from "../page/adapting.ts";
import type { Extras } from "../page/extras.ts";
import { LINES } from "../page/lines.ts";
import { connectOnPage, type Link } from "../page/page-link.ts";
import type { BrowserConnectOptions } from "../page/page-options.ts";
import type { WebSocketClass } from "../page/web-socket-like.ts";

/**
 * Opens a link to the first of these urls that answers, and keeps it: `wss://host/path` and
 * `ws://host/path`. Several urls are tried in turn. Returns at once.
 *
 * For pages and workers. A link on a page tells the server, before the browser begins to throttle
 * timers, that it will be heard less often; makes sure of the server at once when the page or the
 * network comes back; and closes before the page is frozen, to be there again when it is shown.
 *
 * @throws HoldfastError `URL_INVALID`, `OPTION_INVALID`, and `TRANSPORT_FAILED` where there is no
 * WebSocket. What happens later, such as a server that cannot be reached, is told by `link.status`
 * and at last by `link.ended`.
 *
 * @example
 * const link = connect("wss://chat.example/live", { redial: { attemptsMax: false } });
 * link.on("status", (status) => render(status.name));
 * link.on("message", (text) => show(text));
 * link.send("hello");
 */
export function connect(url: string | readonly string[], options?: BrowserConnectOptions): Link {
  return open(url, options, {});
}

/**
 * The same, also to servers that know nothing of Holdfast and read and write lines as text
 * messages: `line+wss://host/path` and `line+ws://host/path`.
 *
 * @throws HoldfastError as `connect` does.
 */
export function connectLines(
  url: string | readonly string[],
  options?: BrowserConnectOptions,
): Link {
  return open(url, options, { lines: LINES });
}

/**
 * The same as `connectLines`, with an interval that may adapt to the path: `heartbeat.adaptive`.
 *
 * @throws HoldfastError as `connect` does.
 */
export function connectAdaptive(
  url: string | readonly string[],
  options?: BrowserConnectOptions,
): Link {
  return open(url, options, { lines: LINES, adapting: ADAPTING });
}

interface Globals extends BrowserTimers, PageGlobals {
  readonly WebSocket?: WebSocketClass;
}

function open(
  url: string | readonly string[],
  options: BrowserConnectOptions | undefined,
  extras: Extras,
): Link {
  const globals = globalThis as unknown as Globals;
  const { WebSocket } = globals;
  if (WebSocket === undefined) {
    throw new HoldfastError("TRANSPORT_FAILED", "this platform has no WebSocket of its own");
  }
  const platform = {
    clock: new BrowserClock(globals),
    random: browserRandom,
    report: reportUncaughtInPage,
    page: new BrowserPage(globals),
    WebSocket,
  };
  return connectOnPage(platform, url, options, extras);
}
