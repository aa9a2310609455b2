/**
 * What TLS has agreed on, and who a certificate names, in plain values.
 *
 * Read once, when the handshake is over: a socket that has closed knows none of it any more. The
 * texts are their issuer's, so they are escaped by whoever prints them.
 *
 * Easy to break: this runs inside an event, on whatever a stranger made, before anybody has
 * verified it. What cannot be read is null in Node 20, undefined in others, and since 26.12 it
 * throws; so each thing is read by itself, and what cannot be read is left out.
 */
import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { CertificateFacts, TlsFacts } from "../transport.ts";

/** What the two roles know in different ways. */
export interface PeerFacts {
  readonly certificate: X509Certificate | undefined;
  readonly serverName: string | undefined;
  readonly isAuthorized: boolean;
  readonly certificateFault: string | undefined;
}

export function tlsFactsOf(socket: TLSSocket, peer: PeerFacts): TlsFacts {
  const { certificate, ...others } = peer;
  return {
    protocol: socket.getProtocol() ?? "",
    cipher: socket.getCipher().standardName,
    alpn: typeof socket.alpnProtocol === "string" ? socket.alpnProtocol : undefined,
    isResumed: socket.isSessionReused(),
    certificate: certificate === undefined ? undefined : certificateFacts(certificate),
    ...others,
  };
}

/**
 * What the peer showed. Not by `getPeerX509Certificate`, which on a client takes the certificate
 * out of the chain that it is read from, so that the next call finds the one above it, or none.
 */
export function shownCertificate(socket: TLSSocket): X509Certificate | undefined {
  return readable(() => {
    const { raw } = socket.getPeerCertificate() as { readonly raw?: Buffer };
    return raw === undefined ? undefined : new X509Certificate(raw);
  });
}

/** Undefined for what Node cannot read, whether it says so by null or throws. */
export function readable<T>(read: () => T | null | undefined): T | undefined {
  try {
    return read() ?? undefined;
  } catch {
    // A certificate may hold anything; what is wrong with it is judged elsewhere.
    return undefined;
  }
}

export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  const altNames = readable(() => certificate.subjectAltName);
  return {
    commonName: readable(() => commonName(certificate)) ?? "",
    subject: inOneLine(readable(() => certificate.subject)),
    issuer: inOneLine(readable(() => certificate.issuer)),
    altNames: altNames ? altNames.split(/, (?=[\w ]+:)/) : [],
    serialNumber: readable(() => certificate.serialNumber) ?? "",
    fingerprint256: readable(() => certificate.fingerprint256) ?? "",
    validFromWallMs: Date.parse(readable(() => certificate.validFrom) ?? ""),
    validToWallMs: Date.parse(readable(() => certificate.validTo) ?? ""),
  };
}

/** Without the escapes that `subject` has; of several the last, which is the closest. */
function commonName(certificate: X509Certificate): string | undefined {
  const { subject } = certificate.toLegacyObject() as { readonly subject?: NamesByKey | null };
  const names = subject?.CN;
  return typeof names === "object" ? names.at(-1) : names;
}

interface NamesByKey {
  readonly CN?: string | readonly string[];
}

/** Node writes one part of a name a line. */
function inOneLine(name: string | undefined): string {
  return (name ?? "").trim().replaceAll("\n", ", ");
}
