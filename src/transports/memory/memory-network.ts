/** Names to listen on and to dial, inside one process; see memory-pipe.ts. */
import { assert } from "../../base/assert.ts";
import { HoldfastError } from "../../base/errors.ts";
import { listenFailure } from "../listen-failure.ts";
import { NO_KERNEL_OPTIONS } from "../no-kernel-options.ts";
import type {
  AcceptHandlers,
  Acceptor,
  EffectiveKernelOptions,
  Listen,
  Open,
  OpenHandlers,
  RemoteAddress,
} from "../transport.ts";
import { type MemoryEnd, MemoryPipe, type MemoryPipeConfig } from "./memory-pipe.ts";

/** All listeners and pipes that can meet. Its cable can be cut. */
export class MemoryNetwork {
  readonly config: MemoryPipeConfig;
  readonly #acceptors = new Map<string, MemoryAcceptor>();
  readonly #pipes = new Set<MemoryPipe>();
  #held: (() => void)[] | undefined;

  constructor(config: MemoryPipeConfig) {
    this.config = config;
  }

  /** From now on nothing passes, and nobody is told; dialling waits. */
  cut(): void {
    this.#held ??= [];
    for (const pipe of this.#pipes) pipe.cut();
  }

  heal(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const pipe of this.#pipes) pipe.heal();
    for (const run of held) this.config.schedule(run);
  }

  bind(name: string, handlers: AcceptHandlers): Acceptor {
    if (this.#acceptors.has(name)) {
      const cause = Object.assign(new Error("address in use"), { code: "EADDRINUSE" });
      throw listenFailure(`memory:${name}`, cause);
    }
    const acceptor = new MemoryAcceptor(name, handlers, () => this.#acceptors.delete(name));
    this.#acceptors.set(name, acceptor);
    return acceptor;
  }

  dial(name: string, handlers: OpenHandlers): () => void {
    let isCancelled = false;
    const connect = (): void => {
      if (isCancelled) return;
      if (this.#held !== undefined) this.#held.push(connect);
      else this.#connect(name, handlers);
    };
    this.config.schedule(connect);
    return () => {
      isCancelled = true;
    };
  }

  #connect(name: string, handlers: OpenHandlers): void {
    const acceptor = this.#acceptors.get(name);
    if (acceptor === undefined) {
      const refusal = `cannot reach memory:${name}: nobody listens there`;
      handlers.onFailed(new HoldfastError("DIAL_FAILED", refusal));
      return;
    }
    const pipe = new MemoryPipe(this.config);
    this.#pipes.add(pipe);
    let openEnds = 2;
    const forget = (): void => {
      openEnds -= 1;
      if (openEnds === 0) this.#pipes.delete(pipe);
    };
    pipe.left.onGone = forget;
    acceptor.handle(pipe.right, forget);
    let isAttached = false;
    handlers.onOpened((to) => {
      isAttached = true;
      return pipe.left.attach(to);
    });
    if (!isAttached) pipe.left.reset();
  }
}

export interface MemoryAddress {
  readonly network: MemoryNetwork;
  readonly name: string;
}

export function listenMemory(address: MemoryAddress): Listen {
  return async (handlers) => address.network.bind(address.name, handlers);
}

export function openMemory(address: MemoryAddress): Open {
  return (handlers) => address.network.dial(address.name, handlers);
}

const REMOTE: RemoteAddress = { text: "memory", ip: "" };

class MemoryAcceptor implements Acceptor {
  readonly url: string;
  readonly kind = "memory" as const;
  readonly #handlers: AcceptHandlers;
  readonly #unbind: () => void;
  #openCount = 0;
  #closed: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(name: string, handlers: AcceptHandlers, unbind: () => void) {
    this.url = `memory:${name}`;
    this.#handlers = handlers;
    this.#unbind = unbind;
  }

  kernelOptions(): EffectiveKernelOptions {
    return NO_KERNEL_OPTIONS;
  }

  connectionCount(): Promise<number> {
    return Promise.resolve(this.#openCount);
  }

  close(): Promise<void> {
    if (this.#closed === undefined) {
      this.#unbind();
      let resolve: () => void = () => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      this.#closed = { promise, resolve };
      if (this.#openCount === 0) resolve();
    }
    return this.#closed.promise;
  }

  handle(end: MemoryEnd, forget: () => void): void {
    let isAttached = false;
    this.#openCount += 1;
    end.onGone = () => {
      forget();
      this.#openCount -= 1;
      if (this.#openCount === 0) this.#closed?.resolve();
    };
    this.#handlers.onIncoming({
      remote: REMOTE,
      attach(to) {
        assert(!isAttached, "an incoming pipe is attached once");
        isAttached = true;
        return end.attach(to);
      },
    });
    if (!isAttached) end.reset();
  }
}
