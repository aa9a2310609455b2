/**
 * Dials over TCP and agrees on TLS: what `tls://` and `wss://` have in common.
 *
 * What is handed on has been verified: a certificate that is not accepted is a failure here, in a
 * sentence that says what to fix. Node's own check is not asked to break the connection off, since
 * it forgets the certificate with it; what it found is judged here, and nothing else is trusted.
 * NODE_TLS_REJECT_UNAUTHORIZED changes nothing.
 */
import type { X509Certificate } from "node:crypto";
import { connect, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import type { Cancel } from "../../base/time.ts";
import { urlHost } from "../address.ts";
import { dialFailure } from "../offer-opened.ts";
import type { StreamFacts } from "../stream-facts.ts";
import { HIGH_WATER_MARK, ignore } from "../stream-transport.ts";
import { type DialPlace, dialledAddress, dialOptions } from "../tcp/dial-options.ts";
import { applyToSocket } from "../tcp/kernel-options.ts";
import type { TcpEngineConfig } from "../tcp/tcp-engine.ts";
import { tcpFacts } from "../tcp/tcp-facts.ts";
import type { KernelConfig, RemoteAddress, TlsFacts } from "../transport.ts";
import { clientFault, handshakeFault } from "./client-faults.ts";
import type { TlsMemory } from "./tls-memory.ts";
import { shownCertificate, tlsFactsOf } from "./tls-facts.ts";
import { carry, tlsStreamFacts } from "./tls-stream.ts";
import { judge } from "./verification.ts";

export interface DialTlsConfig extends DialPlace {
  /** The url as people know it, for sentences. */
  readonly url: string;
  /** What is offered by ALPN (RFC 7301); none is offered when it is empty. */
  readonly alpn: readonly string[];
  readonly kernel: KernelConfig;
  readonly engine: TcpEngineConfig;
  /** Whom to trust, and the sessions to resume: one for all dials of a link. */
  readonly memory: TlsMemory;
  /** Told about each value that the user asked for and that cannot be set, and what is unsafe. */
  readonly warn: (text: string) => void;
}

/** A connected and verified socket. Nobody reads it yet; attach within the call. */
export interface DialledTls {
  readonly socket: TLSSocket;
  /** Carries it; it can be reset. */
  readonly raw: Socket;
  readonly facts: StreamFacts;
  readonly remote: RemoteAddress;
  readonly tls: TlsFacts;
}

export interface DialTlsHandlers {
  /** Whoever does not want it calls `raw.resetAndDestroy()`. */
  onConnected(dialled: DialledTls): void;
  onFailed(error: Error): void;
}

/** Exactly one of the handlers runs, later, unless it is cancelled. */
export function dialTls(config: DialTlsConfig, handlers: DialTlsHandlers): Cancel {
  const dial = new Dial(config, handlers);
  dial.start();
  return () => dial.cancel();
}

class Dial {
  readonly #config: DialTlsConfig;
  readonly #handlers: DialTlsHandlers;
  #raw: Socket | undefined;
  #isOver = false;
  #isConnected = false;
  /**
   * Undefined until it has passed: a session of whoever did not would pass the next time, since its
   * name is not looked at then.
   */
  #trusted: X509Certificate | undefined;

  constructor(config: DialTlsConfig, handlers: DialTlsHandlers) {
    this.#config = config;
    this.#handlers = handlers;
  }

  start(): void {
    const raw = connect(dialOptions(this.#config));
    this.#raw = raw;
    raw.on("error", (error) => this.#onRawError(error));
    raw.once("connect", () => this.#agree(raw));
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#raw?.on("error", ignore).destroy();
  }

  #onRawError(error: Error): void {
    const { url } = this.#config;
    this.#fail(this.#isConnected ? handshakeFault(error, url) : dialFailure(url, error));
  }

  #agree(raw: Socket): void {
    if (this.#isOver) return;
    this.#isConnected = true;
    const { host, alpn, memory } = this.#config;
    let secureContext: ReturnType<TlsMemory["context"]>;
    try {
      secureContext = memory.context();
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    const name = memory.serverName ?? host;
    const socket = connectTls({
      socket: raw,
      host: name,
      // An address is no server name (RFC 6066 section 3).
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
      secureContext,
      session: memory.session(this.#place),
      rejectUnauthorized: false,
      highWaterMark: HIGH_WATER_MARK,
    } as ConnectionOptions);
    socket.on("error", (error) => this.#fail(handshakeFault(error, this.#config.url)));
    socket.on("session", (session) => {
      if (this.#trusted !== undefined) memory.remember(this.#place, session, this.#trusted);
    });
    socket.once("secureConnect", () => this.#onSecure(socket, raw));
  }

  get #place(): string {
    return `${urlHost(this.#config.host)}:${this.#config.port}`;
  }

  #onSecure(socket: TLSSocket, raw: Socket): void {
    if (this.#isOver) return;
    const { host, url, memory, kernel, engine, warn } = this.#config;
    const name = memory.serverName ?? host;
    // A session that is resumed shows none again: it is the one that it was made with.
    const certificate = shownCertificate(socket) ?? memory.certificate(this.#place);
    const verdict = judge(socket, certificate, {
      name,
      url,
      pins: memory.pins,
      anybody: memory.anybody,
    });
    if (verdict.fault !== undefined) {
      this.#fail(verdict.fault);
      return;
    }
    this.#isOver = true;
    if (verdict.isAuthorized) this.#trusted = certificate;
    if (verdict.warning !== undefined) warn(verdict.warning);
    const applied = applyToSocket(raw, kernel, engine.native);
    for (const text of applied.warnings) warn(text);
    carry(socket, raw);
    socket.removeAllListeners("error");
    this.#handlers.onConnected({
      socket,
      raw,
      facts: tlsStreamFacts(tcpFacts(engine, applied.effective, undefined), clientFault),
      remote: dialledAddress(raw, this.#config),
      tls: tlsFactsOf(socket, {
        certificate,
        serverName: isIP(name) === 0 ? name : undefined,
        isAuthorized: verdict.isAuthorized,
        certificateFault: verdict.certificateFault,
      }),
    });
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#raw?.on("error", ignore).destroy();
    this.#handlers.onFailed(error);
  }
}
