/**
 * What a service tells its manager, and when. Pure: time and what the service knows of itself come
 * in, texts go out. The words are those of sd_notify(3).
 *
 * Easy to break: a beat of the watchdog says that the service works, so one may go out only upon a
 * look at what does the work, in the process that does it. Who finds that the reaper is late says
 * nothing, and looks again soon; if that lasts, the manager restarts the service.
 */
import { earliestOf, elapsedMs, type Instant, later } from "../../base/time.ts";

/** What the service knows of itself. */
export interface ServiceHealth {
  /** By how much that which watches over the connections is overdue. */
  readonly lateMs: number;
  /** One line for people. */
  readonly status: string;
}

export interface NoticesConfig {
  /** After how long without a beat the manager acts; undefined where it does not. */
  readonly watchdogMs: number | undefined;
}

/** A change of the status is told at most this often; a beat carries it, too. */
const STATUS_MS = 30_000;
/** When a look found no life: how soon the next one is. */
const AGAIN_MS_MAX = 1_000;
const STATUS_CHARACTERS_MAX = 200;

export class ServiceNotices {
  readonly #beatMs: number | undefined;
  #phase: "starting" | "ready" | "reloading" | "stopping" = "starting";
  #status = "";
  #beatAt: Instant | undefined;
  #statusAt: Instant | undefined;

  constructor({ watchdogMs }: NoticesConfig) {
    // A third, so that one beat may be lost or late.
    this.#beatMs = watchdogMs === undefined ? undefined : watchdogMs / 3;
  }

  /** It serves. */
  ready(status: string, now: Instant): string {
    this.#phase = "ready";
    if (this.#beatMs !== undefined) this.#beatAt = later(now, this.#beatMs);
    return this.#with("READY=1", status, now);
  }

  /** `monotonicUs`: the clock of the kernel, by which the manager tells this reload from others. */
  reloading(monotonicUs: bigint): string | undefined {
    if (this.#phase !== "ready") return undefined;
    this.#phase = "reloading";
    return `RELOADING=1\nMONOTONIC_USEC=${monotonicUs}`;
  }

  reloaded(status: string, now: Instant): string | undefined {
    if (this.#phase !== "reloading") return undefined;
    this.#phase = "ready";
    return this.#with("READY=1", status, now);
  }

  stopping(status: string, now: Instant): string | undefined {
    if (this.#phase === "stopping") return undefined;
    this.#phase = "stopping";
    return this.#with("STOPPING=1", status, now);
  }

  /** When `poll` next has something to look at; undefined before it is ready. */
  deadline(): Instant | undefined {
    return earliestOf(this.#beatAt, this.#statusAt);
  }

  /** What is due now, after a look at the service; undefined for nothing. */
  poll(now: Instant, look: () => ServiceHealth): string | undefined {
    const isBeatDue = isDue(this.#beatAt, now);
    if (!isBeatDue && !isDue(this.#statusAt, now)) return undefined;
    const { lateMs, status } = look();
    const words: string[] = [];
    if (isBeatDue && this.#beatMs !== undefined) {
      const lives = lateMs <= this.#beatMs;
      const nextMs = lives ? this.#beatMs : Math.min(this.#beatMs, AGAIN_MS_MAX);
      if (lives) words.push("WATCHDOG=1");
      this.#beatAt = later(now, nextMs);
    }
    this.#statusAt = later(now, STATUS_MS);
    const line = oneLine(status);
    if (line !== this.#status) words.push(`STATUS=${line}`);
    this.#status = line;
    return words.length === 0 ? undefined : words.join("\n");
  }

  #with(word: string, status: string, now: Instant): string {
    this.#status = oneLine(status);
    this.#statusAt = later(now, STATUS_MS);
    return `${word}\nSTATUS=${this.#status}`;
  }
}

function isDue(at: Instant | undefined, now: Instant): boolean {
  return at !== undefined && elapsedMs(at, now) >= 0;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").slice(0, STATUS_CHARACTERS_MAX);
}

/**
 * How long the manager waits for a beat of the process `pid`, in milliseconds; undefined where it
 * does not wait, or for another one. A text says what is wrong with the variables.
 */
export function readWatchdog(
  {
    WATCHDOG_USEC: time,
    WATCHDOG_PID: forPid,
  }: {
    readonly WATCHDOG_USEC?: string | undefined;
    readonly WATCHDOG_PID?: string | undefined;
  },
  pid: number,
): number | undefined | string {
  if (time === undefined || time === "") return undefined;
  if (!/^[1-9]\d{0,15}$/.test(time)) {
    return `WATCHDOG_USEC: expected a number of microseconds, got ${JSON.stringify(time)}`;
  }
  if (forPid !== undefined && forPid !== "" && forPid !== String(pid)) return undefined;
  return Number(time) / 1_000;
}
