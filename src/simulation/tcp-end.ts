/**
 * One end of a simulated TCP connection, as its kernel keeps it.
 *
 * The process above comes and goes: an end exists before anybody accepted it, and goes on sending
 * after it was closed, until the kernel has done what it promised. It never calls a handler; it
 * tells `onNews` that there is something to look at, and the process looks when it gets to it.
 */
import type { KernelConfig } from "../transports/transport.ts";
import type { KernelTimer } from "./kernel-timer.ts";
import { barePacket, type Flow, type Packet } from "./packet.ts";
import type { EndOfFlow, Side, SimEvent } from "./sim-event.ts";
import type { SimHost } from "./sim-host.ts";
import { TcpKeepalive } from "./tcp-keepalive.ts";
import { TcpReceiver } from "./tcp-receiver.ts";
import { TcpSender } from "./tcp-sender.ts";

/** What is left of a closed end answers for so long. */
const AFTERLIFE_MS = 60_000;

/** Bytes that took longer than this are told about. */
const LATE_MS = 1_000;

type Stage =
  /** No answer from the other kernel yet. */
  | "opening"
  | "open"
  /** Let go by its process: the rest is sent, nothing is read. */
  | "orphan"
  | "gone";

type FlowClosed = Extract<SimEvent, { what: "flow-closed" }>["how"];

export class TcpEnd {
  readonly flow: Flow;
  readonly side: Side;
  readonly identity: EndOfFlow;
  readonly sender: TcpSender;
  readonly receiver: TcpReceiver = new TcpReceiver();
  /** Why it is gone, as the system says it; the process finds out when it looks. */
  fault: Error | undefined;
  /** Called when there is something new for the process. */
  onNews: () => void = () => {};
  /** Takes the packets while the handshake is under way. */
  onOpening: (packet: Packet) => void = () => {};
  /** Bytes that the process has written and this kernel did not take. */
  waitingAbove: () => number = () => 0;
  readonly #host: SimHost;
  readonly #kernel: KernelConfig;
  #keepalive: TcpKeepalive | undefined;
  #stage: Stage = "opening";
  #isHeld = true;
  #echoMs = -1;
  #timer: KernelTimer | undefined;

  constructor(flow: Flow, side: Side, host: SimHost, kernel: KernelConfig) {
    this.flow = flow;
    this.side = side;
    this.identity = flow.end(side);
    this.#host = host;
    this.#kernel = kernel;
    this.sender = new TcpSender({
      kernelNowMs: () => host.kernelNowMs,
      trueNowMs: () => host.trueNowMs,
      transmit: (part) => this.#transmit(part),
      setTimer: (inMs, run) => host.kernelIn(inMs, run),
      onGiveUp: () => this.#fail("ETIMEDOUT"),
    });
    const { userTimeoutMs } = kernel;
    this.sender.userTimeoutMs = userTimeoutMs === false ? undefined : userTimeoutMs;
  }

  get isOpen(): boolean {
    return this.#stage === "open";
  }

