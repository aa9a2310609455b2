/** The options of `listen`, as its users write them. options.ts reads them. */
import type { Observe } from "../base/observation.ts";
import type { KeepaliveOptions } from "../transports/keepalive-options.ts";
import type { ProxyProtocolOptions } from "../transports/proxied/proxy-options.ts";
import type { TlsServerOptions } from "../transports/tls/tls-server-options.ts";
import type { WebSocketServerOptions } from "../transports/websocket/websocket-server-options.ts";
import type { LineOptions } from "../wire/line-options.ts";
import type { Authenticate } from "./authentication.ts";

/** Where to listen: a port, or one or more urls. */
export type ListenAt =
  | {
      /**
       * The TCP port. 0 lets the system choose one; `server.urls` says which.
       *
       * @range 0 to 65_535
       */
      readonly port: number;
      /**
       * The address or name of the interface to listen on.
       *
       * @default "::", which takes IPv4 and IPv6, or "0.0.0.0" on a host without IPv6.
       */
      readonly host?: string | undefined;
      readonly listen?: undefined;
    }
  | {
      /**
       * Urls such as `tcp://[::]:8080` or `unix:/run/x.sock?mode=0660`. The mode is that of the
       * socket file, 0600 unless it is named: only the owner may connect. `fd:3` is a socket that
       * whoever started this process has bound and passed to it, as systemd does; `tls+fd:3` the
       * same for TLS. `tcp+tls://[::]:8080` (`tcp+tls+fd:3`) takes plain peers and TLS on one port,
       * and `server.urls` then names it twice, as what clients dial. At most 64.
       */
      readonly listen: string | readonly string[];
      readonly port?: undefined;
      readonly host?: undefined;
    };

export interface ServerOptions {
  /**
   * What a connection may speak; its first bytes tell which it does. With "websocket" a request for
   * an upgrade is granted, too; over WebSocket texts are lines and binary messages are frames. With
   * "websocket" alone nothing else is served, and both are spoken over it.
   *
   * @default "line" and "frame". WebSocket has to be asked for, since a client of a line protocol
   * may have a line of its own that begins with `GET `.
   */
  readonly accept?: readonly ("line" | "frame" | "websocket")[] | undefined;

  /**
   * Balancers stand before this server, and begin each connection with a header of the PROXY
   * protocol that says for whom they speak. Then limits, records and events have the address of the
   * client; `via` has that of the balancer. The header comes first, before TLS and everything else.
   * Nothing is guessed: who is trusted has to send one, and who is not cannot.
   *
   * @default false: every peer has the address that it connects from
   */
  readonly proxyProtocol?: ProxyProtocolOptions | false | undefined;

  /**
   * TLS, for `tls://`, `tcp+tls://` and `wss://` urls, and for `port` where it is given beside it:
   * then that port takes nothing else.
   */
  readonly tls?: TlsServerOptions | undefined;

  /** Which WebSockets are let in, where they are accepted. */
  readonly websocket?: WebSocketServerOptions | undefined;

  /** The words and limits of the line dialect. */
  readonly line?: LineOptions | undefined;

  /**
   * The longest message taken in, and the longest that a frame peer may be told to take. A longer
   * one ends its connection with `MESSAGE_RECEIVED_TOO_LONG`.
   *
   * @unit bytes
   * @range 1 to 1_073_741_824
   * @default 1_048_576: memory grows with what arrives, so this times the number of senders.
   */
  readonly messageBytesMax?: number | undefined;

  /**
   * What may wait to be sent, or to be acknowledged, on one connection. Above it `send` throws
   * `OUTBOX_FULL`.
   *
   * @unit bytes
   * @range `messageBytesMax` to 1_099_511_627_776
   * @default 16_777_216, or twice `messageBytesMax` if that is more, so that two always fit.
   */
  readonly outboxBytesMax?: number | undefined;

  /**
   * Above it `send` returns false, and `broadcast` skips the connection.
   *
   * @unit bytes
   * @range 1 to `outboxBytesMax`
   * @default 1_048_576, or `outboxBytesMax` if that is less: about what a kernel takes by itself.
   */
  readonly outboxHighWaterBytes?: number | undefined;

  /**
   * What all connections together may buffer: partial input and queued output. Above it the largest
   * holders end with `OVERLOADED`, until an eighth of it is free.
   *
   * @unit bytes
   * @range `outboxBytesMax` to 1_099_511_627_776
   * @default 268_435_456 (256 MiB), or `outboxBytesMax` if that is more: fits a small container.
   */
  readonly bufferBytesTotalMax?: number | undefined;

