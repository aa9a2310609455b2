/** The option `websocket` of `listen`: which requests for an upgrade are granted. */
import { OptionReader } from "../../base/options.ts";

export interface WebSocketServerOptions {
  /**
   * The path at which WebSockets are accepted on `tcp`, `tls` and `unix` urls; `ws` and `wss` urls
   * name their own.
   *
   * @default every path
   */
  readonly path?: string | undefined;
}

export interface WebSocketServerConfig {
  /** Undefined: every path. */
  readonly path: string | undefined;
}

/** @throws HoldfastError `OPTION_INVALID` */
export function readWebSocketServer(name: string, value: unknown): WebSocketServerConfig {
  const read = new OptionReader(name, value as object | undefined);
  const path = read.value("path") === undefined ? undefined : read.text("path", "");
  read.done();
  return { path };
}
