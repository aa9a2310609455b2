/** Opens a pipe over TLS: what was dialled and verified, read like any other stream. */
import { assert } from "../../base/assert.ts";
import { readByEvent, StreamTransport } from "../stream-transport.ts";
import type { Open, Transport } from "../transport.ts";
import { type DialTlsConfig, dialTls } from "./dial-tls.ts";

/** What another Holdfast speaks within TLS, as ALPN knows it (docs/protocol.md). */
export const ALPN_HOLDFAST = "holdfast/1";

export function openTls(config: DialTlsConfig): Open {
  return (handlers) =>
    dialTls(config, {
      onFailed: (error) => handlers.onFailed(error),
      onConnected: ({ socket, raw, facts, remote, tls }) => {
        let transport: Transport | undefined;
        let isReturned = false;
        handlers.onOpened((to) => {
          assert(
            transport === undefined && !isReturned,
            "an opened pipe is attached once, at once",
          );
          transport = new StreamTransport(socket, facts, remote, to, tls);
          readByEvent(socket);
          return transport;
        });
        isReturned = true;
        if (transport !== undefined) return;
        socket.on("error", () => {}); // Nobody wants to hear of it any more.
        raw.resetAndDestroy();
      },
    });
}
