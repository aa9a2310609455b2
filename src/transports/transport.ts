/**
 * A pipe for bytes, and nothing more: no pings, no frames, no retries.
 *
 * An adapter promises what testing/transport-promises.ts checks, on every runtime. The rules that
 * are easy to break: no handler runs inside a call of ours (`attach`, `write`, `finish`, `reset`,
 * `pause`, `resume`), so that a step of the driver is never entered twice; `onClosed` runs exactly
 * once and last; after `reset` only `onClosed` runs.
 *
 * Some pipes carry a protocol of their own below the bytes: TLS, WebSocket. What it has to agree on
 * first makes a pipe that is not ready yet; what it hears beside the bytes is told apart from them.
 */
import type { ErrorCode } from "../base/errors.ts";
import type { Cancel } from "../base/time.ts";
import type { TransportKind } from "../base/transport-kind.ts";
import type { ProxyTls, ProxyVersion } from "../wire/proxy-reading.ts";

export type { TransportKind } from "../base/transport-kind.ts";

export interface Transport {
  /** For logs and metrics. */
  readonly kind: TransportKind;
  readonly remote: RemoteAddress;
  /** While TLS or an upgrade is being agreed on: nothing is written before `onReady`. */
  readonly isPreparing: boolean;
  /** What TLS has agreed on, and who the peer is by it; undefined without TLS, and before. */
  readonly tls?: TlsFacts | undefined;
  /** With what request a WebSocket was asked for here; undefined elsewhere. */
  readonly request?: UpgradeRequest | undefined;
  /**
   * Hands bytes on. True: the kernel took them all at once. False: at least a part waits in this
   * process; write nothing more until `onDrained`. The bytes must not be changed until then. Each
   * array is whole frames, or lines of which the last may be begun: WebSocket has borders.
   */
  write(bytes: Uint8Array): boolean;
  /** Bytes that were written and that the kernel has not taken. */
  readonly unsentBytes: number;
  /**
   * Memory that the pipe needs for a unit which is not complete (half a WebSocket message): at
   * least the bytes of it that came, which `onHeard` tells. Left out where there is none.
   */
  readonly keptBytes?: number | undefined;
  /**
   * Sends what is buffered, then FIN. Reading goes on. Nothing may be written afterwards. A pipe
   * that has words for it (the close frame of WebSocket) says `word`. One that is not ready closes.
   */
  finish(word?: LastWord): void;
  /**
   * Closes now and loses what is buffered; over TCP the peer gets RST. Says whether a reset could
   * be sent: Unix sockets know none.
   */
  reset(): boolean;
  /**
   * Closes now, without a reset of ours: what the kernel has taken it may still deliver, and nobody
   * here waits for that. For after `finish`, when all is written.
   */
  close(): void;
  /**
   * Stops reading; what is in the kernel stays there. `onBytes` may run once more for what was
   * already read.
   */
  pause(): void;
  resume(): void;
  /**
   * Puts reading off for a moment, until `takeUp`, where that costs next to nothing beside a read.
   * True: a few bytes that come are not told before; more of them may be. False: reading goes on.
   * Apart from `pause`: one is over before the other begins. Left out: as if it were always false.
   */
  putOff?(): boolean;
  takeUp?(): void;
  /**
   * Asks how many bytes the peer's kernel has not acknowledged. `answer` gets undefined where that
   * cannot be known. One reading a second serves all who ask, so the answer may take that long.
   */
  readUnacked(answer: UnackedAnswer): void;
  /** The kernel options in force, each with its source. */
  kernelOptions(): EffectiveKernelOptions;
}

/** Why we leave: a code of ours, and what there is to say. The peer may read both. */
export interface LastWord {
  readonly code: string;
  readonly reason: string;
}

/** `windowIsShut`: what the peer had room for is acknowledged; the rest waits for room there. */
export type UnackedAnswer = (unackedBytes: number | undefined, windowIsShut: boolean) => void;

