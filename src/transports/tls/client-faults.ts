/** Why TLS with a server came to nothing, in sentences that say what to do about it. */
import { type ErrorCode, HoldfastError } from "../../base/errors.ts";
import { isTlsFault, tlsFaultCode, tlsFaultKind } from "./fault-kind.ts";

/** During the handshake. `url` is where it was dialled. */
export function handshakeFault(error: Error, url: string): HoldfastError {
  const [code, sentence] = wordsFor(error, url);
  return new HoldfastError(code, sentence, { cause: error });
}

/**
 * After it. In TLS 1.3 a client is done before the server has seen its certificate, so that the
 * server's complaint about it comes only then (RFC 8446 section 4.4.2.4).
 */
export function clientFault(error: Error): HoldfastError | undefined {
  const kind = tlsFaultKind(error);
  if (kind === "reset" || !isTlsFault(error)) return undefined;
  const [code, sentence] = wordsFor(error, "the server");
  return new HoldfastError(code, sentence, { cause: error });
}

function wordsFor(error: Error, url: string): readonly [ErrorCode, string] {
  const kind = tlsFaultKind(error);
  switch (kind) {
    case "reset":
      return ["PEER_RESET", `${url} broke the TLS handshake off`];
    case "not-tls":
    case "http":
      return ["TLS_FAILED", `${url} does not speak TLS: it answered in plain text${plain(url)}`];
    case "version":
      return [
        "TLS_FAILED",
        `${url} speaks no version of TLS that is accepted here: look at \`tls.minVersion\` on ` +
          "both sides",
      ];
    case "alpn":
      return ["TLS_FAILED", `${url} speaks TLS, but not this protocol: no name of ALPN in common`];
    case "certificate-wanted":
      return [
        "CERTIFICATE_REFUSED",
        `${url} wants a certificate from its clients: set \`tls.cert\` and \`tls.key\``,
      ];
    case "certificate-refused":
    case "certificate-missing":
      return [
        "CERTIFICATE_REFUSED",
        `${url} does not accept our certificate (${tlsFaultCode(error)}): it has to be from an ` +
          "authority that the server knows, in its time, and for clients",
      ];
    case "no-agreement":
      return [
        "TLS_FAILED",
        `${url} found no cipher suite or signature in common, or wants a certificate from its ` +
          "clients: look at `tls.minVersion`, and set `tls.cert` and `tls.key` if it does",
      ];
    case "other":
      return isTlsFault(error)
        ? ["TLS_FAILED", `TLS with ${url} failed (${tlsFaultCode(error)})`]
        : ["DIAL_FAILED", `cannot reach ${url}: ${error.message}`];
    default:
      return kind satisfies never;
  }
}

/** What the same place is called without TLS. */
function plain(url: string): string {
  const other = url
    .replace(/^tls:/, "tcp:")
    .replace(/^line\+tls:/, "line:")
    .replace(/^(line\+)?wss:/, "$1ws:");
  return other === url ? "" : `; use ${other}`;
}
