/** Dials over TLS for somebody who reads the socket by himself. */
import type { DialSocket } from "../dialled-socket.ts";
import { type DialTlsConfig, dialTls } from "./dial-tls.ts";

export function dialTlsSocket(config: DialTlsConfig): DialSocket {
  return (handlers) =>
    dialTls(config, {
      onConnected: ({ socket, facts, remote, tls }) =>
        handlers.onSocket({ socket, facts, remote, tls }),
      onFailed: (error) => handlers.onFailed(error),
    });
}