  /**
   * From a first byte of the frame dialect to its complete HELLO and the answer of `authenticate`;
   * from accept where lines are not accepted. Then the connection ends with `HANDSHAKE_TIMEOUT`.
   *
   * @unit milliseconds
   * @range 10 to 600_000
   * @default 10_000: room for two lost packets and a slow look-up of credentials.
   */
  readonly handshakeTimeoutMs?: number | undefined;

  /**
   * Handshakes under way at the same time. Those beyond are refused with `HANDSHAKES_MAX`.
   *
   * @range 1 to 1_000_000
   * @default 2_000: with 10 ms each, some 200,000 arrivals a second; more is an attack or a stall.
   */
  readonly handshakesMax?: number | undefined;

  /**
   * Connections at the same time. Those beyond are refused with `CONNECTIONS_MAX`. Those that have
   * never said a byte may hold half of it; beyond that the longest silent ends with `SILENT_MAX`.
   *
   * @range 1 to 10_000_000, or false
   * @default the limit of open files minus 200, so that the process never runs out of descriptors;
   * 10_000 where that limit cannot be known.
   */
  readonly maxConnections?: number | false | undefined;

  /**
   * Connections at the same time from one IPv4 address, or one /64 of IPv6. Those beyond are
   * refused with `ADDRESS_MAX`.
   *
   * @range 1 to 10_000_000, or false
   * @default false: whole offices and mobile networks share one address.
   */
  readonly maxPerAddress?: number | false | undefined;

  /**
   * Connections let in per second, and at once after a quiet second. Those beyond are refused with
   * `ACCEPT_RATE`.
   *
   * @range 1 to 1_000_000, or false
   * @default false: a crowd that returns after an outage is served soonest by taking it in.
   */
  readonly acceptPerSecondMax?: number | false | undefined;

  /**
   * Over how long clients spread their return after an unexplained end, and after a drain.
   *
   * @unit milliseconds
   * @range 0 to 600_000
   * @default 5_000: ten thousand clients then come back as two thousand a second.
   */
  readonly reconnectWindowMs?: number | undefined;

  /**
   * How many end records `records()` remembers, and of how many ended connections a returning
   * client can be told how they ended.
   *
   * @range 0 to 1_000_000
   * @default 10_000: about 10 MiB.
   */
  readonly recordsMax?: number | undefined;

  /**
   * Decides who may come in, by what a frame peer says in its HELLO. Only `true`, or a promise of
   * it, lets it in; anything else is `UNAUTHORIZED`, and the peer is told not to come back with
   * these credentials. At most 64 questions are open at once, and the handshake's deadline runs on.
   * Line peers say no HELLO: where you need credentials, accept the frame dialect only.
   *
   * @default none: everybody may come in.
   */
  readonly authenticate?: Authenticate | undefined;

  /**
   * TCP keepalive, the second line of defence; `false` leaves it off. Values that you give and that
   * cannot be set are warned about.
   *
   * @default idle 60 s, or `leaseMsMax` where that was raised above `timeoutMs`; interval 10 s, 5
   * probes
   */
  readonly keepalive?: KeepaliveOptions | false | undefined;

  /**
   * After how long with unacknowledged data the kernel itself gives up (TCP_USER_TIMEOUT); `false`
   * leaves that to the kernel. It also kills a peer whose window is shut, so it must exceed
   * `drainTimeoutMs`, and a plain client that pings and never reads its answers, too. Settable on
   * Linux with the optional package `koffi`.
   *
   * @unit milliseconds
   * @range above `drainTimeoutMs`, to 86_400_000, or false
   * @default false where lines are accepted; else `drainTimeoutMs` and 10 s
   */
  readonly userTimeoutMs?: number | false | undefined;

  /**
   * How TCP sockets are read and written: "shared" reads all into one buffer and, where that works,
   * past the streams of node:net, which costs less; "public" reads and writes by documented parts
   * of Node only; "auto" tries out at the start what this runtime has, Bun's own sockets first,
   * then "shared", and takes what works here.
   * "lean" makes no `net.Socket` at all, for the least memory and time per connection,
   * and rests on more that Node does not document: it is tried out, too, and where it does not work
   * a warning says why, and "auto" holds. TLS, and addresses for nothing but WebSockets, are served
   * as by "auto".
   *
   * @default "auto", since whoever wants less documented parts of Node below a server should say so
   */
  readonly engine?: "auto" | "public" | "shared" | "lean" | undefined;

  /**
   * Is told what the library notices about itself and about those it turns away. Called often and
   * synchronously.
   *
   * @default nothing is told
   */
  readonly observe?: Observe | undefined;
}
