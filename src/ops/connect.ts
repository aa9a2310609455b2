/**
 * The door for clients: binds links to real sockets, the real clock and real chance.
 *
 * The client itself is pure and is handed all of this. One platform serves all links of a process,
 * so that they share one timer and one engine; it is made with the first link and holds nothing
 * while there is none.
 */
import { HoldfastError } from "../base/errors.ts";
import { connectWith, type Link } from "../client/link.ts";
import type { ConnectOptions } from "../client/options.ts";
import type { DialConfig, LinkPlatform } from "../client/platform.ts";
import type { LinkTarget, TcpTarget } from "../client/target.ts";
import { LinkWatch, WATCH_TICK_MS } from "../client/watch.ts";
import { reportUncaught, systemClock, systemRandom, systemSecrets } from "../driver/system.ts";
import { chooseEngine } from "../transports/tcp/choose-engine.ts";
import { openTcp } from "../transports/tcp/open-tcp.ts";
import type { TcpEngine } from "../transports/tcp/tcp-engine.ts";
import type { KernelConfig, Open, OpenHandlers } from "../transports/transport.ts";
import { openUnix } from "../transports/unix/open-unix.ts";

/**
 * Opens a link to the first of these urls that answers, and keeps it: `tcp://host:port` and
 * `unix:/path` for another Holdfast, `line://host:port` and `line+unix:/path` for any program that
 * reads and writes lines. Several urls are tried in turn. Returns at once.
 *
 * @throws HoldfastError `URL_INVALID`, `OPTION_INVALID`. What happens later, such as a server that
 * cannot be reached, is told by `link.status` and at last by `link.ended`.
 *
 * @example
 * await using link = connect("tcp://localhost:8080", { heartbeat: { intervalMs: 30_000 } });
 * link.on("status", (status) => console.log(status.name));
 * link.send("hello");
 * for await (const data of link) console.log(data);
 */
export function connect(url: string | readonly string[], options?: ConnectOptions): Link {
  platform ??= makePlatform();
  return connectWith(platform, url, options);
}

let platform: LinkPlatform | undefined;

/** As liveness/options.ts has it; a link that asks for another one gets a timer of its own. */
const STALL_TOLERANCE_MS = 250;

/** RFC 8305 section 5: a quarter of a second before the next address is tried as well. */
const ADDRESS_TIMEOUT_MS = 250;

function makePlatform(): LinkPlatform {
  const watchConfig = { tickMs: WATCH_TICK_MS, stallToleranceMs: STALL_TOLERANCE_MS };
  let engine: Promise<TcpEngine> | undefined;
  return {
    clock: systemClock,
    random: systemRandom,
    secrets: systemSecrets,
    report: reportUncaught,
    watch: new LinkWatch(watchConfig, systemClock),
    open: (target: LinkTarget, dial: DialConfig, warn: (text: string) => void): Open => {
      if (target.over === "unix") {
        return openUnix({ path: target.path, overwriteAfterRead: false });
      }
      engine ??= chooseEngine("auto").then((chosen) => chosen.engine);
      if (target.over === "websocket" || target.secure) return openNothing(target);
      return openWhenChosen(engine, target, dial.kernel, warn);
    },
  };
}

/** For what cannot be opened yet. */
function openNothing({ label }: LinkTarget): Open {
  return (handlers) => {
    const error = new HoldfastError("URL_INVALID", `"${label}" is not supported in this version`);
    queueMicrotask(() => handlers.onFailed(error));
    return () => {};
  };
}

/** The engine is chosen by trying, which takes some milliseconds, once. */
function openWhenChosen(
  chosen: Promise<TcpEngine>,
  { host, port }: TcpTarget,
  kernel: KernelConfig,
  warn: (text: string) => void,
): Open {
  return (handlers: OpenHandlers) => {
    let isCancelled = false;
    let cancel = (): void => {};
    const dial = async (): Promise<void> => {
      const engine = await chosen;
      if (isCancelled) return;
      const config = { host, port, addressTimeoutMs: ADDRESS_TIMEOUT_MS, kernel, engine, warn };
      cancel = openTcp(config)(handlers);
    };
    void dial();
    return () => {
      isCancelled = true;
      cancel();
    };
  };
}
