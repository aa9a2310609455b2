/** The common part of accepting: the callee attaches before it returns, or the pipe is closed. */
import type { Socket } from "node:net";
import { assert } from "../base/assert.ts";
import { discard } from "./stream-transport.ts";
import type { AcceptHandlers, Attach, RemoteAddress, Transport } from "./transport.ts";

export function offerAccepted(
  socket: Socket,
  canReset: boolean,
  remote: RemoteAddress,
  handlers: AcceptHandlers,
  adopt: Attach,
): void {
  let transport: Transport | undefined;
  let isOver = false;
  handlers.onIncoming({
    remote,
    attach(to) {
      assert(transport === undefined && !isOver, "an incoming pipe is attached once, at once");
      transport = adopt(to);
      return transport;
    },
  });
  isOver = true;
  if (transport === undefined) discard(socket, canReset);
}
