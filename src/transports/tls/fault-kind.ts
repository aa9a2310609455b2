/**
 * Sorts what OpenSSL and Node complain about in TLS.
 *
 * By the code, never by the message, which holds addresses of memory. The names of alerts begin in
 * several ways, since OpenSSL 3.5 has renamed them ("SSLV3_ALERT_…" is "SSL/TLS_ALERT_…" there), so
 * only their ends are compared. An alert is what the other side complained about (RFC 8446 6.2).
 */

export type TlsFaultKind =
  | "reset"
  | "not-tls"
  | "http"
  | "version"
  | "no-agreement"
  | "alpn"
  | "certificate-wanted"
  | "certificate-refused"
  | "certificate-missing"
  | "other";

const KINDS: readonly (readonly [RegExp, TlsFaultKind])[] = [
  [/^(?:ECONNRESET|EPIPE)$/, "reset"],
  [/_HTTPS?_(?:PROXY_)?REQUEST$/, "http"],
  [/_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL|BAD_RECORD_TYPE)$/, "not-tls"],
  [/_(?:PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|VERSION_TOO_HIGH)$/, "version"],
  [/_NO_APPLICATION_PROTOCOL$/, "alpn"],
  [/_ALERT_CERTIFICATE_REQUIRED$/, "certificate-wanted"],
  [
    /_ALERT_(?:UNKNOWN_CA|(?:BAD|NO|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|ACCESS_DENIED)$/,
    "certificate-refused",
  ],
  [/_PEER_DID_NOT_RETURN_A_CERTIFICATE$/, "certificate-missing"],
  [/_(?:NO_SHARED_CIPHER|HANDSHAKE_FAILURE|NO_SUITABLE_\w+|NO_SHARED_\w+)$/, "no-agreement"],
];

export function tlsFaultKind(error: Error): TlsFaultKind {
  const code = tlsFaultCode(error);
  return KINDS.find(([pattern]) => pattern.test(code))?.[1] ?? "other";
}

/** Such as `ERR_SSL_NO_SHARED_CIPHER`; empty where there is none. */
export function tlsFaultCode(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Whether it is about TLS at all, and not what any socket may say. */
export function isTlsFault(error: Error): boolean {
  return /^ERR_(?:SSL|TLS|OSSL)_/.test(tlsFaultCode(error));
}