export interface RemoteAddress {
  /** As people write it: `192.0.2.7:4711`, `[2001:db8::1]:4711`, `unix`, `memory`. */
  readonly text: string;
  /** The normalised IP address without port (IPv4-mapped IPv6 as IPv4); empty if there is none. */
  readonly ip: string;
  /** Where a balancer gave the address, what it said; undefined where the peer came by itself. */
  readonly proxied?: ProxiedFacts | undefined;
}

/**
 * What a balancer said of a connection by the PROXY protocol. It is believed, since it came from a
 * trusted address; the texts may be those of the client all the same: escape them before printing.
 */
export interface ProxiedFacts {
  /** Where the balancer itself connected from: `10.0.0.5:33412`, `unix`. */
  readonly via: string;
  /** The version of the header. */
  readonly version: ProxyVersion;
  /** The address that the client had connected to; undefined if it was not told. */
  readonly destination: string | undefined;
  /** The host name that the client asked the balancer for (SNI), if it was told. */
  readonly serverName: string | undefined;
  /** The protocol chosen by ALPN between client and balancer, if it was told. */
  readonly alpn: string | undefined;
  /** What TLS the client spoke with the balancer; undefined without, or where it was not told. */
  readonly tls: ProxyTls | undefined;
}

/** Whoever leaves the optional ones out takes pipes only that have no protocol of their own. */
export interface TransportHandlers {
  /** Bytes that are lent: valid during this call only. */
  onBytes(bytes: Uint8Array): void;
  /**
   * All that `write` refused has been taken by the kernel. `moved`: the kernel had refused a part
   * at first, so that its taking it now says that the peer takes; false where only this process
   * (encryption, framing) had made the bytes wait.
   */
  onDrained(moved: boolean): void;
  /** The peer sent FIN: it will write no more, and may still read. `said`: its last words. */
  onFinished(said?: LastWord): void;
  /** The pipe is gone; `fault` is what the system said, if it was not an orderly close. */
  onClosed(fault: Error | undefined): void;
  /**
   * Something came that is no part of the bytes, or not yet: a sign of life. `heldBytes`: how much
   * of a unit that is not complete the pipe keeps (half a WebSocket message); 0 for nothing.
   */
  onHeard?(heldBytes: number): void;
  /** The pipe's own protocol was pinged by the peer. True: answer now; false: do not. */
  onNativePing?(): boolean;
  /**
   * What is to be agreed on was found, or begins: the pipe goes on as `transport`, and the one
   * before is an empty shell. Comes before the first byte, if at all.
   */
  onSwitched?(transport: Transport): void;
  /** A pipe that was not ready is. */
  onReady?(): void;
}

/** What TLS has agreed on. */
export interface TlsFacts {
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** The cipher suite by its standard name. */
  readonly cipher: string;
  /** The protocol chosen by ALPN (RFC 7301); undefined when none was. */
  readonly alpn: string | undefined;
  /** The host name that the client asked for (SNI); undefined when it named none. */
  readonly serverName: string | undefined;
  /** The session was resumed from a ticket, without a whole handshake. */
  readonly isResumed: boolean;
  /** The peer showed a certificate, and it was verified by our authorities. */
  readonly isAuthorized: boolean;
  /** Why the certificate was not verified, in words, or why it need not be; else undefined. */
  readonly certificateFault: string | undefined;
  /** The certificate that the peer showed, verified or not. */
  readonly certificate: CertificateFacts | undefined;
}

/** Who somebody is, by the certificate. It is the issuer's text: escape it before printing. */
export interface CertificateFacts {
  /** The subject's common name, or empty. */
  readonly commonName: string;
  /** The whole subject, one `KEY=value` after the other. */
  readonly subject: string;
  readonly issuer: string;
  /** Such as `DNS:example.org` and `IP Address:192.0.2.7`. */
  readonly altNames: readonly string[];
  readonly serialNumber: string;
  /** SHA-256 over the certificate, in hexadecimal with colons. */
  readonly fingerprint256: string;
  /** Milliseconds since 1970. */
  readonly validFromWallMs: number;
  readonly validToWallMs: number;
}

