/**
 * After which codes trying again, unchanged, is of no use: what the table in errors.ts says by
 * `retry`, as one short text, so that a page need not carry the table. A test holds the two
 * together.
 */
const FINAL =
  " OPTION_INVALID URL_INVALID LISTEN_FAILED MESSAGE_NOT_A_LINE MESSAGE_TOO_LONG NOT_OPEN " +
  "CLOSED_HERE ABORTED REPLACED LINE_TOO_LONG MESSAGE_RECEIVED_TOO_LONG FRAME_INVALID " +
  "HELLO_INVALID VERSION_UNSUPPORTED WRONG_DIALECT WEBSOCKET_INVALID PROXY_UNTRUSTED " +
  "UNAUTHORIZED TURNED_AWAY CERTIFICATE_INVALID CERTIFICATE_REFUSED TLS_FAILED " +
  "UPGRADE_REFUSED REDIAL_EXHAUSTED GAVE_UP REDIRECTS_MAX ";

export function isFinal(code: string): boolean {
  return FINAL.includes(` ${code} `);
}
