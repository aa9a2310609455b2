/**
 * Chooses how TCP is read, by trying: never by the name of a runtime or its version.
 *
 * The shared buffer is taken only if a pair on loopback shows that both directions read twice,
 * that pausing holds and resuming goes on, that a reset arrives, and that the listener counts back
 * to 0 and closes. Anything else, and anything slower than the limit, means the public engine.
 */
import { NO_KERNEL_CONFIG } from "../no-kernel-options.ts";
import { ignore, type Upgrade } from "../stream-transport.ts";
import type { Acceptor, Attach, Transport, TransportHandlers } from "../transport.ts";
import { listenTcp } from "./listen-tcp.ts";
import { loadNativeSockopt } from "./native-sockopt.ts";
import { openTcp } from "./open-tcp.ts";
import { PublicEngine } from "./public-engine.ts";
import { SharedBufferEngine } from "./shared-buffer-engine.ts";
import type { TcpEngine } from "./tcp-engine.ts";
import { PROC_UNACKED, UnackedReader } from "./unacked-reader.ts";

/** On loopback everything takes milliseconds; a machine busy for longer has other worries. */
const SELF_TEST_MS_MAX = 2_000;

const LOOPBACK = "127.0.0.1";

export interface ChosenEngine {
  readonly engine: TcpEngine;
  /** One sentence, for whoever asks why. */
  readonly why: string;
}

/** How accepted sockets come to the shared buffer: at once, or when their first bytes are known. */
export type MoveRule = "at accept" | "after the first bytes";

/**
 * Never rejects. What is tried is the rule that will be used. `overwriteAfterRead` is for tests;
 * see `TcpEngineConfig`.
 */
export async function chooseEngine(
  prefer: "auto" | "public" | "shared",
  rule: MoveRule,
  overwriteAfterRead: boolean = false,
): Promise<ChosenEngine> {
  const native = await loadNativeSockopt();
  const config = { native, unacked: new UnackedReader(PROC_UNACKED), overwriteAfterRead };
  if (prefer === "public") {
    return { engine: new PublicEngine(config), why: "the public engine was asked for" };
  }
  const shared = new SharedBufferEngine(config);
  const fault = await selfTest(shared, rule);
  if (fault === undefined) {
    return { engine: shared, why: "reading into a shared buffer passed its self-test here" };
  }
  const why = `reading into a shared buffer did not pass its self-test here: ${fault}`;
  return { engine: new PublicEngine(config), why };
}

/** What did not work, or undefined when all did. Never rejects, and keeps to its limit. */
export async function selfTest(engine: TcpEngine, rule: MoveRule): Promise<string | undefined> {
  const trial = new Trial(rule === "at accept" ? undefined : NEVER_ASKED_FOR);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    const fault = (): Error => new Error(`${trial.step} took longer than ${SELF_TEST_MS_MAX} ms`);
    timer = setTimeout(() => reject(fault()), SELF_TEST_MS_MAX);
  });
  try {
    await Promise.race([trial.run(engine), limit]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
    trial.abandon();
  }
}

/** On a port where something else could be asked for, and is not. */
const NEVER_ASKED_FOR: Upgrade = {
  isOnly: false,
  recognise: () => "no",
  take() {
    throw new Error("nothing but bytes was asked for");
  },
};

class Trial {
  step = "listening";
  readonly #upgrade: Upgrade | undefined;
  readonly #ends: TrialEnd[] = [];
  #acceptor: Acceptor | undefined;

  constructor(upgrade: Upgrade | undefined) {
    this.#upgrade = upgrade;
  }

