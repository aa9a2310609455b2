/** What an application on a page holds: a link that comes back by itself. */
import { HoldfastError } from "../base/errors.ts";
import type { LinkEndRecord, LinkEvents, LinkStatus } from "../client/status.ts";
import type { Message } from "../connection/effects.ts";
import type { Extras } from "./extras.ts";
import { PageKeeper } from "./page-keeper.ts";
import { type BrowserConnectOptions, readPageOptions } from "./page-options.ts";

import type { PagePlatform } from "./page-platform.ts";
import { pageTarget } from "./page-url.ts";

/**
 * A connection that heals itself.
 *
 * Messages arrive as event, and for those who prefer a loop, as async iterable. What was sent on a
 * connection that died is not sent again: what is not known to have arrived is in the event
 * `undelivered`. What had not begun to go out waits for the next connection.
 */
export interface Link extends AsyncIterable<Message>, AsyncDisposable {
  /** Where the link stands now. Changes come as event `status`. */
  readonly status: LinkStatus;

  /**
   * The adaptive interval in force, in milliseconds; undefined where the interval is fixed. Changes
   * come as event `interval`.
   */
  readonly intervalMs: number | undefined;

  /** Resolves with the reason when the link has ended for good. Never rejects. */
  readonly ended: Promise<LinkEndRecord>;

  /**
   * Adds a listener and returns the function that removes it. What a listener throws becomes an
   * uncaught error, and harms neither the link nor other listeners. Inside a listener the link may
   * be used in any way.
   */
  on<Name extends keyof LinkEvents>(
    name: Name,
    listener: (...args: LinkEvents[Name]) => void,
  ): () => void;

  /**
   * Sends a message: text as string, binary as bytes, which are copied. While there is no
   * connection it waits for one.
   *
   * @returns false above `outboxHighWaterBytes`: the message was taken, but wait for `drain`.
   * @throws HoldfastError `NOT_OPEN` after `close` and after the end; `OUTBOX_FULL` above
   * `outboxBytesMax`; `MESSAGE_NOT_A_LINE` for what a `line` url cannot carry; `MESSAGE_TOO_LONG`
   * above what the server said it takes.
   */
  send(data: Message): boolean;

  /**
   * Resolves when nothing that was sent is under way any more: all of it was acknowledged by the
   * server (`line`: handed on by the browser). Rejects with a HoldfastError, whose code says why,
   * when a message got lost since the call, and when the link ended with messages waiting.
   */
  delivered(): Promise<void>;

  /**
   * Ends the link in good order: what was sent still goes out, for at most `closeTimeoutMs`, and
   * only then is the connection closed. Calling it again changes nothing.
   *
   * @param reason Told to the server, in its record, too. At most 400 characters.
   */
  close(reason?: string): Promise<LinkEndRecord>;

  /** The network changed or came back: makes sure of the server, or cuts the present wait short. */
  networkChanged(): void;

  /** The machine, or the page, was asleep and is awake: as `networkChanged`. */
  wake(): void;

  /**
   * The messages from now on. The queue begins here, and ends when the loop is left. When the loop
   * falls `inboxBytesMax` behind, what comes is kept and no longer acknowledged; for longer than
   * `pauseMsMax`, or by more than 64 MiB, and the connection ends with `READER_TOO_SLOW`. The loop
   * goes on over reconnections and is done with the link.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined, undefined>;

  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens a link with what `platform` offers. Returns at once.
 *
 * @throws HoldfastError `URL_INVALID`, `OPTION_INVALID`; nothing else, and nothing later.
 */
export function connectOnPage(
  platform: PagePlatform,
  urls: string | readonly string[],
  options: BrowserConnectOptions | undefined,
  extras: Extras,
): Link {
  const list = [urls].flat();
  if (list.length === 0) throw new HoldfastError("URL_INVALID", "expected at least one url");
  const targets = list.map((url) => pageTarget(url, extras.lines !== undefined));
  const config = readPageOptions(options, extras);
  if (config.heartbeat.pong === "none" && !targets.every(({ isLine }) => isLine)) {
    throw new HoldfastError("OPTION_INVALID", 'heartbeat: `pong: "none"` is for line urls');
  }
  return new PageKeeper(platform, targets, config, extras);
}
