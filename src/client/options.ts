/** The options of `connect`: what each means, its range, and why its default is what it is. */
import type { Observe } from "../base/observation.ts";
import type { ClientLivenessOptions } from "../liveness/options.ts";
import type { RedialOptions } from "../redial/options.ts";
import type { KeepaliveOptions } from "../transports/keepalive-options.ts";
import type { TlsClientOptions } from "../transports/tls/tls-client-options.ts";
import type { WebSocketClientOptions } from "../transports/websocket/websocket-client-options.ts";
import type { LineOptions } from "../wire/line-options.ts";
import type { TokenSource } from "./credentials.ts";

export interface ConnectOptions extends ClientLivenessOptions {
  /** When to dial again, and when to stop. */
  readonly redial?: RedialOptions | undefined;

  /** The words of the line dialect. */
  readonly line?: LineOptions | undefined;

  /** TLS: for `tls`, `wss` and the urls for lines over them. */
  readonly tls?: TlsClientOptions | undefined;

  /** WebSocket: for `ws`, `wss` and the urls for lines over them. */
  readonly websocket?: WebSocketClientOptions | undefined;

  /**
   * The longest message taken from the server; a longer one ends the connection with
   * `MESSAGE_RECEIVED_TOO_LONG`. How long a message to the server may be, the server says.
   *
   * @unit bytes
   * @range 1 to 1_073_741_824
   * @default 1_048_576: room for any document, and small enough to be held a thousand times.
   */
  readonly messageBytesMax?: number | undefined;

  /**
   * How much may wait to be sent or acknowledged; `send` throws `OUTBOX_FULL` above it. What is
   * sent while there is no connection waits here, too.
   *
   * @unit bytes
   * @range `messageBytesMax` to 4_294_967_296
   * @default 16_777_216, or twice `messageBytesMax` if that is more: some seconds of a busy line.
   */
  readonly outboxBytesMax?: number | undefined;

  /**
   * Above this `send` returns false; `drain` tells when there is room again.
   *
   * @unit bytes
   * @range 1 to `outboxBytesMax`
   * @default 1_048_576, or `outboxBytesMax` if that is less.
   */
  readonly outboxHighWaterBytes?: number | undefined;

  /**
   * How much may wait for a `for await` loop before reading pauses; it goes on below half.
   *
   * @unit bytes
   * @range 1 to 1_073_741_824
   * @default 1_048_576.
   */
  readonly inboxBytesMax?: number | undefined;

  /**
   * How long `close` waits for what was sent, and then for the server to close its side.
   *
   * @unit milliseconds
   * @range 0 to 600_000
   * @default 5_000: more than any round trip, and less than a service manager's patience.
   */
  readonly closeTimeoutMs?: number | undefined;

  /**
   * Proves to a `tcp` or `unix` server who this is. A function is called for the first dial and
   * again, once, when the server refuses what it returned. It never reaches a record or a log.
   * Sent as plain text over `tcp`: beyond this machine that is warned about.
   */
  readonly token?: TokenSource | undefined;

  /**
   * Names of hosts (or addresses) to which a server may send this link. Its own host is always
   * allowed; three redirects in a row are the limit.
   *
   * @default none.
   */
  readonly redirectTo?: readonly string[] | undefined;

  /**
   * TCP keepalive, the kernel's own second line of defence.
   *
   * @default 60 s, then every 10 s, 5 times; derived from `deadWithinMs` where that is set. With an
   * adaptive interval the first comes after `intervalMsMax`, or it would keep the path awake.
   */
  readonly keepalive?: KeepaliveOptions | false | undefined;

  /**
   * TCP_USER_TIMEOUT: for how long the kernel keeps trying to deliver. Set where it can be. It also
   * ends a connection whose server stopped reading, so it must exceed `drainTimeoutMs`.
   *
   * @unit milliseconds
   * @range above `drainTimeoutMs` to 86_400_000, or false
   * @default `drainTimeoutMs` plus 10_000.
   */
  readonly userTimeoutMs?: number | false | undefined;

  /** Ends the link at once, with `ABORTED`. */
  readonly signal?: AbortSignalLike | undefined;

  /** Is told what goes on inside. */
  readonly observe?: Observe | undefined;

  /** The name of this program, told to `tcp` and `unix` servers. At most 200 characters. */
  readonly agent?: string | undefined;
}

/** What is needed of an `AbortSignal`, whichever platform it is from. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
