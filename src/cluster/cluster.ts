/**
 * A primary and its workers: processes that serve the same addresses, seen and told as one server.
 *
 * The primary serves nobody. It starts workers, replaces those that die, moves parts of the limits
 * to where they are needed, and replaces all of them one after the other on request. What is easy
 * to break: a process may end in any state, also while it is replaced, and the places for workers
 * are filled exactly once each.
 */
import cluster from "node:cluster";
import { HoldfastError, isErrorCode } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { type Cancel, type Clock, elapsedMs, later } from "../base/time.ts";
import type { ConnectionInfo } from "../server/server-connection.ts";
import type { ServerStats } from "../server/server-stats.ts";
import type { PortSharing } from "../transports/tcp/tcp-engine.ts";
import type { ClusterChange } from "./cluster-change.ts";
import { LimitBoard, type Totals } from "./limit-board.ts";
import type { Listening, ToPrimary } from "./messages.ts";
import { choosePortSharing } from "./port-sharing.ts";
import { Slot } from "./slot.ts";
import { afterwards, sumStats } from "./stats-sum.ts";
import { type Exit, type Readiness, type WorkerOwner, WorkerProcess } from "./worker-process.ts";

export interface ClusterConfig {
  readonly workers: number;
  /** The program of a worker: it runs a `Worker`. */
  readonly program: { readonly file: string; readonly args: readonly string[] };
  /** What that program is to do; plain data. The addresses in it must not leave a port open. */
  readonly work: unknown;
  readonly totals: Totals;
  /** What one process can hold, as far as that is known. */
  readonly connectionsPerWorkerMax: number;
}

export interface ClusterSurroundings {
  readonly clock: Clock;
  readonly random: Random;
  /** Takes whole lines of a worker; a promise where the writer wants a pause. */
  writeLines(worker: number, text: string): Promise<void> | undefined;
  onChange(change: ClusterChange): void;
}

/** A row of the table of connections. */
export interface ClusterRow extends ConnectionInfo {
  readonly worker: number;
}

const LOOK_MS = 1_000;
/** A worker tells its state every second; its loop may be busy for some of them. */
const SILENCE_MS_MAX = 5_000;
const ROWS_MS_MAX = 1_000;

export class Cluster implements WorkerOwner {
  readonly #config: ClusterConfig;
  readonly #surroundings: ClusterSurroundings;
  readonly #sharing: PortSharing;
  readonly #board: LimitBoard;
  readonly #slots: readonly Slot[];
  /** All that run, in order of their ids. */
  readonly #workers = new Map<number, WorkerProcess>();
  readonly #silent = new Set<WorkerProcess>();
  #ended: ServerStats = sumStats([]);
  #lastId = 0;
  #isStarting = true;
  /** Those that ended while others were still coming up. */
  readonly #goneEarly: WorkerProcess[] = [];
  #isClosing = false;
  #roll: Promise<void> | undefined;
  #isRollWanted = false;
  #cancelLook: Cancel = () => {};

  private constructor(
    config: ClusterConfig,
    surroundings: ClusterSurroundings,
    sharing: PortSharing,
  ) {
    this.#config = config;
    this.#surroundings = surroundings;
    this.#sharing = sharing;
    this.#board = new LimitBoard(config.totals, config.workers);
    const { clock, random } = surroundings;
    this.#slots = Array.from({ length: config.workers }, () => new Slot(clock, random));
  }

  /**
   * Resolves when all workers listen. The first goes ahead, so that what fails for all is told
   * once.
   *
   * @throws HoldfastError with the code of a worker that could not start; then none is left.
   */
  static async start(config: ClusterConfig, surroundings: ClusterSurroundings): Promise<Cluster> {
    const { file, args } = config.program;
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    const stdio = ["ignore", "ignore", "inherit", "ipc"] as const;
    cluster.setupPrimary({ exec: file, args: [...args], stdio: [...stdio] });
    const started = new Cluster(config, surroundings, await choosePortSharing());
    try {
      await started.#startAll();
    } catch (error) {
      await started.close({ atOnce: true });
      throw error;
    }
    return started;
  }

