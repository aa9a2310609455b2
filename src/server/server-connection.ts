/**
 * What an application holds of one connection of its server.
 *
 * There is one for each connection, so it has few fields, no closures, and an emitter only once
 * somebody listens. What is marked internal belongs to the server that made it.
 */
import { Emitter } from "../base/emitter.ts";
import { elapsedMs, type Instant } from "../base/time.ts";
import type { Dialect, Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Phase } from "../connection/phases.ts";
import type { Driven } from "../driver/driven.ts";
import type { Verdict } from "../liveness/monitor.ts";
import type {
  ProxiedFacts,
  TlsFacts,
  TransportKind,
  UpgradeRequest,
} from "../transports/transport.ts";
import type { Stage } from "./registry.ts";

export interface ServerConnectionEvents {
  /** Text as string, binary as bytes of its own. */
  message: [data: Message];
  /** Less is queued than the high-water mark again, after `send` returned false. */
  drain: [];
  /** All that was sent is acknowledged (frame), or taken by the kernel (line). */
  delivered: [];
  verdict: [verdict: Verdict, was: Verdict];
  /** The last event, and once. */
  end: [record: EndRecord];
}

/** One row of the table of connections. */
export interface ConnectionInfo {
  readonly id: string;
  /** As people write it: `192.0.2.7:4711`, `[2001:db8::1]:4711`, `unix`. */
  readonly address: string;
  /** The address of the balancer that gave that one; undefined where the peer came by itself. */
  readonly via: string | undefined;
  readonly transport: TransportKind;
  /** The version of TLS, such as `TLSv1.3`; undefined without TLS. */
  readonly tls: string | undefined;
  /**
   * The common name in the peer's certificate, if that was verified. The issuer's words: escape
   * them before you print them.
   */
  readonly identity: string | undefined;
  /** Undefined until the first byte tells. */
  readonly dialect: Dialect | undefined;
  readonly phase: Phase;
  /** What the peer calls itself. Its words: escape them before you print them. */
  readonly agent: string | undefined;
  /** Milliseconds since 1970. */
  readonly openedAtWallMs: number;
  /** Age of the last byte heard in milliseconds; undefined when none ever was. */
  readonly heardMsAgo: number | undefined;
  /** Within how long the peer has to speak; undefined while nothing was promised. */
  readonly leaseMs: number | undefined;
  readonly verdict: Verdict;
  /** The last round trip measured, in milliseconds. */
  readonly rttMs: number | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  /** Bytes that wait here to be sent or acknowledged. */
  readonly queuedBytes: number;
}

/** What the peer said of itself in HELLO, without its secrets. */
export interface PeerHello {
  /** Its words: escape them before you print them. */
  readonly agent: string;
  readonly intervalMsMin: number;
  readonly intervalMsMax: number;
  readonly messageBytesMax: number;
}

export class ServerConnection {
  /** 128 random bits in hexadecimal; no two connections share one, on any server. */
  get id(): string {
    return this.driven.id;
  }

  /** @internal */
  readonly driven: Driven;
  /** @internal Where the registry counts it. */
  stage: Stage = "refused";
  /** @internal Links of the registry. */
  before: ServerConnection | undefined = undefined;
  /** @internal Links of the registry. */
  after: ServerConnection | undefined = undefined;
  #emitter: Emitter<ServerConnectionEvents> | undefined;

  /** @internal */
  constructor(driven: Driven) {
    this.driven = driven;
  }

  /** @internal What the budget counts for it; who rests holds nothing. */
  get heldBytes(): number {
    return this.driven.isAtRest ? 0 : this.driven.connection.budgetBytes;
  }

  /** @internal */
  set heldBytes(bytes: number) {
    this.driven.connection.budgetBytes = bytes;
  }

  /** @internal Chosen to end for the budget's sake. */
  get isDoomed(): boolean {
    return !this.driven.isAtRest && this.driven.connection.isDoomed;
  }

  /** @internal */
  set isDoomed(isDoomed: boolean) {
    this.driven.connection.isDoomed = isDoomed;
  }

  /**
   * Where the peer is: `192.0.2.7:4711`, `[2001:db8::1]:4711`, `unix`. Behind a balancer that says
   * so (`proxyProtocol`), the address of the client.
   */
  get remote(): string {
    return this.driven.transport.remote.text;
  }

  /** What the balancer said that gave the address; undefined where the peer came by itself. */
  get proxied(): ProxiedFacts | undefined {
    return this.driven.transport.remote.proxied;
  }

