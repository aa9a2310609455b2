/** The common part of dialling: one of two handlers runs, once, unless it is cancelled. */
import type { Socket } from "node:net";
import { assert } from "../base/assert.ts";
import { HoldfastError } from "../base/errors.ts";
import type { Cancel } from "../base/time.ts";
import { discard, ignore } from "./stream-transport.ts";
import type { Attach, OpenHandlers, Transport } from "./transport.ts";

/** `socket` has just begun to connect to `url`; `adopt` wires it once it has. */
export function offerOpened(
  socket: Socket,
  canReset: boolean,
  url: string,
  handlers: OpenHandlers,
  adopt: Attach,
): Cancel {
  let isOver = false;
  const onError = (error: Error): void => {
    if (isOver) return;
    isOver = true;
    handlers.onFailed(dialFailure(url, error));
  };
  socket.once("error", onError);
  socket.once("connect", () => {
    if (isOver) return;
    isOver = true;
    socket.off("error", onError);
    let transport: Transport | undefined;
    let isReturned = false;
    handlers.onOpened((to) => {
      assert(transport === undefined && !isReturned, "an opened pipe is attached once, at once");
      transport = adopt(to);
      return transport;
    });
    isReturned = true;
    if (transport === undefined) discard(socket, canReset);
  });
  return () => {
    if (isOver) return;
    isOver = true;
    socket.on("error", ignore);
    socket.destroy();
  };
}

/** Several addresses of one name fail together, in an AggregateError without a message. */
export function dialFailure(url: string, cause: Error): HoldfastError {
  const causes: unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  const reasons = causes.map((one) => (one instanceof Error ? one.message : String(one)));
  return new HoldfastError("DIAL_FAILED", `cannot reach ${url}: ${reasons.join("; ")}`, { cause });
}
