/**
 * A pretended path for the probe: a server that answers pings, and a middlebox that forgets flows,
 * on a clock that moves when it is told to. So a probe of twenty minutes takes milliseconds.
 *
 * What the middlebox does with a flow that it forgot is the `death`; everything else works.
 */
import { HoldfastError } from "../../src/base/errors.ts";
import { FrameSpeech } from "../../src/connection/speech.ts";
import type { ProbeEvent } from "../../src/ops/probe/events.ts";
import type { ProbeOptions } from "../../src/ops/probe/options.ts";
import { probe } from "../../src/ops/probe/probe.ts";
import type { ProbeReport } from "../../src/ops/probe/report.ts";
import { ManualClock } from "../../src/testing/manual-clock.ts";
import { NO_KERNEL_OPTIONS } from "../../src/transports/no-kernel-options.ts";
import type {
  Attach,
  EffectiveKernelOptions,
  KernelConfig,
  Open,
  Transport,
  TransportHandlers,
} from "../../src/transports/transport.ts";
import { encodePreface } from "../../src/wire/preface.ts";

export interface Middle {
  /** Undefined: it forgets nothing. */
  readonly forgetAfterMs?: number | undefined;
  readonly death?: "silent" | "reset" | "reset-idle" | "finished-idle";
  /** Whether packets of the kernel's keepalive count as traffic. */
  readonly countsKeepalive?: boolean;
  readonly leaseMsMax?: number;
  readonly delayMs?: number;
  /** Which connections, counted from 1, are lost whatever they do. */
  readonly unlucky?: readonly number[];
}

export class ProbeWorld {
  readonly clock: ManualClock = new ManualClock();
  readonly events: ProbeEvent[] = [];
  readonly middle: Middle;
  isDown = false;
  pipeCount = 0;
  /** The address that each dial was told to take; undefined for any of the name. */
  readonly dialled: (string | undefined)[] = [];
  readonly open: Set<PathPipe> = new Set();

  constructor(middle: Middle) {
    this.middle = middle;
  }

  probe(options: ProbeOptions, url: string = "tcp://far:1"): Promise<ProbeReport> {
    const observe = (event: ProbeEvent): void => void this.events.push(event);
    const run = { clock: this.clock, observe, open: this.#open };
    return probe(url, options, { observe, run });
  }

  readonly #open = (kernel: KernelConfig, ip: string | undefined): Open => {
    this.dialled.push(ip);
    return this.#dial(kernel);
  };

  /** The server is gone: its kernel resets all that it had, and refuses what comes. */
  crash(): void {
    this.isDown = true;
    for (const pipe of [...this.open]) pipe.close(resetByPeer());
  }

  /** The server sends everybody away in words, and then closes. */
  sayGoodbye(): void {
    for (const pipe of [...this.open]) pipe.sayGoodbye();
  }

  /** The server says what no protocol knows. */
  babble(): void {
    for (const pipe of [...this.open]) pipe.say(new Uint8Array(100).fill(0xff));
  }

  #dial(kernel: KernelConfig): Open {
    return (handlers) => {
      const at = (this.clock.now() + (this.middle.delayMs ?? 1)) as ReturnType<ManualClock["now"]>;
      return this.clock.wakeAt(at, () => {
        if (this.isDown) {
          return handlers.onFailed(new HoldfastError("DIAL_FAILED", "connect ECONNREFUSED"));
        }
        this.pipeCount += 1;
        const pipe = new PathPipe(this, kernel, this.pipeCount);
        handlers.onOpened(pipe.attach);
      });
    };
  }
}

function resetByPeer(): Error {
  return Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
}

/** One connection through the middle, and the server at its end. */
class PathPipe implements Transport {
  readonly kind = "memory" as const;
  readonly isPreparing = false as const;
  readonly remote = { text: "192.0.2.1:1", ip: "192.0.2.1" };
  readonly unsentBytes = 0;
  readonly attach: Attach = (handlers) => {
    this.#handlers = handlers;
    return this;
  };
  readonly #world: ProbeWorld;
  readonly #isKept: boolean;
  readonly #kernel: EffectiveKernelOptions;
  readonly #server = new FrameSpeech("server");
  readonly #isUnlucky: boolean;
  #handlers: TransportHandlers | undefined;
  #usedAt = 0;
  #isForgotten = false;
  #stopTimer: () => void = () => {};

