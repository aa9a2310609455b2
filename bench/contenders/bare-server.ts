/**
 * An engine of ours with nothing above it: the same reads and writes as Holdfast, and nothing else.
 *
 * It is the measure of what all our features cost, so it uses the built library's own
 * transports, and the smallest handlers that can serve: `ping\n` is recognised, the one `pong\n` is
 * written, and who was heard when is kept in one typed array. No lines that come in parts, no
 * limits, no verdict.
 */
import type * as engines from "../../src/transports/tcp/choose-engine.ts";
import type * as listening from "../../src/transports/tcp/listen-tcp.ts";
import type * as kernel from "../../src/transports/no-kernel-options.ts";
import type { Attach, Transport, TransportHandlers } from "../../src/transports/transport.ts";
import { beginLife, giveUp } from "./server-life.ts";
import { readBareSettings } from "./server-settings.ts";

/** As Holdfast has it: what is measured is the server, not how long the kernel's queue is. */
const BACKLOG = 4_096;
const ROOM = 32_768;

const PING = new TextEncoder().encode("ping\n");
const PONG = new TextEncoder().encode("pong\n");

const { dist, port, engine: wanted } = readBareSettings(process.argv[2]);
const { chooseEngine } = await part<typeof engines>("transports/tcp/choose-engine.js");
const { listenTcp } = await part<typeof listening>("transports/tcp/listen-tcp.js");
const { NO_KERNEL_CONFIG } = await part<typeof kernel>("transports/no-kernel-options.js");

const lastSeen = new Float64Array(ROOM);
const freeSlots = Array.from({ length: ROOM }, (_, index) => ROOM - 1 - index);

class Bare implements TransportHandlers {
  readonly #slot: number;
  #transport: Transport | undefined;

  constructor(slot: number) {
    this.#slot = slot;
  }

  begin(attach: Attach): void {
    this.#transport = attach(this);
  }

  onBytes(bytes: Uint8Array): void {
    lastSeen[this.#slot] = performance.now();
    for (let at = 0; at < bytes.length; at += PING.length) {
      if (!isPingAt(bytes, at)) giveUp("a bare server was told something else than whole pings");
      this.#transport?.write(PONG);
    }
  }

  onDrained(): void {}

  onFinished(): void {
    this.#transport?.finish();
  }

  onClosed(): void {
    freeSlots.push(this.#slot);
  }
}

const { engine, why } = await chooseEngine(preferenceFor(wanted), "at accept");
if (engine.name !== wanted) giveUp(`the engine in force is ${engine.name}: ${why}`);

const acceptor = await listenTcp({
  kind: "tcp",
  host: "127.0.0.1",
  port,
  backlog: BACKLOG,
  ipv6Only: false,
  kernel: NO_KERNEL_CONFIG,
  engine,
  upgrade: undefined,
  webSocketPath: undefined,
  warn: giveUp,
})({
  onIncoming: ({ attach }) => {
    const slot = freeSlots.pop();
    if (slot === undefined) giveUp(`more than ${ROOM} connections`);
    else new Bare(slot).begin(attach);
  },
  onAcceptFailed: (error) => giveUp(error.message),
});

beginLife(Number(new URL(acceptor.url).port));

function isPingAt(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === PING[0] &&
    bytes[at + 1] === PING[1] &&
    bytes[at + 2] === PING[2] &&
    bytes[at + 3] === PING[3] &&
    bytes[at + 4] === PING[4]
  );
}

/** The engine of Bun cannot be asked for: it is what "auto" comes to there. */
function preferenceFor(name: typeof wanted): Parameters<typeof chooseEngine>[0] {
  const preference = name === "bun" ? "auto" : name;
  return preference;
}

async function part<Module>(path: string): Promise<Module> {
  return (await import(new URL(path, dist).href)) as Module;
}
