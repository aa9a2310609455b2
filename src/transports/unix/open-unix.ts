/** Dials a Unix socket. */
import { connect, type IpcNetConnectOpts } from "node:net";
import { UNIX_ADDRESS } from "../address.ts";
import { offerOpened } from "../offer-opened.ts";
import { HIGH_WATER_MARK, readByEvent, StreamTransport } from "../stream-transport.ts";
import type { Open } from "../transport.ts";
import { unixFacts } from "./unix-facts.ts";

export interface OpenUnixConfig {
  readonly path: string;
  /** For tests: lent bytes are overwritten after each `onBytes`. */
  readonly overwriteAfterRead: boolean;
}

export function openUnix(config: OpenUnixConfig): Open {
  const facts = unixFacts(config.overwriteAfterRead, undefined);
  return (handlers) => {
    const socket = connect({
      path: config.path,
      allowHalfOpen: true,
      readableHighWaterMark: HIGH_WATER_MARK,
      writableHighWaterMark: HIGH_WATER_MARK,
    } as IpcNetConnectOpts);
    return offerOpened(socket, false, `unix:${config.path}`, handlers, (to) => {
      const transport = new StreamTransport(socket, facts, UNIX_ADDRESS, to);
      readByEvent(socket);
      return transport;
    });
  };
}