  constructor(world: ProbeWorld, { keepalive }: KernelConfig, number: number) {
    this.#world = world;
    this.#isKept = keepalive !== false && world.middle.countsKeepalive !== false;
    const idle = { value: keepalive === false ? (false as const) : keepalive.idleMs };
    this.#kernel = { ...NO_KERNEL_OPTIONS, keepaliveIdleMs: { ...idle, source: "set" } };
    this.#isUnlucky = world.middle.unlucky?.includes(number) ?? false;
    world.open.add(this);
    this.#use();
  }

  kernelOptions(): EffectiveKernelOptions {
    return this.#kernel;
  }

  write(bytes: Uint8Array): boolean {
    const { forgetAfterMs = Number.POSITIVE_INFINITY, death } = this.#world.middle;
    const idleMs = this.#world.clock.now() - this.#usedAt;
    if (!this.#isKept && idleMs >= forgetAfterMs) this.#isForgotten = true;
    if (this.#isForgotten) {
      if (death === "reset") this.#later(() => this.close(resetByPeer()));
      return true;
    }
    this.#use();
    const copy = bytes.slice();
    this.#later(() => {
      this.#server.push(copy);
      this.#answer();
    });
    return true;
  }

  finish(): void {}

  reset(): boolean {
    this.#gone();
    return true;
  }

  close(fault?: Error): void {
    const handlers = this.#handlers;
    this.#gone();
    if (fault !== undefined) handlers?.onClosed(fault);
  }

  pause(): void {}

  resume(): void {}

  readUnacked(answer: (bytes: number | undefined, isShut: boolean) => void): void {
    this.#later(() => answer(this.#isForgotten ? 5 : 0, false));
  }

  sayGoodbye(): void {
    this.say(this.#server.control({ kind: "end", code: "DRAINED", reason: "" }));
    this.#later(() => this.#handlers?.onFinished());
  }

  #gone(): void {
    this.#handlers = undefined;
    this.#stopTimer();
    this.#world.open.delete(this);
  }

  #later(run: () => void): void {
    const { clock, middle } = this.#world;
    const at = (clock.now() + (middle.delayMs ?? 1)) as ReturnType<ManualClock["now"]>;
    clock.wakeAt(at, () => {
      if (this.#handlers !== undefined) run();
    });
  }

  #use(): void {
    const { clock, middle } = this.#world;
    this.#usedAt = clock.now();
    this.#stopTimer();
    const { death, forgetAfterMs } = middle;
    const tells = death === "reset-idle" || death === "finished-idle";
    if (!tells || forgetAfterMs === undefined || this.#isKept) return;
    const at = (clock.now() + forgetAfterMs) as ReturnType<ManualClock["now"]>;
    this.#stopTimer = clock.wakeAt(at, () => {
      if (death === "finished-idle") this.#handlers?.onFinished();
      else this.close(resetByPeer());
    });
  }

  #answer(): void {
    for (let heard = this.#server.next(); heard !== undefined; heard = this.#server.next()) {
      if (this.#world.isDown) continue;
      if (heard.kind === "hello") this.#welcome();
      if (heard.kind === "ping") {
        if (this.#isUnlucky && heard.seq > 1) return;
        this.say(this.#server.pong(heard.seq, 0));
      }
    }
  }

  #welcome(): void {
    const welcome = {
      id: "1",
      secret: "1",
      epoch: "1",
      leaseMsMin: 1_000,
      leaseMsMax: this.#world.middle.leaseMsMax ?? 86_400_000,
      timeoutMs: 60_000,
      pingIntervalMsMin: 100,
      messageBytesMax: 65_536,
      nextMs: 0,
      reconnectWindowMs: 0,
    };
    this.say(encodePreface(1));
    this.say(this.#server.control({ kind: "welcome", welcome }));
  }

  say(bytes: Uint8Array): void {
    this.#use();
    const copy = bytes.slice();
    this.#later(() => {
      this.#use();
      this.#handlers?.onBytes(copy);
    });
  }
}
