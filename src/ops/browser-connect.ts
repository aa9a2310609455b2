/**
 * The door for browsers: binds links to the platform's own WebSocket, clock, chance and page.
 *
 * Nothing here or below may need Node: a test follows the imports. One platform serves all links of
 * a page, so that they share one timer and one ear for the page; it is made with the first link.
 */
import { connectWith, type Link } from "../client/link.ts";
import { paceOf } from "../client/link-pace.ts";
import { type BrowserConnectOptions, pageTerms } from "../client/page-terms.ts";
import { PageWatch } from "../client/page-watch.ts";
import type { DialConfig, LinkPlatform, LinkTerms } from "../client/platform.ts";
import { SharedConfig } from "../client/shared-config.ts";
import type { LinkTarget } from "../client/target.ts";
import { LinkWatch, WATCH_TICK_MS } from "../client/watch.ts";
import { BrowserPage, type PageGlobals } from "../driver/browser-page.ts";
import {
  BrowserClock,
  type BrowserTimers,
  browserRandom,
  browserSecrets,
  reportUncaughtInPage,
} from "../driver/browser-system.ts";
import { HoldfastError } from "../base/errors.ts";
import { openBrowser } from "../transports/browser/open-browser.ts";
import type { PlatformSocketClass } from "../transports/browser/web-socket-like.ts";
import type { Open } from "../transports/transport.ts";
import { PREFACE_FIRST_BYTE } from "../wire/preface.ts";

/**
 * Opens a link to the first of these urls that answers, and keeps it: `wss://host/path` and
 * `ws://host/path` for a Holdfast server, `line+wss://` and `line+ws://` for any server that reads
 * and writes lines as text messages. Several urls are tried in turn. Returns at once.
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
  return open(pageTerms(undefined), url, options);
}

/**
 * The same with an interval that may adapt to the path: `heartbeat.adaptive`. A function of its
 * own, since it weighs a tenth of the rest and a bundler leaves out what is not imported.
 *
 * @throws HoldfastError as `connect` does.
 */
export function connectAdaptive(
  url: string | readonly string[],
  options?: BrowserConnectOptions,
): Link {
  return open(pageTerms(paceOf), url, options);
}

type PlatformOfAll = Omit<LinkPlatform, "terms">;

let platform: PlatformOfAll | undefined;

/** As liveness/options.ts has it; a link that asks for another one gets a timer of its own. */
const STALL_TOLERANCE_MS = 250;

function open(
  terms: LinkTerms,
  url: string | readonly string[],
  options: BrowserConnectOptions | undefined,
): Link {
  platform ??= makePlatform(globalThis as unknown as Globals);
  return connectWith({ ...platform, terms }, url, options);
}

interface Globals extends BrowserTimers, PageGlobals {
  readonly WebSocket?: PlatformSocketClass;
}

function makePlatform(globals: Globals): PlatformOfAll {
  const clock = new BrowserClock(globals);
  const watchConfig = { tickMs: WATCH_TICK_MS, stallToleranceMs: STALL_TOLERANCE_MS };
  const { WebSocket } = globals;
  if (WebSocket === undefined) {
    throw new HoldfastError("TRANSPORT_FAILED", "this platform has no WebSocket of its own");
  }
  return {
    clock,
    random: browserRandom,
    secrets: browserSecrets,
    report: reportUncaughtInPage,
    watch: new LinkWatch(watchConfig, clock),
    configs: new SharedConfig(),
    page: new PageWatch(new BrowserPage(globals)),
    open: (target: LinkTarget, dial: DialConfig): Open => {
      if (target.over !== "websocket") throw new Error("broken promise: only WebSocket is parsed");
      const { secure, dialect, host, port, path, label } = target;
      const isLine = dialect === "line";
      const remote = `${host.includes(":") ? `[${host}]` : host}:${port}`;
      return openBrowser({
        WebSocket,
        clock,
        url: `${secure ? "wss" : "ws"}://${remote}${path}`,
        label,
        remote,
        protocols: dial.websocket.protocols,
        speech: isLine ? "text" : "binary",
        firstByte: isLine ? undefined : PREFACE_FIRST_BYTE,
        textBytesMax: dial.textBytesMax,
        onEvent: clock.catchUp,
      });
    },
  };
}
