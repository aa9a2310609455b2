/**
 * What a server shows its clients: one certificate for everybody, or one for each host name.
 *
 * An object of this kind never changes; a reload makes another. The keys of tickets are the same in
 * all, so that clients resume their sessions whichever host they ask for, and after a reload. Which
 * authorities vouch for clients is part of what a session is for: where that changes, none is
 * resumed, since a resumed one is not verified again.
 */
import { createHash } from "node:crypto";
import { createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import type { ClientCertificates } from "./tls-server-options.ts";
import type { TlsVersion } from "./pem-options.ts";

/** What is shown: PEM that was read and found to fit together. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
  readonly passphrase: string | undefined;
}

export interface ServerContextsConfig {
  readonly standard: TlsIdentity;
  /** By host name in lower case, or `*.` and the rest of it. */
  readonly hosts: ReadonlyMap<string, TlsIdentity>;
  /** Undefined: the authorities that Node knows. */
  readonly ca: readonly string[] | undefined;
  readonly clientCertificates: ClientCertificates;
  readonly minVersion: TlsVersion;
  readonly ticketKeys: Buffer;
}

export class ServerContexts {
  readonly standard: SecureContext;
  /** Whether clients are asked for a certificate. */
  readonly asks: boolean;
  /** Whether they have to have one. */
  readonly requires: boolean;
  readonly #hosts: ReadonlyMap<string, SecureContext>;

  /** @throws what OpenSSL says of PEM that it does not take. */
  constructor(config: ServerContextsConfig) {
    this.standard = contextFor(config.standard, config);
    this.asks = config.clientCertificates !== "none";
    this.requires = config.clientCertificates === "required";
    const hosts = [...config.hosts].map(
      ([name, identity]) => [name, contextFor(identity, config)] as const,
    );
    this.#hosts = new Map(hosts);
  }

  get hasHosts(): boolean {
    return this.#hosts.size > 0;
  }

  /** Called for each client that names a host. A wildcard stands for one label (RFC 6125 6.4.3). */
  readonly byName = (
    name: string,
    answer: (error: Error | null, context?: SecureContext) => void,
  ): void => {
    const host = name.toLowerCase();
    const wildcard = host.replace(/^[^.]+\./, "*.");
    answer(null, this.#hosts.get(host) ?? this.#hosts.get(wildcard));
  };
}

function contextFor(identity: TlsIdentity, config: ServerContextsConfig): SecureContext {
  const { ca, clientCertificates, minVersion, ticketKeys } = config;
  const trust = JSON.stringify([clientCertificates, ca ?? "system"]);
  return createSecureContext({
    cert: identity.cert,
    key: identity.key,
    ...(identity.passphrase === undefined ? {} : { passphrase: identity.passphrase }),
    ...(ca === undefined ? {} : { ca: [...ca] }),
    minVersion,
    honorCipherOrder: true,
    ticketKeys,
    sessionIdContext: createHash("sha256").update(trust).digest("hex").slice(0, 32),
  });
}

/**
 * What Node found wrong with the certificate of a client, as a code; undefined for nothing. Node
 * tells it to servers of its own only, so it is asked where they ask. Where that is gone, nobody's
 * certificate counts as verified.
 */
export function verifyErrorOf(socket: TLSSocket): string | undefined {
  const handle = (socket as { readonly _handle?: VerifyingHandle | null })._handle;
  if (typeof handle?.verifyError !== "function") return "NOT_VERIFIED";
  const found = handle.verifyError();
  if (found === null || found === undefined) return undefined;
  return "code" in found && typeof found.code === "string" ? found.code : "NOT_VERIFIED";
}

interface VerifyingHandle {
  verifyError?(): Error | null | undefined;
}