/** The HTTP request by which a WebSocket was asked for. All of it is the peer's text. */
export interface UpgradeRequest {
  /** The path without its query, as it came. */
  readonly path: string;
  /** The query without its `?`; empty if there is none. It may hold secrets: never log it. */
  readonly query: string;
  /** Names in lower case; of a name that came twice the values joined by a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Wires an opened pipe to its handlers and begins to read. Called once per pipe. */
export type Attach = (handlers: TransportHandlers) => Transport;

/** Begins to open a pipe. Exactly one of the two handlers runs, later, unless it is cancelled. */
export type Open = (handlers: OpenHandlers) => Cancel;

export interface OpenHandlers {
  /** `attach` must be called before this returns, or the pipe is reset. */
  onOpened(attach: Attach): void;
  /** `retryAfterMs`: when whoever is there wants to be asked again, if it said so. */
  onFailed(error: Error, retryAfterMs?: number): void;
}

/** A listener on one address. */
export interface Acceptor {
  /** The address in force, with the real port: `tcp://[::]:8080`, `unix:/run/x.sock`. */
  readonly url: string;
  readonly kind: TransportKind;
  /** What accepted connections inherit, or get. */
  kernelOptions(): EffectiveKernelOptions;
  /** How many accepted pipes the operating system's listener still counts as open. */
  connectionCount(): Promise<number>;
  /** Stops accepting at once. Resolves when every accepted pipe is closed, too. */
  close(): Promise<void>;
}

export interface AcceptHandlers {
  /** Somebody connected. The callee either attaches before it returns, or the pipe is reset. */
  onIncoming(incoming: Incoming): void;
  /** Accepting failed (EMFILE and the like). The listener stays. */
  onAcceptFailed(error: Error): void;
  /** For listeners that ask balancers first; without it they let everybody wait. */
  readonly antechamber?: Antechamber | undefined;
}

/** Knows how many wait of whom it is not known yet for whom they speak, and who was turned away. */
export interface Antechamber {
  /** False: there is no room, and it was told as a rejection. True: `leave` follows, once. */
  enter(via: RemoteAddress): boolean;
  leave(): void;
  /** Nobody came in, and the connection is reset. `detail`: one phrase, safe to print. */
  turnAway(via: RemoteAddress, code: ErrorCode, detail: string): void;
}

export interface Incoming {
  /** The same as that of the transport which `attach` returns. */
  readonly remote: RemoteAddress;
  readonly attach: Attach;
}

/**
 * Starts to listen. Rejects with HoldfastError `LISTEN_FAILED`; its `cause` is the system's error.
 */
export type Listen = (handlers: AcceptHandlers) => Promise<Acceptor>;

export interface KernelConfig {
  readonly keepalive: KeepaliveConfig | false;
  readonly userTimeoutMs: number | false;
  /** True when the user asked for `userTimeoutMs`: only then is a failure worth a warning. */
  readonly userTimeoutAsked: boolean;
  /** True when the user asked for the keepalive values. */
  readonly keepaliveAsked: boolean;
}

export interface KeepaliveConfig {
  readonly idleMs: number;
  readonly intervalMs: number;
  readonly count: number;
}

/**
 * Where a value is known from: read back from the kernel, set without reading, known of this
 * runtime, or not known.
 */
export type KernelValueSource = "read" | "set" | "known" | "unknown";

export interface KernelValue {
  /** false: off. undefined: not known. */
  readonly value: number | false | undefined;
  readonly source: KernelValueSource;
}

export interface EffectiveKernelOptions {
  readonly keepaliveIdleMs: KernelValue;
  readonly keepaliveIntervalMs: KernelValue;
  readonly keepaliveCount: KernelValue;
  readonly userTimeoutMs: KernelValue;
}