  /** @internal What limits by address count; empty where there is none. */
  get ip(): string {
    return this.driven.transport.remote.ip;
  }

  /**
   * What TLS has agreed on, and who the peer is by its certificate, if it showed one and
   * `isAuthorized`; undefined without TLS. The texts of a certificate are to be escaped before they
   * are printed.
   */
  get tls(): TlsFacts | undefined {
    return this.driven.transport.tls;
  }

  /** How bytes become messages here; undefined until the peer's first byte tells. */
  get dialect(): Dialect | undefined {
    return this.driven.look().dialect;
  }

  get verdict(): Verdict {
    return this.driven.look().verdict;
  }

  /**
   * With what request the peer asked for a WebSocket; undefined elsewhere. Its path, query and
   * headers are the peer's words: escape them before you print them, and print no query, since it
   * may hold secrets.
   */
  get request(): UpgradeRequest | undefined {
    return this.driven.transport.request;
  }

  /** What the peer said of itself; undefined in the line dialect, and before its HELLO. */
  get hello(): PeerHello | undefined {
    const { hello } = this.driven.look();
    if (hello === undefined) return undefined;
    const { agent, intervalMsMin, intervalMsMax, messageBytesMax } = hello;
    return { agent, intervalMsMin, intervalMsMax, messageBytesMax };
  }

  /**
   * Queues one message. Returns false when it was taken but more is queued than
   * `outboxHighWaterBytes`: wait for "drain" before you send more.
   *
   * @throws HoldfastError `OUTBOX_FULL` above `outboxBytesMax`; `MESSAGE_TOO_LONG` above what the
   * peer takes; `MESSAGE_NOT_A_LINE` for bytes, line breaks and the two words in the line dialect;
   * `NOT_OPEN` once the connection is closing or has ended.
   */
  send(data: Message): boolean {
    return this.driven.send(data);
  }

  /**
   * Listens, and returns the function that stops listening. Nothing is emitted after "end". An
   * error that a listener throws is reported as uncaught and harms nothing here.
   */
  on<Name extends keyof ServerConnectionEvents>(
    name: Name,
    listener: (...args: ServerConnectionEvents[Name]) => void,
  ): () => void {
    this.#emitter ??= new Emitter(this.driven.surroundings.report);
    return this.#emitter.on(name, listener);
  }

  /**
   * Says goodbye: what is queued is written, then the peer is told `reason` (frame dialect) and the
   * stream is closed. Does nothing after the end.
   */
  close(reason = ""): void {
    this.driven.close("CLOSED_HERE", reason);
  }

  /** Ends at once, with a reset where there is one; what is queued is named in the record. */
  destroy(): void {
    this.driven.abort("CLOSED_HERE", "");
  }

  /** Stops reading because the application is behind; at most for `pauseMsMax`. */
  pause(): void {
    this.driven.pauseReading();
  }

  resume(): void {
    this.driven.resumeReading();
  }

  /** What is known now; after the end, what was known then. */
  info(): ConnectionInfo {
    return this.infoAt(this.driven.surroundings.clock.now());
  }

  /** @internal For a table in which all rows show the same moment. */
  infoAt(now: Instant): ConnectionInfo {
    const { transport, openedAtWallMs } = this.driven;
    const { text: address, proxied } = transport.remote;
    const connection = this.driven.look();
    const { rttMs, bytesIn, bytesOut, messagesIn, messagesOut } = connection.evidence(now);
    const { heardAt } = connection;
    return {
      id: this.id,
      address,
      via: proxied?.via,
      transport: transport.kind,
      tls: transport.tls?.protocol,
      identity: identityOf(transport.tls),
      dialect: connection.dialect,
      phase: connection.phase,
      agent: connection.hello?.agent,
      openedAtWallMs,
      heardMsAgo: heardAt === undefined ? undefined : elapsedMs(heardAt, now),
      leaseMs: connection.leaseMs,
      verdict: connection.verdict,
      rttMs,
      bytesIn,
      bytesOut,
      messagesIn,
      messagesOut,
      queuedBytes: connection.outboxBytes,
    };
  }

  /** @internal */
  emit<Name extends keyof ServerConnectionEvents>(
    name: Name,
    ...args: ServerConnectionEvents[Name]
  ): void {
    this.#emitter?.emit(name, ...args);
    if (name === "end") this.#emitter?.clear();
  }
}

function identityOf(tls: TlsFacts | undefined): string | undefined {
  return tls?.isAuthorized === true ? tls.certificate?.commonName : undefined;
}
