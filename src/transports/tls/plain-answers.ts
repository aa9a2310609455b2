/**
 * What those hear who speak plain text to a port for TLS, each in words of its own.
 *
 * OpenSSL says nothing to them. An alert (RFC 8446 section 6) is what other implementations of TLS
 * say, and what tells a client of ours which url to use; the line behind it is for people.
 */

/** The first byte of a TLS client: a handshake record (RFC 8446 section 5.1). */
export const HANDSHAKE_BYTE = 0x16;

/** Fatal, "protocol_version". */
const ALERT: readonly number[] = [0x15, 3, 1, 0, 2, 2, 70];

const LINE = "\nholdfast: this port speaks TLS: use tls:// or line+tls://\n";

const TO_HTTP =
  "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n" +
  "This port speaks TLS: use wss:// or https://\n";

const HTTP_METHOD = /^(?:GET|HEAD|POST|PUT|OPTIONS|CONNECT) /;

export interface PlainAnswer {
  readonly bytes: Uint8Array;
  /** What came; completes "the peer does not speak TLS: …". */
  readonly came: string;
}

export function plainAnswer(head: Uint8Array): PlainAnswer {
  const text = Buffer.from(head.subarray(0, 8)).toString("latin1");
  if (HTTP_METHOD.test(text)) {
    return { bytes: Buffer.from(TO_HTTP), came: "it sent a plain HTTP request" };
  }
  const bytes = Buffer.concat([Buffer.from(ALERT), Buffer.from(LINE)]);
  return { bytes, came: "its first bytes are plain text" };
}
