/** What all TCP pipes of one listener, or one dialled TCP pipe, have in common. */
import { LastBuffer } from "../last-buffer.ts";
import { plainOutputAfter, type StreamFacts, type Upgrade } from "../stream-facts.ts";
import type { EffectiveKernelOptions, UnackedAnswer } from "../transport.ts";
import { descriptorOf } from "./native-sockopt.ts";
import type { TcpEngineConfig } from "./tcp-engine.ts";

export function tcpFacts(
  engine: TcpEngineConfig,
  kernelOptions: EffectiveKernelOptions,
  upgrade: Upgrade | undefined,
): StreamFacts {
  return {
    kind: "tcp",
    canReset: true,
    overwriteAfterRead: engine.overwriteAfterRead,
    kernelOptions,
    past: engine.past,
    lastBuffer: new LastBuffer(),
    rawOf: (socket) => socket,
    beforeWrite: undefined,
    outputAfter: plainOutputAfter,
    growthFault: undefined,
    faultOf: undefined,
    upgrade,
    readUnacked: (socket, answer) => readUnacked(engine, socket, answer),
  };
}

/**
 * Keeps the facts of the last dial, for all dials whose options come out alike: thousands of pipes
 * to one place would otherwise each hold the same description of themselves.
 */
export class DialledFacts {
  #engine: TcpEngineConfig | undefined;
  #last: StreamFacts | undefined;

  of(engine: TcpEngineConfig, options: EffectiveKernelOptions): StreamFacts {
    const last = this.#last;
    if (last !== undefined && engine === this.#engine && areSame(last.kernelOptions, options)) {
      return last;
    }
    this.#engine = engine;
    this.#last = tcpFacts(engine, options, undefined);
    return this.#last;
  }
}

function areSame(a: EffectiveKernelOptions, b: EffectiveKernelOptions): boolean {
  const names = Object.keys(a) as (keyof EffectiveKernelOptions)[];
  return names.every(
    (name) => a[name].value === b[name].value && a[name].source === b[name].source,
  );
}

/** By what the unacknowledged bytes of a socket are counted. */
export type UnackedSource = Pick<TcpEngineConfig, "native" | "unacked">;

/** What is looked at of a connected socket: what node:net shows of it, and `descriptorOf`. */
interface CountedSocket {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly bytesWritten: number;
}

/** For any connected socket over TCP, TLS above it included. Answers later. */
export function readUnacked(
  source: UnackedSource,
  socket: CountedSocket,
  answer: UnackedAnswer,
): void {
  const { native } = source;
  if (native !== undefined && descriptorOf(socket) !== undefined) {
    // Counted when the answer is given and not before: what is written in between is taken for
    // counted, and its absence would pass for bytes that a dead peer has acknowledged.
    queueMicrotask(() => {
      const fd = descriptorOf(socket); // None any more if the socket was closed in between.
      if (fd === undefined) answer(undefined, false);
      else answer(native.unackedBytes(fd), native.windowIsShut(fd));
    });
    return;
  }
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (
    localAddress === undefined ||
    localPort === undefined ||
    remoteAddress === undefined ||
    remotePort === undefined
  ) {
    queueMicrotask(() => answer(undefined, false));
    return;
  }
  let writtenBytes = 0;
  let isAgain = false;
  source.unacked.ask(
    { localAddress, localPort, remoteAddress, remotePort },
    {
      begun: () => {
        writtenBytes = socket.bytesWritten;
      },
      // For the same reason a reading during which something was written is made again, once: who
      // writes all the time gets a count that is a little off, and its output moves anyhow.
      answer: (unackedBytes, windowIsShut) => {
        const isCertain = unackedBytes === undefined || socket.bytesWritten === writtenBytes;
        if (!isCertain && !isAgain) {
          isAgain = true;
          return false;
        }
        answer(unackedBytes, windowIsShut);
        return true;
      },
    },
  );
}
