/**
 * The door for clients: binds links to real sockets, the real clock and real chance.
 *
 * The client itself is pure and is handed all of this. One platform serves all links of a process,
 * so that they share one timer and one engine; it is made with the first link and holds nothing
 * while there is none.
 */
import { assert } from "../base/assert.ts";
import { connectWith, type Link } from "../client/link.ts";
import type { ConnectOptions } from "../client/options.ts";
import type { DialConfig, LinkPlatform } from "../client/platform.ts";
import type { LinkTarget, WebSocketTarget } from "../client/target.ts";
import { SOCKET_TERMS } from "../client/socket-terms.ts";
import { SharedConfig } from "../client/shared-config.ts";
import { LinkWatch, WATCH_TICK_MS } from "../client/watch.ts";
import { reportUncaught, systemClock, systemRandom, systemSecrets } from "../driver/system.ts";
import { chooseEngine } from "../transports/tcp/choose-engine.ts";
import { dialTcpSocket } from "../transports/tcp/dial-socket.ts";
import { openTcp } from "../transports/tcp/open-tcp.ts";
import type { TcpEngine } from "../transports/tcp/tcp-engine.ts";
import { DialledFacts } from "../transports/tcp/tcp-facts.ts";
import { dialTlsSocket } from "../transports/tls/dial-tls-socket.ts";
import { ALPN_HOLDFAST, openTls } from "../transports/tls/open-tls.ts";
import type { TlsClientConfig } from "../transports/tls/tls-client-options.ts";
import { TlsMemory } from "../transports/tls/tls-memory.ts";
import type { KernelConfig, Open, OpenHandlers } from "../transports/transport.ts";
import { openUnix } from "../transports/unix/open-unix.ts";
import { openWebSocket } from "../transports/websocket/open-websocket.ts";
import { PREFACE_FIRST_BYTE } from "../wire/preface.ts";

/**
 * Opens a link to the first of these urls that answers, and keeps it: `tcp://host:port`,
 * `tls://host:port`, `ws://host/path`, `wss://host/path` and `unix:/path` for another Holdfast;
 * `line://host:port`, `line+tls://`, `line+ws://`, `line+wss://` and `line+unix:/path` for any
 * program that reads and writes lines. Several urls are tried in turn. Returns at once.
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
  const memoryOf = tlsMemories();
  const facts = new DialledFacts();
  return {
    terms: SOCKET_TERMS,
    clock: systemClock,
    random: systemRandom,
    secrets: systemSecrets,
    report: reportUncaught,
    watch: new LinkWatch(watchConfig, systemClock),
    configs: new SharedConfig(),
    open: (target: LinkTarget, dial: DialConfig, warn: (text: string) => void): Open => {
      if (target.over === "unix") {
        return openUnix({ path: target.path, overwriteAfterRead: false });
      }
      engine ??= chooseEngine("auto", "at accept").then((chosen) => chosen.engine);
      const { host, port } = target;
      const { kernel } = dial;
      const place = { host, port, addressTimeoutMs: ADDRESS_TIMEOUT_MS, kernel, facts, warn };
      return openWhenChosen(engine, (by) => {
        const config = { ...place, engine: by };
        if (target.over === "websocket") {
          return openOverWebSocket(target, dial, config, () => memoryOf(tlsOf(dial)));
        }
        if (!target.secure) return openTcp(config);
        // A plain program may know nothing of ALPN, and refuse what it does not know.
        const alpn = target.dialect === "frame" ? [ALPN_HOLDFAST] : [];
        const memory = memoryOf(tlsOf(dial));
        return openTls({ ...config, url: target.label, alpn, memory });
      });
    },
  };
}

function tlsOf({ tls }: DialConfig): TlsClientConfig {
  assert(tls !== undefined, "the terms of sockets read the options of TLS");
  return tls;
}

interface TcpPlace {
  readonly host: string;
  readonly port: number;
  readonly addressTimeoutMs: number;
  readonly kernel: KernelConfig;
  readonly engine: TcpEngine;
  readonly warn: (text: string) => void;
}

/** `memory` is of use where TLS comes first. */
function openOverWebSocket(
  { path, label, secure, dialect }: WebSocketTarget,
  { websocket, textBytesMax }: DialConfig,
  place: TcpPlace,
  memory: () => TlsMemory,
): Open {
  return openWebSocket({
    ...websocket,
    host: place.host,
    port: place.port,
    path,
    label,
    secure,
    speech: dialect === "line" ? "text" : "binary",
    textBytesMax,
    firstByte: PREFACE_FIRST_BYTE,
    dial: secure
      ? dialTlsSocket({ ...place, url: label, alpn: ["http/1.1"], memory: memory() })
      : dialTcpSocket(place),
  });
}

/** The engine is chosen by trying, which takes some milliseconds, once. */
function openWhenChosen(chosen: Promise<TcpEngine>, open: (engine: TcpEngine) => Open): Open {
  return (handlers: OpenHandlers) => {
    let isCancelled = false;
    let cancel = (): void => {};
    const dial = async (): Promise<void> => {
      const engine = await chosen;
      if (isCancelled) return;
      cancel = open(engine)(handlers);
    };
    void dial();
    return () => {
      isCancelled = true;
      cancel();
    };
  };
}

/** What the links of a process remember of TLS: each for itself, and as long as it lives. */
function tlsMemories(): (config: TlsClientConfig) => TlsMemory {
  const memories = new WeakMap<TlsClientConfig, TlsMemory>();
  return (config) => {
    const known = memories.get(config);
    if (known !== undefined) return known;
    const memory = new TlsMemory(config);
    memories.set(config, memory);
    return memory;
  };
}
