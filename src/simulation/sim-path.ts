/**
 * The way between a host and the core of the network, both directions apart.
 *
 * Faults are fields that may be set at any time. What goes out is judged when it is sent, what
 * comes in when it arrives, so a cut also stops what is under way towards the host.
 */
import type { Draw } from "./draw.ts";
import {
  type Expiry,
  Middlebox,
  type MiddleboxConfig,
  type MiddleboxSurroundings,
} from "./middlebox.ts";
import type { Flow, Packet } from "./packet.ts";
import type { Side } from "./sim-event.ts";

export class SimPath {
  delayMs = 0;
  /** Up to so much more, by a draw for each packet. No packet overtakes another of its flow. */
  jitterMs = 0;
  /** The share of packets that is lost, in each direction. */
  lossRatio = 0;
  /** A queue that is always full adds so much to each direction (bufferbloat). */
  queueMs = 0;
  /** Nothing leaves the host. */
  cutUp = false;
  /** Nothing reaches the host. */
  cutDown = false;
  readonly #draw: Draw;
  readonly #middlebox: Middlebox;
  readonly #number: number;
  readonly #onSwitched: () => void;
  #networkNumber = 0;

  constructor(
    number: number,
    draw: Draw,
    middlebox: MiddleboxSurroundings,
    onSwitched: () => void,
  ) {
    this.#number = number;
    this.#draw = draw;
    this.#middlebox = new Middlebox(middlebox);
    this.#onSwitched = onSwitched;
  }

  get middlebox(): MiddleboxConfig | undefined {
    return this.#middlebox.config;
  }

  set middlebox(config: MiddleboxConfig | undefined) {
    this.#middlebox.config = config;
  }

  /** The middlebox forgets all flows at once; works without a configured one, too. */
  loseFlows(expiry: Expiry): void {
    this.#middlebox.loseAll(expiry);
  }

  /** Another network, another address: of the flows from before nothing passes ever again. */
  switchNetwork(): void {
    this.#networkNumber += 1;
    this.#onSwitched();
  }

  get networkNumber(): number {
    return this.#networkNumber;
  }

  get ip(): string {
    const [high, low] = [this.#number >> 8, this.#number & 255];
    return `10.${this.#networkNumber % 256}.${high}.${low}`;
  }

  /** One way, for one packet. */
  drawDelayMs(): number {
    const jitterMs = this.jitterMs > 0 ? this.#draw.whole(0, this.jitterMs) : 0;
    return this.delayMs + this.queueMs + jitterMs;
  }

  /** Whether what the host sends reaches the core. `side`: that of the host. */
  passesOut(flow: Flow, side: Side, packet: Packet): boolean {
    if (this.#isStale(flow, side) || this.cutUp) return false;
    return this.#middlebox.passes(flow, side, true, packet) && !this.#isLost();
  }

  /** Whether what comes from the core reaches the host. `side`: that of the host. */
  passesIn(flow: Flow, side: Side, packet: Packet): boolean {
    if (this.#isStale(flow, side)) return false;
    const from = side === "client" ? "server" : "client";
    if (!this.#middlebox.passes(flow, from, false, packet)) return false;
    return !this.cutDown && !this.#isLost();
  }

  /** Whether a packet that the middlebox itself sends reaches the host. */
  reachesHost(flow: Flow, side: Side): boolean {
    return !this.#isStale(flow, side) && !this.cutDown;
  }

  #isStale(flow: Flow, side: Side): boolean {
    return flow.place(side).networkNumber !== this.#networkNumber;
  }

  #isLost(): boolean {
    return this.lossRatio > 0 && this.#draw.happens(this.lossRatio);
  }
}
