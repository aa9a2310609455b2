/**
 * The server's side of a TLS handshake: a pipe that is not ready yet.
 *
 * It is made over an accepted socket, after the limits have let that in. TLS begins with the first
 * byte, so that whoever says nothing costs no more than a socket, and whoever speaks plain text can
 * be told so. When TLS has agreed, a stream takes its place, and this is an empty shell. Whoever
 * waits for ever is ended by the machine above, which resets; there is no timer here.
 *
 * Easy to break: Node verifies a client's certificate and leaves it to the server to act on it, so
 * nobody gets past `#onSecure` whose certificate is required and was not accepted.
 */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { assert } from "../../base/assert.ts";
import { HoldfastError } from "../../base/errors.ts";
import { readFirst, takeAtOnce } from "../first-bytes.ts";
import type { StreamFacts, Upgrade } from "../stream-facts.ts";
import { HIGH_WATER_MARK, StreamTransport } from "../stream-transport.ts";
import type {
  EffectiveKernelOptions,
  RemoteAddress,
  TlsFacts,
  Transport,
  TransportHandlers,
  TransportKind,
  UnackedAnswer,
} from "../transport.ts";
import { HANDSHAKE_BYTE, plainAnswer } from "./plain-answers.ts";
import { clientCertificateWords, serverFault } from "./server-faults.ts";
import { type ServerContexts, verifyErrorOf } from "./server-contexts.ts";
import { shownCertificate, tlsFactsOf } from "./tls-facts.ts";
import { carry } from "./tls-stream.ts";

/** "http/1.1": a WebSocket asks by an HTTP request. */
const ALPN: readonly string[] = ["holdfast/1", "http/1.1"];

export interface TlsHandshakeConfig {
  readonly raw: Socket;
  readonly contexts: ServerContexts;
  /** Of the stream over TLS. */
  readonly facts: StreamFacts;
  readonly remote: RemoteAddress;
  readonly handlers: TransportHandlers;
  /** Takes whoever does not speak TLS, with the facts of a plain pipe; else it is turned away. */
  readonly plain?: { readonly upgrade: Upgrade; readonly facts: StreamFacts } | undefined;
}

export class TlsHandshake implements Transport {
  readonly isPreparing = true as const;
  readonly unsentBytes = 0 as const;
  readonly remote: RemoteAddress;
  readonly #raw: Socket;
  /** Undefined until the first byte. */
  #socket: TLSSocket | undefined;
  readonly #facts: StreamFacts;
  readonly #handlers: TransportHandlers;
  readonly #contexts: ServerContexts;
  readonly #plain: TlsHandshakeConfig["plain"];
  #fault: Error | undefined;
  /** `left`: ended by us, or handed on. */
  #phase: "agreeing" | "left" | "closed" = "agreeing";
  #isPaused = false;

