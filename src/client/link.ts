/** What an application holds: a link that comes back by itself until it is told to stop. */
import { HoldfastError } from "../base/errors.ts";
import type { Message } from "../connection/effects.ts";
import { resolveLink } from "./config.ts";
import { Keeper } from "./keeper.ts";
import type { ConnectOptions } from "./options.ts";
import type { LinkPlatform } from "./platform.ts";
import { SharedConfig } from "./shared-config.ts";
import type { LinkEndRecord, LinkEvents, LinkStatus } from "./status.ts";

/**
 * A connection that heals itself.
 *
 * Messages arrive as event, and for those who prefer a loop, as async iterable. What was sent on a
 * connection that died is not sent again: what is not known to have arrived is in the event
 * `undelivered`. What had not begun to go out waits for the next connection.
 */
export class Link implements AsyncIterable<Message>, AsyncDisposable {
  readonly #keeper: Keeper;

  /** @internal Use `connect`. */
  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  /** Where the link stands now. Changes come as event `status`. */
  get status(): LinkStatus {
    return this.#keeper.status;
  }

  /**
   * The adaptive interval in force, in milliseconds; undefined where the interval is fixed. Changes
   * come as event `interval`.
   */
  get intervalMs(): number | undefined {
    return this.#keeper.pace?.intervalMs;
  }

  /** Resolves with the reason when the link has ended for good. Never rejects. */
  get ended(): Promise<LinkEndRecord> {
    return this.#keeper.ended;
  }

  /**
   * Adds a listener and returns the function that removes it. What a listener throws becomes an
   * uncaught error, and harms neither the link nor other listeners. Inside a listener the link may
   * be used in any way.
   */
  on<Name extends keyof LinkEvents>(
    name: Name,
    listener: (...args: LinkEvents[Name]) => void,
  ): () => void {
    return this.#keeper.events.on(name, listener);
  }

  /**
   * Sends a message: text as string, binary as bytes, which are copied. While there is no
   * connection it waits for one.
   *
   * @returns false above `outboxHighWaterBytes`: the message was taken, but wait for `drain`.
   * @throws HoldfastError `NOT_OPEN` after `close` and after the end; `OUTBOX_FULL` above
   * `outboxBytesMax`; `MESSAGE_NOT_A_LINE` for what a `line` url cannot carry; `MESSAGE_TOO_LONG`
   * above what the server said it takes.
   */
  send(data: Message): boolean {
    if (this.#keeper.isClosed) {
      throw new HoldfastError("NOT_OPEN", `send: ${this.#whyClosed()}`);
    }
    return this.#keeper.outgoing.send(data);
  }

  /**
   * Resolves when nothing that was sent is under way any more: all of it was acknowledged by the
   * server (`line`: taken by the kernel). Rejects with a HoldfastError, whose code says why, when a
   * message got lost since the call, and when the link ended with messages waiting.
   */
  delivered(): Promise<void> {
    return this.#keeper.outgoing.delivered();
  }

  /**
   * Ends the link in good order: what was sent still goes out, for at most `closeTimeoutMs`, and
   * only then is the connection closed. Calling it again changes nothing.
   *
   * @param reason Told to the server, in its record, too. At most 500 characters.
   */
  close(reason = ""): Promise<LinkEndRecord> {
    this.#keeper.close(reason.slice(0, 500));
    return this.#keeper.ended;
  }

  /** The network changed or came back: makes sure of the server, or cuts the present wait short. */
  networkChanged(): void {
    this.#keeper.pace?.onNetworkChanged();
    this.#keeper.wake();
  }

  /** The machine, or the page, was asleep and is awake: as `networkChanged`. */
  wake(): void {
    this.#keeper.wake();
  }

  /**
   * The messages from now on. The queue begins here, and ends when the loop is left. When the loop
   * falls `inboxBytesMax` behind, reading pauses; for longer than `pauseMsMax`, and the connection
   * ends with `READER_TOO_SLOW`. The loop goes on over reconnections and is done with the link.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined, undefined> {
    return this.#keeper.readers.iterate();
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #whyClosed(): string {
    const { status } = this.#keeper;
    return status.name === "ended"
      ? `the link has ended (${status.record.code})`
      : "the link is closing";
  }
}

/**
 * Opens a link with what `platform` offers. Returns at once.
 *
 * @throws HoldfastError `URL_INVALID`, `OPTION_INVALID`; nothing else, and nothing later.
 */
export function connectWith(
  platform: LinkPlatform,
  urls: string | readonly string[],
  options: ConnectOptions | undefined,
): Link {
  const list = typeof urls === "string" ? [urls] : urls;
  if (!Array.isArray(list) || list.length === 0) {
    throw new HoldfastError("URL_INVALID", "expected a url, or an array of at least one");
  }
  const shared = platform.configs ?? new SharedConfig();
  const targets = shared.targets(list, platform.terms.parse);
  const isSecure = targets.some(({ secure }) => secure);
  const config = shared.of(resolveLink(options, platform.terms), isSecure);
  const isMute = !config.connection.liveness.answersExpected;
  if (isMute && targets.some(({ dialect }) => dialect === "frame")) {
    throw new HoldfastError(
      "OPTION_INVALID",
      'heartbeat: `pong: "none"` is for line urls; a server that speaks frames always answers',
    );
  }
  return new Link(new Keeper(platform, targets, config));
}