  /** Whether its process still has the descriptor. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  get kernelConfig(): KernelConfig {
    return this.#kernel;
  }

  /** Both kernels know of each other. */
  open(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#stage = "open";
    this.#host.tell({ what: "flow-open", atMs: this.#host.trueNowMs, ...this.identity });
    const { keepalive, userTimeoutMs } = this.#kernel;
    if (keepalive === false) return;
    this.#keepalive = new TcpKeepalive(keepalive, userTimeoutMs || undefined, {
      kernelNowMs: () => this.#host.kernelNowMs,
      setTimer: (inMs, run) => this.#host.kernelIn(inMs, run),
      isIdle: () => this.sender.isIdle,
      sendProbe: () => this.#sendProbe(),
      onGiveUp: () => {
        this.#sendReset();
        this.#fail("ETIMEDOUT");
      },
    });
  }

  /** Tells the other kernel what has arrived here, and how much room there is. */
  acknowledge(): void {
    this.#acknowledge();
  }

  /** Calls `run` after so many ms of kernel time, unless the end opens or goes before. */
  setOpeningTimer(inMs: number, run: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#host.kernelIn(inMs, run);
  }

  // From the process.

  /** Hands over as much as there is room for; says how much. */
  write(bytes: Uint8Array): number {
    return this.#stage === "open" ? this.sender.write(bytes) : 0;
  }

  finish(): void {
    if (this.#stage === "open") this.sender.finish();
  }

  /** Reads into `target`; says how much. */
  read(target: Uint8Array): number {
    const length = this.receiver.read(target);
    if (length === 0) return 0;
    const { flow, side, host } = this.identity;
    const atMs = this.#host.trueNowMs;
    this.#host.tell({ what: "read", atMs, bytes: length, flow, side, host });
    if (this.#stage === "open" && this.receiver.owesUpdate()) this.#acknowledge();
    return length;
  }

  /** Gives everything up, and tells the peer. */
  reset(how: FlowClosed = "reset-here"): void {
    if (this.#stage === "gone") return this.#letGo(how);
    this.#sendReset();
    this.#letGo(how);
    this.#leave();
  }

  /** The descriptor is closed; what was written is still sent, and FIN after it. */
  close(): void {
    if (this.#stage === "gone") return this.#letGo("closed");
    // Nobody will ever read what waits here, and the peer has to know (RFC 2525, 2.17).
    if (this.receiver.waitingBytes > 0) return this.reset("closed");
    this.#letGo("closed");
    this.#stage = "orphan";
    this.sender.isOrphan = true;
    this.sender.finish();
    this.#liveOnIfDone();
  }

  /** The machine lost its memory: not a word to anybody. */
  vanish(): void {
    this.#letGo("process-gone");
    if (this.#stage !== "gone") this.#leave();
  }

  /** The process learned from the kernel that the connection is over. */
  letGoAsTold(): void {
    this.#letGo(this.#howTold());
  }

  // From the network.

  handlePacket(packet: Packet): void {
    if (this.#stage === "gone") return;
    if (this.#stage === "opening") return this.onOpening(packet);
    if (packet.what === "reset") return this.#fail("ECONNRESET");
    this.#keepalive?.handleHeard();
    // The last packet of the handshake got lost, and is wanted again.
    if (packet.what === "syn-ack") return this.#acknowledge();
    if (packet.what === "syn") return;
    this.#handleAck(packet);
    this.#handlePayload(packet);
    if (this.#isOrphan()) this.#liveOnIfDone();
  }

  /** Somebody in the middle says FIN in the peer's name. */
  handleForeignFin(): void {
    if (this.#stage !== "open") return;
    this.receiver.takeFin();
    this.#acknowledge();
    this.onNews();
  }

  #handleAck(packet: Packet): void {
    const ackedBytes = this.sender.handleAck(packet);
    if (ackedBytes === 0 || !this.#isHeld) return;
    this.onNews();
    const { flow, side, host } = this.identity;
    const unackedBytes = this.sender.unackedBytes + this.waitingAbove();
    const atMs = this.#host.trueNowMs;
    this.#host.tell({ what: "acked", atMs, unackedBytes, flow, side, host });
  }

  #handlePayload(packet: Packet): void {
    const { bytes, fin, asks } = packet;
    if (bytes.length === 0 && !fin && !asks) return;
    if (bytes.length > 0 && this.#isOrphan()) {
      this.#sendReset();
      this.#leave();
      return;
    }
    const hadFin = this.receiver.hasFin;
    const taken = this.receiver.take(packet);
    this.#echoMs = packet.stampMs;
    this.#acknowledge();
    if (taken > 0) this.#tellArrival(taken, packet.triedAtMs);
    if (taken > 0 || this.receiver.hasFin !== hadFin) this.onNews();
  }

  #tellArrival(bytes: number, triedAtMs: number): void {
    const atMs = this.#host.trueNowMs;
    const { flow, side, host } = this.identity;
    this.#host.tell({ what: "arrived", atMs, bytes, flow, side, host });
    const tookMs = atMs - triedAtMs;
    if (tookMs > LATE_MS) this.#host.tell({ what: "late-bytes", atMs, tookMs, flow, side, host });
  }

  #isOrphan(): boolean {
    return this.#stage === "orphan";
  }

  /** An orphan that has said everything waits for late packets, and for the peer's FIN. */
  #liveOnIfDone(): void {
    if (this.#timer !== undefined || !this.sender.finIsAcked) return;
    this.#keepalive?.stop();
    this.#timer = this.#host.kernelIn(AFTERLIFE_MS, () => this.#leave());
  }

  #fail(code: "ETIMEDOUT" | "ECONNRESET"): void {
    const text = code === "ECONNRESET" ? "read ECONNRESET" : "read ETIMEDOUT";
    this.fault ??= Object.assign(new Error(text), { code });
    const wasOpen = this.#stage === "open";
    this.#leave();
    if (wasOpen) this.onNews();
  }

  #howTold(): FlowClosed {
    if (this.fault === undefined) return "closed";
    return this.fault.message.endsWith("ETIMEDOUT") ? "kernel-timeout" : "reset-by-peer";
  }

  /** The process holds it no more. Told once. */
  #letGo(how: FlowClosed): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#host.handleLetGo(this);
    if (this.#stage === "opening") return;
    const unsentBytes = how === "closed" ? 0 : this.sender.unackedBytes;
    const bytesLeft = this.receiver.waitingBytes + unsentBytes;
    this.#host.tell({
      what: "flow-closed",
      atMs: this.#host.trueNowMs,
      how,
      bytesLeft,
      ...this.identity,
    });
  }

  #leave(): void {
    this.#stage = "gone";
    this.#timer?.cancel();
    this.#keepalive?.stop();
    this.sender.stop();
    this.#host.forget(this);
  }

  #acknowledge(): void {
    const { unackedPosition: seq } = this.sender;
    const triedAtMs = this.#host.trueNowMs;
    this.#transmit({ seq, bytes: EMPTY, fin: false, asks: false, triedAtMs });
  }

  #sendProbe(): void {
    const { unackedPosition: seq } = this.sender;
    const triedAtMs = this.#host.trueNowMs;
    this.#transmit({ seq, bytes: EMPTY, fin: false, asks: true, triedAtMs });
  }

  #sendReset(): void {
    this.#host.send(this.flow, this.side, barePacket("reset"));
  }

  #transmit(part: Pick<Packet, "seq" | "bytes" | "fin" | "asks" | "triedAtMs">): void {
    const echoMs = this.#echoMs;
    this.#echoMs = -1;
    this.#host.send(this.flow, this.side, {
      what: "segment",
      seq: part.seq,
      bytes: part.bytes,
      fin: part.fin,
      asks: part.asks,
      triedAtMs: part.triedAtMs,
      ack: this.receiver.nextPosition,
      windowBytes: this.receiver.tellWindow(),
      stampMs: this.#host.kernelNowMs,
      echoMs,
    });
  }
}

const EMPTY = new Uint8Array(0);
