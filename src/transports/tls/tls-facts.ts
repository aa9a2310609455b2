/**
 * What TLS has agreed on, and who a certificate names, in plain values.
 *
 * Read once, when the handshake is over: a socket that has closed knows none of it any more. The
 * texts are their issuer's, so they are escaped by whoever prints them.
 *
 * Easy to break: this runs inside an event, on whatever a stranger made, before anybody has
 * verified it. What cannot be read is null in Node 20, undefined in others, and may throw.
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
  const { raw } = socket.getPeerCertificate() as { readonly raw?: Buffer };
  return raw === undefined ? undefined : new X509Certificate(raw);
}

/** Where its types say text, Node 20 has null for what it could not read. */
type Unsure = string | null | undefined;

export function certificateFacts(certificate: X509Certificate): CertificateFacts {
  const { subject, issuer, serialNumber, fingerprint256 } = certificate;
  const altNames = certificate.subjectAltName as Unsure;
  return {
    commonName: commonName(certificate),
    subject: inOneLine(subject),
    issuer: inOneLine(issuer),
    altNames: altNames ? altNames.split(/, (?=[\w ]+:)/) : [],
    serialNumber,
    fingerprint256,
    validFromWallMs: Date.parse(certificate.validFrom),
    validToWallMs: Date.parse(certificate.validTo),
  };
}

/** Without the escapes that `subject` has; of several the last, which is the closest. */
function commonName(certificate: X509Certificate): string {
  const { subject } = certificate.toLegacyObject() as { readonly subject?: NamesByKey | null };
  const names = subject?.CN;
  return (Array.isArray(names) ? names.at(-1) : names) ?? "";
}

interface NamesByKey {
  readonly CN?: string | readonly string[];
}

/** Node writes one part of a name a line. */
function inOneLine(name: Unsure): string {
  return (name ?? "").trim().replaceAll("\n", ", ");
}
