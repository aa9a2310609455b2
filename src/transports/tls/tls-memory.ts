/**
 * What all dials of one link share: whom to trust, who we are, and the sessions to resume.
 *
 * The context is made at the first dial, since it reads the authorities of the system, and a wrong
 * certificate is then an error that says which option is meant. Of each place the last ticket is
 * kept (RFC 8446 section 4.6.1), of only so many places.
 */
import type { X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { HoldfastError } from "../../base/errors.ts";
import type { TlsVersion } from "./pem-options.ts";
import type { TlsClientConfig } from "./tls-client-options.ts";
import type { Pins } from "./verification.ts";

const PLACES_MAX = 16;

interface Remembered {
  readonly session: Buffer;
  readonly certificate: X509Certificate;
}

export class TlsMemory {
  readonly #config: TlsClientConfig;
  readonly #sessions = new Map<string, Remembered>();
  #context: SecureContext | undefined;
  /** Undefined: none were given. */
  readonly pins: Pins | undefined;
  readonly #maxVersion: TlsVersion;

  /** `maxVersion` is for tests: whoever dials takes the newest that there is. */
  constructor(config: TlsClientConfig, maxVersion: TlsVersion = "TLSv1.3") {
    this.#config = config;
    this.#maxVersion = maxVersion;
    const { pins, ca } = config;
    this.pins =
      pins.length === 0 ? undefined : { values: new Set(pins), withAuthority: ca !== undefined };
  }

  get serverName(): string | undefined {
    return this.#config.serverName;
  }

  get anybody(): boolean {
    return this.#config.allowAnyCertificate;
  }

  /** @throws HoldfastError `OPTION_INVALID` for what is no certificate or key. */
  context(): SecureContext {
    this.#context ??= this.#makeContext();
    return this.#context;
  }

  session(place: string): Buffer | undefined {
    return this.#sessions.get(place)?.session;
  }

  /** That of the server with which the session was made. */
  certificate(place: string): X509Certificate | undefined {
    return this.#sessions.get(place)?.certificate;
  }

  /** Only of a server that has passed. */
  remember(place: string, session: Buffer, certificate: X509Certificate): void {
    this.#sessions.delete(place);
    this.#sessions.set(place, { session, certificate });
    if (this.#sessions.size <= PLACES_MAX) return;
    const oldest = this.#sessions.keys().next().value;
    if (oldest !== undefined) this.#sessions.delete(oldest);
  }

  #makeContext(): SecureContext {
    const { ca, cert, key, passphrase, minVersion } = this.#config;
    try {
      return createSecureContext({
        minVersion,
        maxVersion: this.#maxVersion,
        ...(ca === undefined ? {} : { ca: ca.map(forNode) }),
        ...(cert === undefined || key === undefined
          ? {}
          : { cert: forNode(cert), key: forNode(key) }),
        ...(passphrase === undefined ? {} : { passphrase }),
      });
    } catch (cause) {
      const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
      throw new HoldfastError(
        "OPTION_INVALID",
        "tls: `ca`, `cert` and `key` must be PEM, `key` the one of `cert`, and `passphrase` the " +
          `one of \`key\`; the parser says ${code}`,
        { cause },
      );
    }
  }
}

function forNode(pem: string | Uint8Array): string | Buffer {
  return typeof pem === "string" ? pem : Buffer.from(pem);
}
