/**
 * The load generator, as orders and answers. The program itself is C: see ../load/.
 *
 * It runs on a core of its own, and each answer says how much of that it used, so that a figure
 * that it limited can be told from one that the server did.
 */
import { type Protocol } from "../contenders/contender.ts";
import { LineProcess, type Told } from "./line-process.ts";

export interface LoadAnswer {
  readonly open: number;
  readonly seconds: number;
  readonly count: number;
  readonly perSecond: number;
  readonly sent: number;
  readonly lost: number;
  readonly closedByServer: number;
  readonly p50Us: number | undefined;
  readonly p99Us: number | undefined;
  readonly maxUs: number | undefined;
  readonly serverCpuSeconds: number;
  /** How long the server's core had nothing to do; undefined where it is not pinned. */
  readonly serverCoreIdleSeconds: number | undefined;
  readonly loadCpuSeconds: number;
  /** Beats of the server that were answered. */
  readonly beats: number;
}

/** Opening may wait for retransmitted SYNs; timed orders end a little after their time. */
const OPEN_LIMIT_MS = 120_000;
const EXTRA_MS = 15_000;

export interface LoadConfig {
  /** The compiled program. */
  readonly file: string;
  readonly core: string | undefined;
  /** The core that the server is pinned to. */
  readonly serverCore: number | undefined;
  readonly handshakesMax: number | undefined;
  readonly protocol: Protocol;
  readonly port: number;
  readonly serverPid: number | undefined;
}

export class LoadGenerator {
  readonly pid: number;
  readonly #process: LineProcess;

  constructor(config: LoadConfig) {
    const { file, core, protocol } = config;
    const args = flagsOf({
      protocol,
      port: config.port,
      "server-pid": config.serverPid,
      "server-core": config.serverCore,
      handshakes: config.handshakesMax,
    });
    this.#process = new LineProcess(`load generator (${protocol})`, { file, args }, core);
    this.pid = this.#process.pid;
  }

  open(total: number): Promise<LoadAnswer> {
    return this.#order(`open ${total}`, OPEN_LIMIT_MS);
  }

  openSilent(total: number): Promise<LoadAnswer> {
    return this.#order(`open-silent ${total}`, OPEN_LIMIT_MS);
  }

  closeTo(total: number): Promise<LoadAnswer> {
    return this.#order(`close-to ${total}`, OPEN_LIMIT_MS);
  }

  idle(seconds: number): Promise<LoadAnswer> {
    return this.#timed("idle", [], seconds);
  }

  beat(perSecond: number, seconds: number): Promise<LoadAnswer> {
    return this.#timed("beat", [perSecond], seconds);
  }

  oneWay(perSecond: number, seconds: number): Promise<LoadAnswer> {
    return this.#timed("one-way", [perSecond], seconds);
  }

  saturate(window: number, seconds: number): Promise<LoadAnswer> {
    return this.#timed("saturate", [window], seconds);
  }

  echo(bytes: number, window: number, seconds: number): Promise<LoadAnswer> {
    return this.#timed("echo", [bytes, window], seconds);
  }

  broadcast(bytes: number, seconds: number): Promise<LoadAnswer> {
    return this.#timed("broadcast", [bytes], seconds);
  }

  churn(window: number, seconds: number): Promise<LoadAnswer> {
    return this.#timed("churn", [window], seconds);
  }

  /** Each connection beats every so many milliseconds, at a moment of its own. */
  keep(everyMs: number, seconds: number): Promise<LoadAnswer> {
    return this.#timed("keep", [everyMs], seconds);
  }

  /** Nothing is sent. The latencies are the times from each last beat to the server's close. */
  fallSilent(seconds: number): Promise<LoadAnswer> {
    return this.#timed("fall-silent", [], seconds);
  }

  /** Looks at what has come since the last order, and at nothing else. */
  stats(): Promise<LoadAnswer> {
    return this.#order("stats", EXTRA_MS);
  }

  /** Pings all at once; `seconds` is what sending them took, and all answers are waited for. */
  burst(): Promise<LoadAnswer> {
    return this.#order("burst", EXTRA_MS);
  }

  async end(): Promise<void> {
    await this.#process.end();
  }

  kill(): void {
    this.#process.kill();
  }

  async #timed(name: string, amounts: readonly number[], seconds: number): Promise<LoadAnswer> {
    const words = [name, ...amounts, seconds].join(" ");
    return await this.#order(words, seconds * 1000 + EXTRA_MS);
  }

  async #order(words: string, limitMs: number): Promise<LoadAnswer> {
    const told = await this.#process.order(words, limitMs);
    const { error } = told;
    if (error !== undefined) {
      throw new Error(`load generator, "${words}": ${JSON.stringify(error)}`);
    }
    return answerFrom(told);
  }
}

function flagsOf(values: Readonly<Record<string, string | number | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
}

function answerFrom(told: Told): LoadAnswer {
  const number = (name: string): number => Number(told[name] ?? 0);
  const timed = (name: string): number | undefined =>
    told[name] === undefined ? undefined : Number(told[name]);
  return {
    open: number("open"),
    seconds: number("seconds"),
    count: number("count"),
    perSecond: number("perSecond"),
    sent: number("sent"),
    lost: number("lost"),
    closedByServer: number("closedByServer"),
    p50Us: timed("p50Us"),
    p99Us: timed("p99Us"),
    maxUs: timed("maxUs"),
    serverCpuSeconds: number("serverCpuSeconds"),
    serverCoreIdleSeconds: timed("serverCoreIdleSeconds"),
    loadCpuSeconds: number("loadCpuSeconds"),
    beats: number("beats"),
  };
}
