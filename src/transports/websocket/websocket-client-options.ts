/** The option `websocket` of `connect`: what the request says. Pure, as links are. */
import { OptionReader } from "../../base/options.ts";

export interface WebSocketClientOptions {
  /**
   * The value of the header `Origin`.
   *
   * @default none is sent: only browsers have to
   */
  readonly origin?: string | undefined;
}

export interface WebSocketClientConfig {
  readonly origin: string | undefined;
}

/** @throws HoldfastError `OPTION_INVALID` */
export function readWebSocketClient(name: string, value: unknown): WebSocketClientConfig {
  const read = new OptionReader(name, value as object | undefined);
  const origin = read.value("origin") === undefined ? undefined : read.text("origin", "");
  read.done();
  return { origin };
}
