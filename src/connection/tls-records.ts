/**
 * Bytes of TLS where none were expected: one side has the wrong url or port.
 *
 * A record begins with its type, 03 and a minor version (RFC 8446 section 5.1). A server that was
 * spoken to in plain text answers by an alert of two bytes; a client begins with a handshake. Both
 * types are control characters, which no line begins with, and are not the first byte of a preface.
 */

const ALERT = 0x15;
const HANDSHAKE = 0x16;

/** To a TLS client, which takes it for no TLS, and says so. */
export const NO_TLS_LINE = "holdfast: this port does not speak TLS: use tcp:// or line://";

export const TLS_HELLO_DETAIL = "the peer speaks TLS, and this port does not";

export const TLS_ALERT_DETAIL = "the server speaks TLS, and this url does not";

/** The first bytes of a server. */
export function isTlsAlert(bytes: Uint8Array): boolean {
  return isRecord(bytes, ALERT) && bytes[3] === 0 && bytes[4] === 2;
}

/** The first bytes of a client. */
export function isTlsHello(bytes: Uint8Array): boolean {
  return isRecord(bytes, HANDSHAKE);
}

function isRecord(bytes: Uint8Array, type: number): boolean {
  return bytes.length >= 5 && bytes[0] === type && bytes[1] === 3 && (bytes[2] ?? 0xff) <= 4;
}
