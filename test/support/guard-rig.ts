/** A flock over pretended sockets and a clock moved by hand, for bounds that must be exact. */
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { seededRandom } from "../../src/base/random.ts";
import { Flock } from "../../src/guard/flock.ts";
import type { GuardRecord } from "../../src/guard/guard-record.ts";
import { Kernel } from "../../src/guard/kernel.ts";
import { type GuardConfig, type GuardOptions, resolveGuard } from "../../src/guard/options.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import type { UnackedAnswer } from "../../src/transports/transport.ts";

/** What node:net keeps under a socket, as far as a guard looks at it. */
class Handle {
  bytesRead = 0;
  bytesWritten = 0;
  writeQueueSize = 0;
  reading = true;

  readStart(): number {
    return 0;
  }

  readStop(): number {
    return 0;
  }

  getpeername(out: { address?: string; port?: number }): number {
    Object.assign(out, { address: "192.0.2.7", port: 4_711, family: "IPv4" });
    return 0;
  }

  close(done: () => void): void {
    setImmediate(done);
  }
}

/** A socket that is read by its owner until `pause()`, and hears and says what it is told to. */
export class PretendedSocket extends Socket {
  readonly handle: Handle = new Handle();
  /** What has arrived and waits for a pass of reading. */
  waitingBytes = 0;

  constructor() {
    super();
    Object.assign(this, { _handle: this.handle });
    this.on("data", () => {}).resume();
  }

  /** The pass of reading. */
  takeWhatWaits(): void {
    if (this.readableFlowing !== true) return;
    this.handle.bytesRead += this.waitingBytes;
    this.waitingBytes = 0;
  }
}

/** A WebSocket over such a socket; `onAsked` is the peer. */
export class PretendedWebSocket extends EventEmitter {
  readonly _socket: PretendedSocket = new PretendedSocket();
  readyState = 1;
  bufferedAmount = 0;
  pings = 0;
  onAsked: (payload: Uint8Array) => void = () => {};

  ping(payload: string): void {
    this.pings += 1;
    this._socket.handle.bytesWritten += payload.length;
    this.onAsked(new TextEncoder().encode(payload));
  }

  close(): void {
    this.readyState = 2;
  }

  terminate(): void {
    this.readyState = 2;
    this._socket.destroy();
  }
}

/** Knows what it is told; by default that nothing can be known. */
class PretendedKernel extends Kernel {
  unackedBytes: (socket: Socket) => number | undefined = () => undefined;
  readings = 0;

  override async load(): Promise<void> {}

  override readUnacked(socket: Socket, answer: UnackedAnswer): void {
    this.readings += 1;
    queueMicrotask(() => answer(this.unackedBytes(socket), false));
  }

  override destroy(socket: Socket): boolean {
    socket.destroy();
    return true;
  }
}

export interface Ended {
  readonly record: GuardRecord;
  readonly at: number;
}

export class GuardRig {
  readonly clock: ManualClock = new ManualClock();
  readonly config: GuardConfig;
  readonly kernel: PretendedKernel;
  readonly flock: Flock;
  readonly ends: Ended[] = [];
  readonly told: string[] = [];
  readonly reported: unknown[] = [];
  readonly #sockets: PretendedSocket[] = [];

  constructor(options: GuardOptions = {}, seed = 1) {
    this.config = resolveGuard(options);
    const report = (error: unknown): void => void this.reported.push(error);
    const { clock } = this;
    this.kernel = new PretendedKernel(this.config.kernel, () => {});
    const world = { clock, kernel: this.kernel, random: seededRandom(seed), report };
    this.flock = new Flock(this.config, world);
    this.flock.events.on("suspect", ({ id }) => void this.told.push(`suspect ${id}`));
    this.flock.events.on("alive", ({ id }) => void this.told.push(`alive ${id}`));
    this.flock.events.on("end", ({ id }, record) => {
      this.told.push(`end ${id} ${record.code}`);
      this.ends.push({ record, at: this.clock.now() });
    });
    this.clock.read = () => {
      for (const socket of this.#sockets) socket.takeWhatWaits();
    };
  }

  socket(): PretendedSocket {
    const socket = new PretendedSocket();
    this.#sockets.push(socket);
    this.flock.onSocket(socket);
    return socket;
  }

  /** `answers`: its peer answers every ping at once, until that is changed. */
  webSocket(answers = true): PretendedWebSocket {
    const webSocket = new PretendedWebSocket();
    this.#sockets.push(webSocket._socket);
    if (answers) {
      webSocket.onAsked = (payload) => {
        webSocket._socket.handle.bytesRead += payload.length;
        queueMicrotask(() => webSocket.emit("pong", payload));
      };
    }
    this.flock.onWebSocket(webSocket);
    return webSocket;
  }

  /** The longest that it may take to find a peer that fell silent, as the docstring says. */
  get boundMs(): number {
    return this.config.timeoutMs + this.config.lookMs + this.config.reaper.tickMs;
  }
}
