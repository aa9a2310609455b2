/** Why TLS with a client came to nothing, for the end record. */
import { type ErrorCode, HoldfastError } from "../../base/errors.ts";
import { isTlsFault, tlsFaultCode, tlsFaultKind } from "./fault-kind.ts";

/** During the handshake and after it. Undefined for what any socket may say. */
export function serverFault(error: Error): HoldfastError | undefined {
  if (!isTlsFault(error)) return undefined;
  const [code, sentence] = wordsFor(error);
  return new HoldfastError(code, sentence, { cause: error });
}

function wordsFor(error: Error): readonly [ErrorCode, string] {
  const kind = tlsFaultKind(error);
  switch (kind) {
    case "not-tls":
      return ["TLS_FAILED", "the peer does not speak TLS: its first bytes are plain text"];
    case "http":
      return ["TLS_FAILED", "the peer does not speak TLS: it sent a plain HTTP request"];
    case "version":
      return ["TLS_FAILED", "the peer speaks no version of TLS that is accepted here"];
    case "alpn":
      return ["TLS_FAILED", "the peer asked by ALPN for protocols that are not spoken here"];
    case "no-agreement":
      return ["TLS_FAILED", "the peer and this server have no cipher suite or signature in common"];
    case "certificate-missing":
      return ["CERTIFICATE_INVALID", "the peer showed no certificate, and has to"];
    case "certificate-refused":
    case "certificate-wanted":
      return [
        "CERTIFICATE_REFUSED",
        `the peer does not accept the certificate of this server (${tlsFaultCode(error)})`,
      ];
    case "reset":
    case "other":
      return ["TLS_FAILED", `TLS failed (${tlsFaultCode(error)})`];
    default:
      return kind satisfies never;
  }
}

/** Why a client's certificate is not accepted; completes "the certificate of the peer …". */
export function clientCertificateWords(code: string): string {
  switch (code) {
    case "CERT_HAS_EXPIRED":
      return "has expired";
    case "CERT_NOT_YET_VALID":
      return "is not valid yet";
    case "CERT_REVOKED":
      return "has been revoked";
    case "INVALID_PURPOSE":
      return "is not for clients";
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return "is from an authority that is not in `tls.ca`";
    default:
      return `is not accepted (${code})`;
  }
}
