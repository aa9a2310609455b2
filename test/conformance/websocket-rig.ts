/** How WebSockets are opened for the conformance suite. */
import { type ChildProcess, spawn } from "node:child_process";
import type { TransportRig } from "../../src/testing/transport-rig.ts";
import type { KernelConfig } from "../../src/transports/transport.ts";
import { dialTcpSocket } from "../../src/transports/tcp/dial-socket.ts";
import { listenTcp } from "../../src/transports/tcp/listen-tcp.ts";
import type { TcpEngine } from "../../src/transports/tcp/tcp-engine.ts";
import { dialTlsSocket } from "../../src/transports/tls/dial-tls-socket.ts";
import { openWebSocket } from "../../src/transports/websocket/open-websocket.ts";
import type { Speech } from "../../src/transports/websocket/message-writer.ts";
import { webSocketUpgrade } from "../../src/transports/websocket/websocket-upgrade.ts";
import { secured, type TlsTrust } from "./rigs.ts";

const KERNEL: KernelConfig = {
  keepalive: { idleMs: 60_000, intervalMs: 10_000, count: 5 },
  userTimeoutMs: false,
  userTimeoutAsked: false,
  keepaliveAsked: false,
};

const warn = (): void => {};

/** Any bytes may come over it: the rule about first bytes is the product's, not the transport's. */
export async function webSocketRig(
  engine: TcpEngine,
  isOnly: boolean,
  speech: Speech,
  trust?: TlsTrust,
): Promise<TransportRig> {
  const upgrade = await webSocketUpgrade({
    path: undefined,
    origins: "same-host",
    protocols: [],
    isOnly,
    textBytesMax: 65_536,
    firstByte: undefined,
  });
  return {
    listen: () =>
      listenTcp({
        ...(trust === undefined
          ? ({ kind: "tcp", engine, upgrade } as const)
          : secured(engine, trust, upgrade)),
        host: "127.0.0.1",
        port: 0,
        backlog: 511,
        ipv6Only: false,
        kernel: KERNEL,
        webSocketPath: undefined,
        warn,
      }),
    open(url) {
      const place = { host: "127.0.0.1", port: Number(/:(\d+)$/.exec(url)?.[1]) };
      const common = { ...place, addressTimeoutMs: 500, kernel: KERNEL, engine, warn };
      const dial =
        trust === undefined
          ? dialTcpSocket(common)
          : dialTlsSocket({ ...common, url, alpn: ["http/1.1"], memory: trust.memory() });
      return openWebSocket({
        ...place,
        label: url,
        secure: trust !== undefined,
        path: "/",
        origin: undefined,
        headers: {},
        protocols: [],
        speech,
        textBytesMax: 65_536,
        firstByte: undefined,
        dial,
      });
    },
    canReset: true,
    // RFC 6455 section 5.5.1: after a close frame no data is sent, and the other side answers it.
    halfCloses: false,
    saysMoreWhenReady: trust !== undefined,
    overwritesAfterRead: engine.overwriteAfterRead,
    dialFromProcess: (url) =>
      dialFromProcess(Number(/:(\d+)$/.exec(url)?.[1]), trust !== undefined),
  };
}

/** A plain program: it asks for an upgrade, sends one masked byte, and then reads nothing. */
function dialFromProcess(port: number, secure: boolean): Promise<() => void> {
  const program = `
    const options = { host: "127.0.0.1", port: ${port}, rejectUnauthorized: false };
    const socket = require("${secure ? "node:tls" : "node:net"}").connect(options, () => {
      socket.write(
        "GET / HTTP/1.1\\r\\nHost: localhost\\r\\n" +
        "Connection: Upgrade\\r\\nUpgrade: websocket\\r\\n" +
        "Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\n\\r\\n",
      );
    });
    socket.once("data", () => {
      socket.pause();
      socket.write(Uint8Array.of(0x82, 0x81, 0, 0, 0, 0, 0), () => process.stdout.write("up"));
    });
    setInterval(() => {}, 1000);
  `;
  const child: ChildProcess = spawn(process.execPath, ["-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.stdout?.once("data", () => resolve(() => void child.kill("SIGKILL")));
  });
}