  constructor({ raw, contexts, facts, remote, handlers, plain }: TlsHandshakeConfig) {
    this.#raw = raw;
    this.#plain = plain;
    this.#contexts = contexts;
    this.#facts = facts;
    this.remote = remote;
    this.#handlers = handlers;
    raw
      .on("error", this.#onError)
      .on("end", this.#onEnd)
      .on("close", this.#onClose)
      .on("data", this.#onHead);
  }

  /** Who may still turn out to speak no TLS is one who may ask for a WebSocket. */
  get kind(): TransportKind {
    return this.#plain !== undefined && this.#socket === undefined ? "websocket" : "tls";
  }

  write(): boolean {
    assert(this.#phase !== "agreeing", "nothing is written before onReady");
    return false;
  }

  finish(): void {
    this.close();
  }

  reset(): boolean {
    if (this.#phase !== "agreeing") return true;
    this.#phase = "left";
    this.#raw.resetAndDestroy();
    return true;
  }

  close(): void {
    if (this.#phase !== "agreeing") return;
    this.#phase = "left";
    (this.#socket ?? this.#raw).destroy();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  readUnacked(answer: UnackedAnswer): void {
    if (this.#phase === "agreeing") this.#facts.readUnacked(this.#raw, answer);
    else queueMicrotask(() => answer(undefined, false));
  }

  kernelOptions(): EffectiveKernelOptions {
    return this.#facts.kernelOptions;
  }

  readonly #onHead = (head: Uint8Array): void => this.handleHead(head);

  /** The first bytes; for whoever has read them from the socket before. */
  handleHead(head: Uint8Array): void {
    this.#raw.off("data", this.#onHead).pause();
    if (this.#phase !== "agreeing") return;
    if (head[0] === HANDSHAKE_BYTE) this.#begin(head);
    else if (this.#plain === undefined) this.#turnAway(head);
    else this.#switchBy(this.#plain.upgrade, this.#plain.facts, head);
  }

  /** Goes on without TLS. */
  #switchBy(upgrade: Upgrade, facts: StreamFacts, head: Uint8Array): void {
    const [socket, remote, handlers] = [this.#raw, this.remote, this.#handlers];
    this.#phase = "left";
    socket.off("error", this.#onError).off("end", this.#onEnd).off("close", this.#onClose);
    handlers.onSwitched?.(upgrade.take({ socket, head, facts, remote, tls: undefined, handlers }));
  }

  /** Goes on over TLS, which hears from the first byte on. */
  #begin(head: Uint8Array): void {
    const raw = this.#raw;
    const contexts = this.#contexts;
    raw.off("end", this.#onEnd).off("close", this.#onClose);
    raw.unshift(head);
    const socket = new TLSSocket(raw, {
      isServer: true,
      secureContext: contexts.standard,
      requestCert: contexts.asks,
      // OpenSSL refuses who shows none; who shows a wrong one is refused in `#onSecure`.
      rejectUnauthorized: contexts.requires,
      ALPNProtocols: [...ALPN],
      ...(contexts.hasHosts ? { SNICallback: contexts.byName } : {}),
      highWaterMark: HIGH_WATER_MARK,
    } as ConstructorParameters<typeof TLSSocket>[1]);
    this.#socket = socket;
    carry(socket, raw);
    socket
      .on("error", this.#onError)
      .on("_tlsError", this.#onError)
      .on("end", this.#onEnd)
      .on("close", this.#onClose)
      .once("secure", () => this.#onSecure(socket));
  }

  #turnAway(head: Uint8Array): void {
    const { bytes, came } = plainAnswer(head);
    const sentence = `the peer does not speak TLS: ${came}`;
    this.#fault = new HoldfastError("TLS_FAILED", sentence);
    this.#raw.end(bytes, () => this.#raw.destroy());
  }

  #forget(socket: TLSSocket): void {
    this.#raw.off("error", this.#onError);
    socket
      .off("error", this.#onError)
      .off("_tlsError", this.#onError)
      .off("end", this.#onEnd)
      .off("close", this.#onClose);
  }

  readonly #onError = (error: Error): void => {
    if (this.#phase === "agreeing") this.#fault ??= serverFault(error) ?? error;
  };

  /** The peer gave up. */
  readonly #onEnd = (): void => {
    if (this.#phase === "agreeing") (this.#socket ?? this.#raw).destroy();
  };

  readonly #onClose = (): void => {
    this.#phase = "closed";
    this.#handlers.onClosed(this.#fault);
  };

  #onSecure(socket: TLSSocket): void {
    if (this.#phase !== "agreeing") return;
    const certificate = shownCertificate(socket);
    const isShown = certificate !== undefined;
    const code = isShown ? verifyErrorOf(socket) : undefined;
    const words = code === undefined ? undefined : clientCertificateWords(code);
    if (this.#contexts.requires && (!isShown || words !== undefined)) {
      const why = `the certificate of the peer ${words ?? "was not shown"}`;
      this.#fault = new HoldfastError("CERTIFICATE_INVALID", why);
      socket.destroy();
      return;
    }
    const tls = tlsFactsOf(socket, {
      certificate,
      serverName: typeof socket.servername === "string" ? socket.servername : undefined,
      isAuthorized: isShown && words === undefined,
      certificateFault: words,
    });
    this.#phase = "left";
    this.#forget(socket);
    const next = this.#nextOver(socket, tls);
    if (this.#isPaused) next.pause();
    this.#handlers.onSwitched?.(next);
    if (!next.isPreparing) this.#handlers.onReady?.();
  }

  #nextOver(socket: TLSSocket, tls: TlsFacts): Transport {
    const [facts, remote, handlers] = [this.#facts, this.remote, this.#handlers];
    const taken = takeAtOnce(socket, facts, remote, tls, handlers);
    if (taken !== undefined) return taken;
    const stream = new StreamTransport(socket, facts, remote, handlers, tls);
    readFirst(socket, facts);
    return stream;
  }
}