  async run(engine: TcpEngine): Promise<void> {
    const served = new TrialEnd();
    const listen = listenTcp({
      kind: "tcp",
      host: LOOPBACK,
      port: 0,
      backlog: 1,
      ipv6Only: false,
      kernel: NO_KERNEL_CONFIG,
      engine,
      upgrade: this.#upgrade,
      webSocketPath: undefined,
      warn: ignore,
    });
    const acceptor = await listen({
      onIncoming: ({ attach }) => served.attach(attach),
      onAcceptFailed: (error) => served.fail(error),
    });
    this.#acceptor = acceptor;
    const dialled = new TrialEnd();
    this.#ends.push(served, dialled);
    this.step = "connecting";
    await Promise.all([served.transport, dial(engine, acceptor.url, dialled)]);
    for (const [from, to] of [[dialled, served] as const, [served, dialled] as const]) {
      this.step = "reading twice";
      await from.transport.then((transport) => transport.write(Uint8Array.of(1, 2, 3)));
      await to.heard("1,2,3");
      (await from.transport).write(Uint8Array.of(4));
      await to.heard("1,2,3,4");
      this.step = "resuming";
      const reader = await to.transport;
      reader.pause();
      (await from.transport).write(Uint8Array.of(5));
      reader.resume();
      await to.heard("1,2,3,4,5");
    }
    this.step = "counting an open connection";
    if ((await acceptor.connectionCount()) !== 1) throw new Error("the listener did not count it");
    this.step = "closing";
    (await served.transport).finish();
    await dialled.finished;
    (await dialled.transport).reset();
    await Promise.all([served.closed, dialled.closed]);
    this.step = "closing the listener";
    await acceptor.close();
    const left = await acceptor.connectionCount();
    if (left !== 0) throw new Error(`the listener still counted ${left} connections`);
  }

  /** Closes whatever a failed trial left open. */
  abandon(): void {
    for (const end of this.#ends) end.abandon();
    // A listener that never says that it closed is one of the faults looked for.
    this.#acceptor?.close().catch(ignore);
  }
}

function dial(engine: TcpEngine, url: string, end: TrialEnd): Promise<Transport> {
  const open = openTcp({
    host: LOOPBACK,
    port: Number(new URL(url).port),
    addressTimeoutMs: SELF_TEST_MS_MAX,
    kernel: NO_KERNEL_CONFIG,
    engine,
    warn: ignore,
  });
  open({ onOpened: (attach) => end.attach(attach), onFailed: (error) => end.fail(error) });
  return end.transport;
}

/** One end of the trial, as promises. */
class TrialEnd implements TransportHandlers {
  readonly transport: Promise<Transport>;
  readonly finished: Promise<void>;
  readonly closed: Promise<void>;
  #setTransport: (transport: Transport) => void = () => {};
  #setFinished: () => void = () => {};
  #setClosed: () => void = () => {};
  #fail: (error: Error) => void = () => {};
  #opened: Transport | undefined;
  readonly #bytes: number[] = [];
  #awaited: { readonly text: string; readonly resolve: () => void } | undefined;

  constructor() {
    this.transport = new Promise((resolve, reject) => {
      this.#setTransport = resolve;
      this.#fail = reject;
    });
    // Whoever waits for it hears of the failure; nobody may be waiting yet.
    this.transport.catch(ignore);
    this.finished = new Promise((resolve) => {
      this.#setFinished = resolve;
    });
    this.closed = new Promise((resolve) => {
      this.#setClosed = resolve;
    });
  }

  attach(attach: Attach): void {
    try {
      this.#opened = attach(this);
      this.#setTransport(this.#opened);
    } catch (error) {
      // What this engine leans on is not here. Inside an event nobody else would catch it.
      this.#fail(error as Error);
    }
  }

  fail(error: Error): void {
    this.#fail(error);
  }

  abandon(): void {
    this.#opened?.reset();
  }

  heard(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited = { text, resolve };
      this.#compare();
    });
  }

  onBytes(bytes: Uint8Array): void {
    this.#bytes.push(...bytes);
    this.#compare();
  }

  onDrained(): void {}

  onFinished(): void {
    this.#setFinished();
  }

  onClosed(): void {
    this.#setClosed();
  }

  #compare(): void {
    if (this.#awaited?.text === this.#bytes.join()) this.#awaited.resolve();
  }
}
