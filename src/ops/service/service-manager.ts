/**
 * Speaks to the service manager for as long as the service runs: joins what is to be told
 * (service-notices.ts), the way there (notify-channel.ts) and the clock.
 *
 * Its one timer rings on the event loop that serves, so that a loop which stands still sends no
 * beat.
 */
import type { Cancel, Clock } from "../../base/time.ts";
import type { ServiceEnvironment } from "./environment.ts";
import { type NotifyChannel, openNotifyChannel } from "./notify-channel.ts";
import { readWatchdog, type ServiceHealth, ServiceNotices } from "./service-notices.ts";

export interface ServiceSurroundings {
  readonly env: ServiceEnvironment;
  /** Where programs are looked for. */
  readonly path: string | undefined;
  readonly pid: number;
  readonly clock: Clock;
  /** CLOCK_MONOTONIC in microseconds. */
  readonly monotonicUs: () => bigint;
  /** Gets a sentence where something is not as it should be. */
  readonly tell: (text: string) => void;
}

/** Undefined where no manager wants to hear anything. Never rejects. */
export async function openServiceManager(
  surroundings: ServiceSurroundings,
): Promise<ServiceManager | undefined> {
  const { env, path, pid, tell } = surroundings;
  const { NOTIFY_SOCKET: socket } = env;
  if (socket === undefined || socket === "") return undefined;
  const watchdogMs = readWatchdog(env, pid);
  if (typeof watchdogMs === "string") tell(watchdogMs);
  const channel = await openNotifyChannel(socket, path, tell);
  const notices = new ServiceNotices({
    watchdogMs: typeof watchdogMs === "string" ? undefined : watchdogMs,
  });
  return new ServiceManager(notices, channel, surroundings);
}

export class ServiceManager {
  readonly #notices: ServiceNotices;
  readonly #channel: NotifyChannel;
  readonly #clock: Clock;
  readonly #monotonicUs: () => bigint;
  #look: () => ServiceHealth = () => ({ lateMs: 0, status: "" });
  #cancel: Cancel | undefined;

  constructor(
    notices: ServiceNotices,
    channel: NotifyChannel,
    { clock, monotonicUs }: Pick<ServiceSurroundings, "clock" | "monotonicUs">,
  ) {
    this.#notices = notices;
    this.#channel = channel;
    this.#clock = clock;
    this.#monotonicUs = monotonicUs;
  }

  get by(): NotifyChannel["by"] {
    return this.#channel.by;
  }

  /** It serves, and `look` tells from now on how it is. */
  ready(look: () => ServiceHealth): void {
    this.#look = look;
    this.#send(this.#notices.ready(look().status, this.#clock.now()));
    this.#wait();
  }

  reloading(): void {
    this.#send(this.#notices.reloading(this.#monotonicUs()));
  }

  reloaded(): void {
    this.#send(this.#notices.reloaded(this.#look().status, this.#clock.now()));
  }

  stopping(status: string): void {
    this.#send(this.#notices.stopping(status, this.#clock.now()));
  }

  /** Tells no more. Resolves when what was told is out, or will never be. */
  async close(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#channel.flushed();
  }

  #wait(): void {
    const at = this.#notices.deadline();
    if (at === undefined) return;
    this.#cancel?.();
    this.#cancel = this.#clock.wakeAt(at, () => {
      this.#send(this.#notices.poll(this.#clock.now(), this.#look));
      this.#wait();
    });
  }

  #send(words: string | undefined): void {
    if (words !== undefined) this.#channel.send(words);
  }
}
