/**
 * Chooses how TCP is read, by trying: never by the name of a runtime or its version.
 *
 * An engine is taken only if it passes a trial on loopback (engine-trial.ts), under the rule that
 * will be used. Anything amiss, and anything slower than the limit, means the next one: Bun's own
 * sockets where there are any, then the shared buffer past the streams of node:net, then the shared
 * buffer behind them, then the public engine, which is not tried.
 */
import { bunEngine } from "./bun-engine.ts";
import type { EngineChoice } from "./engine-choice.ts";
import { EngineTrial } from "./engine-trial.ts";
import { findHandleInternals, type HandleInternals } from "./handle-internals.ts";
import { leanEngine } from "./lean-engine.ts";
import { loadNativeSockopt } from "./native-sockopt.ts";
import { PublicEngine } from "./public-engine.ts";
import { SharedBufferEngine } from "./shared-buffer-engine.ts";
import type { TcpEngine, TcpEngineConfig } from "./tcp-engine.ts";
import { PROC_UNACKED, UnackedReader } from "./unacked-reader.ts";

/** On loopback everything takes milliseconds; a machine busy for longer has other worries. */
const SELF_TEST_MS_MAX = 2_000;

const PAST_STREAMS =
  "a shared buffer, with bytes that pass no stream of node:net, passed its self-test here";

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
  prefer: EngineChoice,
  rule: MoveRule,
  overwriteAfterRead: boolean = false,
): Promise<ChosenEngine> {
  const native = await loadNativeSockopt();
  const config = { native, unacked: new UnackedReader(PROC_UNACKED), overwriteAfterRead };
  if (prefer === "public") {
    return { engine: new PublicEngine(config), why: "the public engine was asked for" };
  }
  if (prefer === "shared") return await chooseShared(config, rule);
  const ordinary = await chooseOrdinary(config, rule);
  if (prefer !== "lean") return ordinary;
  const lean = leanEngine(ordinary.engine);
  const fault = typeof lean === "string" ? lean : await selfTest(lean, rule);
  if (fault === undefined && typeof lean !== "string") {
    return { engine: lean, why: "serving without net.Socket passed its self-test here" };
  }
  const why = `serving without net.Socket did not pass its self-test here: ${fault}`;
  return { engine: ordinary.engine, why };
}

/** What is taken where nobody asks for anything. */
async function chooseOrdinary(config: TcpEngineConfig, rule: MoveRule): Promise<ChosenEngine> {
  const bun = bunEngine(config);
  if (bun !== undefined && (await selfTest(bun, rule)) === undefined) {
    return { engine: bun, why: "the runtime's own sockets passed their self-test here" };
  }
  return await chooseShared(config, rule);
}

async function chooseShared(config: TcpEngineConfig, rule: MoveRule): Promise<ChosenEngine> {
  const internals = internalsUnasked();
  let amiss: string | undefined;
  if (typeof internals === "string") amiss = internals;
  else {
    const past = new SharedBufferEngine(config, internals);
    // A server that has both kinds of ports has both kinds of listeners.
    amiss = await selfTest(past, "at accept");
    if (rule !== "at accept") amiss ??= await selfTest(past, rule);
    if (amiss === undefined) return { engine: past, why: PAST_STREAMS };
  }
  const shared = new SharedBufferEngine(config);
  const fault = await selfTest(shared, rule);
  if (fault === undefined) {
    const why = `reading into a shared buffer passed its self-test here; past streams: ${amiss}`;
    return { engine: shared, why };
  }
  const why = `reading into a shared buffer did not pass its self-test here: ${fault}`;
  return { engine: new PublicEngine(config), why };
}

/** Not where Node would print a warning about them, which nobody who took the default asked for. */
function internalsUnasked(): HandleInternals | string {
  const { NODE_OPTIONS = "", NODE_PENDING_DEPRECATION } = process.env;
  const flags = [...process.execArgv, ...NODE_OPTIONS.split(/\s+/)];
  if (NODE_PENDING_DEPRECATION === "1" || flags.includes("--pending-deprecation")) {
    return "Node is to warn of it";
  }
  return findHandleInternals();
}

/** What did not work, or undefined when all did. Never rejects, and keeps to its limit. */
export async function selfTest(engine: TcpEngine, rule: MoveRule): Promise<string | undefined> {
  const trial = new EngineTrial(engine, rule === "after the first bytes", SELF_TEST_MS_MAX);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    const fault = (): Error => new Error(`${trial.step} took longer than ${SELF_TEST_MS_MAX} ms`);
    timer = setTimeout(() => reject(fault()), SELF_TEST_MS_MAX);
  });
  try {
    await Promise.race([trial.run(), limit]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
    trial.abandon();
  }
}
