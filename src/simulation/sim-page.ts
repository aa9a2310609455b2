/**
 * A page in a browser on a simulated host: its client over WebSockets of that host's process, and
 * what is told of it.
 *
 * A page has no machine that could be looked into. So its phases, verdicts and ends are told by
 * what everybody can see: its statuses, its records, and what it does with its WebSockets. The page
 * is never hidden and knows nothing of the network: a machine that sleeps does not ask it.
 */
import type { EndRecord } from "../connection/end-record.ts";
import type { Phase } from "../connection/phases.ts";
import type { Verdict } from "../liveness/monitor.ts";
import { ADAPTING } from "../page/adapting.ts";
import { LINES } from "../page/lines.ts";
import { connectOnPage, type Link } from "../page/page-link.ts";
import type { PageSource } from "../page/page-platform.ts";
import type { WebSocketClass } from "../page/web-socket-like.ts";
import { NO_KERNEL_CONFIG } from "../transports/no-kernel-options.ts";
import { FRAME_TYPE } from "../wire/frame-types.ts";
import type { ActorSurroundings } from "./actor.ts";
import type { PageLinkPlan } from "./plan.ts";
import type { EndOfFlow } from "./sim-event.ts";
import type { SimProcess } from "./sim-process.ts";
import { type BrowserWatch, SimWebSocket } from "./sim-web-socket.ts";

const SOURCE: PageSource = { isHidden: false, isOffline: false, listen: () => () => {} };

/** The `outbox` is public for the parts of the client, not for applications. */
interface Inside {
  readonly outbox: { readonly bytes: number };
}

export class SimPage implements BrowserWatch {
  readonly link: Link;
  readonly #host: string;
  readonly #isLine: boolean;
  readonly #around: ActorSurroundings;
  readonly #sockets = new Set<SimWebSocket>();
  readonly #onOpen: (flow: number) => void;
  /** The latest connection. */
  #end: EndOfFlow | undefined;
  #phase: Phase = "silent";
  #verdict: Verdict = "alive";

  /** `onOpen`: from now on messages come from that flow. */
  constructor(
    name: string,
    plan: PageLinkPlan,
    process: SimProcess,
    around: ActorSurroundings,
    onOpen: (flow: number) => void,
  ) {
    this.#host = plan.host;
    this.#isLine = plan.dialect === "line";
    this.#around = around;
    this.#onOpen = onOpen;
    const platform = {
      clock: process.clock("link"),
      random: around.streams.stream(`chance of ${name}`),
      WebSocket: webSocketOf(process, plan, this, this.#sockets),
      page: SOURCE,
      report: (error: unknown) => around.report(plan.host, error),
    };
    const url = `${this.#isLine ? "line+ws" : "ws"}://${plan.server}:7000`;
    const extras = { lines: LINES, adapting: ADAPTING };
    this.link = connectOnPage(platform, url, plan.options, extras);
    this.#listen(this.link);
  }

  get outboxBytes(): number {
    return (this.link as Link & Inside).outbox.bytes;
  }

  get dialsUnderWay(): number {
    return this.#ofPage().filter(({ flow }) => flow === undefined).length;
  }

  get flowsOpen(): number {
    return this.#ofPage().filter(({ flow }) => flow !== undefined).length;
  }

  onOpened({ flow }: SimWebSocket): void {
    if (flow === undefined) throw new Error("broken promise: what is open is a flow");
    this.#end = { flow, side: "client", host: this.#host };
    this.#phase = "silent";
    this.#verdict = "alive";
    this.onHand(0);
    if (!this.#isLine) this.#move("greeting");
  }

  onHand(bytes: number): void {
    const { tell, timeline } = this.#around;
    if (this.#end !== undefined) {
      tell({ what: "handed", atMs: timeline.nowMs, bytes, ...this.#end });
    }
  }

  onSend(data: string | Uint8Array): void {
    const isPing = typeof data === "string" ? data === "ping" : data[0] === FRAME_TYPE.ping;
    if (isPing) this.#around.watch.countPing("client");
  }

  onClosing(socket: SimWebSocket): void {
    if (socket.isOfPage) this.#move("closing");
  }

  #ofPage(): readonly SimWebSocket[] {
    for (const socket of this.#sockets) if (!socket.isOfPage) this.#sockets.delete(socket);
    return [...this.#sockets];
  }

  #listen(link: Link): void {
    link.on("status", ({ name }) => {
      if (name === "online" || name === "suspect") this.#onStatus(name);
    });
    link.on("beat", ({ of }) => {
      if (of === "ours") this.#around.watch.countBeat("client");
    });
    link.on("connectionEnd", (record) => this.#onEnd(record));
  }

  #onStatus(name: "online" | "suspect"): void {
    if (this.#end !== undefined) this.#onOpen(this.#end.flow);
    if (this.#phase === "silent" || this.#phase === "greeting") this.#move("open");
    this.#judge(name === "suspect" ? "suspect" : "alive");
  }

  #onEnd(record: EndRecord): void {
    const end = this.#end;
    if (end === undefined) return;
    if (record.code === "PEER_SILENT") this.#judge("dead");
    this.#move("ended");
    const { tell, timeline } = this.#around;
    tell({ what: "end", atMs: timeline.nowMs, ...end, record });
  }

  #move(to: Phase): void {
    const end = this.#end;
    const from = this.#phase;
    if (end === undefined || from === to) return;
    this.#phase = to;
    this.#around.tell({ what: "phase", atMs: this.#around.timeline.nowMs, ...end, from, to });
  }

  #judge(verdict: Verdict): void {
    const end = this.#end;
    const was = this.#verdict;
    if (end === undefined || was === verdict) return;
    this.#verdict = verdict;
    const { tell, timeline } = this.#around;
    tell({ what: "verdict", atMs: timeline.nowMs, ...end, verdict, was });
  }
}

/** The platform's own, as a page finds it: each one that it makes is among `sockets`. */
function webSocketOf(
  process: SimProcess,
  { server, dialect }: PageLinkPlan,
  watch: BrowserWatch,
  sockets: Set<SimWebSocket>,
): WebSocketClass {
  const clock = process.clock("browser");
  // No help from the kernel: what browsers set there is not known to pages.
  const open = process.open(server, NO_KERNEL_CONFIG, "browser");
  return class extends SimWebSocket {
    constructor() {
      super(open, dialect === "frame", clock, watch);
      sockets.add(this);
    }
  };
}