  /** Who serves now. */
  get workers(): readonly { readonly id: number; readonly pid: number | undefined }[] {
    return [...this.#workers.values()].map(({ id, pid }) => ({ id, pid }));
  }

  /** Where they listen. */
  get listening(): Listening {
    for (const { listening } of this.#workers.values()) {
      if (listening !== undefined) return listening;
    }
    return { urls: [], kernel: [], certificates: [] };
  }

  /** How many workers have not answered for some seconds. */
  get silentCount(): number {
    return this.#silent.size;
  }

  /** Of all workers that there are and were, as they last told. */
  stats(): ServerStats {
    return sumStats([this.#ended, ...[...this.#workers.values()].map(({ stats }) => stats)]);
  }

  /** One row for each connection, and the workers that did not answer in time. */
  async connections(): Promise<{ readonly rows: ClusterRow[]; readonly missing: number[] }> {
    const rows: ClusterRow[] = [];
    const missing: number[] = [];
    const ask = async (worker: WorkerProcess): Promise<void> => {
      const found = await worker.rows(ROWS_MS_MAX);
      if (found === undefined) missing.push(worker.id);
      for (const row of found ?? []) rows.push({ ...row, worker: worker.id });
    };
    const up = [...this.#workers.values()].filter(({ upAt }) => upAt !== undefined);
    await Promise.all(up.map(ask));
    return { rows, missing };
  }

  /**
   * Replaces the workers one after the other: a new one listens before the old one drains. Asked
   * for again while it is under way, it begins once more afterwards.
   */
  roll(): void {
    if (this.#isClosing || this.#isStarting) return;
    if (this.#roll !== undefined) {
      this.#isRollWanted = true;
      return;
    }
    this.#roll = this.#rollAll().finally(() => {
      this.#roll = undefined;
      if (!this.#isRollWanted) return;
      this.#isRollWanted = false;
      this.roll();
    });
  }

  /** Drains all workers, or ends them at once. Resolves when no process is left. */
  async close({ atOnce }: { readonly atOnce: boolean }): Promise<void> {
    this.#isClosing = true;
    this.#cancelLook();
    for (const slot of this.#slots) slot.close();
    const all = [...this.#workers.values()];
    for (const worker of all) worker.drain(atOnce);
    await Promise.all(all.map(({ exited }) => exited));
  }

  async #startAll(): Promise<void> {
    const [first, ...others] = this.#slots.map((slot) => () => this.#fill(slot));
    const ahead = await first?.();
    if (ahead?.isUp === false) throw failureOf(ahead);
    const { urls } = this.listening;
    const failed = (await Promise.all(others.map((fill) => fill()))).find(({ isUp }) => !isUp);
    if (failed?.isUp === false) throw failureOf(besides(failed, urls));
    this.#isStarting = false;
    for (const gone of this.#goneEarly) this.#replace(gone);
    this.#lookSoon();
  }

  // From the workers.

  onUp(worker: WorkerProcess): void {
    if (this.#isClosing) worker.drain(true);
  }

  onState(worker: WorkerProcess, { uses }: Extract<ToPrimary, { kind: "state" }>): void {
    this.#board.onUses(worker.id, uses);
    this.#moveParts();
    if (this.#silent.delete(worker)) this.#tell({ what: "answers", worker: worker.id });
  }

  onObeyed(worker: WorkerProcess, message: Extract<ToPrimary, { kind: "obeyed" }>): void {
    this.#board.onObeyed(worker.id, message.name, message.value);
    this.#moveParts();
  }

  onLeaving(worker: WorkerProcess): void {
    this.#board.retire(worker.id);
    this.#replace(worker);
  }

  onExit(worker: WorkerProcess, exit: Exit): void {
    const { id, pid, stats } = worker;
    this.#workers.delete(id);
    this.#silent.delete(worker);
    this.#board.leave(id);
    this.#ended = sumStats([this.#ended, afterwards(stats)]);
    this.#moveParts();
    const lost = exit.isOrderly ? 0 : stats.open;
    if (worker.upAt !== undefined || this.#isClosing) {
      this.#tell({ what: "ended", worker: id, pid, lost, ...exit });
    }
    this.#replace(worker);
  }

  writeLines(worker: WorkerProcess, text: string): Promise<void> | undefined {
    return this.#surroundings.writeLines(worker.id, text);
  }

  // The places.

  /** Starts a worker where there is none. */
  async #fill(slot: Slot): Promise<Readiness> {
    slot.onStart();
    return await this.#open(slot);
  }

  async #open(slot: Slot): Promise<Readiness> {
    const worker = this.#spawn();
    slot.next = worker;
    const readiness = await worker.ready;
    slot.next = undefined;
    // It may be over already in the turn in which it came up; then its end was nobody's.
    if (readiness.isUp) slot.onUp(worker);
    if (readiness.isUp && (worker.isGone || worker.isLeaving)) this.#replace(worker);
    return readiness;
  }

  #spawn(): WorkerProcess {
    this.#lastId += 1;
    const id = this.#lastId;
    const { work, connectionsPerWorkerMax } = this.#config;
    const parts = [...this.#board.join(id, connectionsPerWorkerMax)];
    const start = { work, sharing: this.#sharing, parts };
    const seat = { owner: this, clock: this.#surroundings.clock };
    const worker = new WorkerProcess(id, start, seat);
    this.#workers.set(id, worker);
    this.#moveParts();
    return worker;
  }

  /** The place of a worker that is gone or going gets another, unless one is coming already. */
  #replace(gone: WorkerProcess): void {
    const slot = this.#slots.find(({ current }) => current === gone);
    if (slot === undefined) return;
    if (this.#isStarting) {
      this.#goneEarly.push(gone);
      return;
    }
    slot.current = undefined;
    if (this.#isClosing || slot.next !== undefined) return;
    this.#startAgain(slot, slot.afterDeathMs(gone), gone.id);
  }

  #startAgain(slot: Slot, delayMs: number, replaces: number | undefined): void {
    if (delayMs > 0) this.#tell({ what: "waits", delayMs, replaces });
    slot.wait(delayMs, () => void this.#tryAgain(slot, replaces));
  }

  async #tryAgain(slot: Slot, replaces: number | undefined): Promise<void> {
    if (this.#isClosing) return;
    const readiness = await this.#fill(slot);
    if (this.#isClosing) return;
    if (readiness.isUp) return this.#tellUp(slot, replaces);
    this.#tell({ what: "failed", text: readiness.text });
    this.#startAgain(slot, slot.afterFailureMs(), replaces);
  }

  async #rollAll(): Promise<void> {
    this.#tell({ what: "roll", phase: "begins" });
    for (const slot of this.#slots) {
      if (this.#isClosing) return;
      const old = slot.current;
      if (old === undefined) continue; // It is being started anew anyway.
      const readiness = await this.#open(slot);
      if (this.#isClosing) return;
      if (!readiness.isUp) {
        this.#tell({ what: "failed", text: readiness.text });
        // The old one may have died meanwhile, and was not replaced because this one was coming.
        if (slot.current === undefined) this.#startAgain(slot, slot.afterDeathMs(old), old.id);
        this.#tell({ what: "roll", phase: "stops" });
        return;
      }
      this.#tellUp(slot, old.id);
      this.#board.retire(old.id);
      old.drain(false);
      await old.exited;
    }
    this.#tell({ what: "roll", phase: "done" });
  }

  #tellUp(slot: Slot, replaces: number | undefined): void {
    const { current } = slot;
    if (current === undefined) return;
    this.#tell({ what: "up", worker: current.id, pid: current.pid, replaces });
  }

  #moveParts(): void {
    for (const { worker, name, value } of this.#board.orders()) {
      this.#workers.get(worker)?.limit(name, value);
    }
  }

  #lookSoon(): void {
    const { clock } = this.#surroundings;
    const dueAt = later(clock.now(), LOOK_MS);
    this.#cancelLook = clock.wakeAt(dueAt, () => {
      const now = clock.now();
      // Were we late ourselves, what they said may be waiting for us.
      if (elapsedMs(dueAt, now) < LOOK_MS) {
        for (const worker of this.#workers.values()) {
          const isSilent = elapsedMs(worker.heardAt, now) > SILENCE_MS_MAX;
          if (!isSilent || worker.upAt === undefined || this.#silent.has(worker)) continue;
          this.#silent.add(worker);
          this.#tell({ what: "silent", worker: worker.id, pid: worker.pid });
        }
      }
      this.#lookSoon();
    });
  }

  #tell(change: ClusterChange): void {
    this.#surroundings.onChange(change);
  }
}

type Failure = Extract<Readiness, { isUp: false }>;

function failureOf({ code, text }: Failure): HoldfastError {
  const known = code !== undefined && isErrorCode(code) ? code : "LISTEN_FAILED";
  return new HoldfastError(known, text);
}

/** The first one listens where a second one may not: that is no other program. */
function besides(failure: Failure, urls: readonly string[]): Failure {
  return failure.text.includes("(EADDRINUSE)") ? notShared(urls) : failure;
}

function notShared(urls: readonly string[]): Failure {
  const text =
    `this runtime does not let several processes share ${urls.join(", ")}; ` +
    "use one worker, or a runtime that can (Node can)";
  return { isUp: false, code: "LISTEN_FAILED", text };
}
