/** The option `websocket` of `connect`: what the request says. Pure, as links are. */
import { OptionReader } from "../../base/options.ts";
import { isToken, readProtocols } from "./subprotocol.ts";

export interface WebSocketClientOptions {
  /**
   * The value of the header `Origin`.
   *
   * @default none is sent: only browsers have to
   */
  readonly origin?: string | undefined;

  /**
   * Further headers of the request, such as `{ authorization: "Bearer ..." }`. They reach no record
   * and no log. The headers of the upgrade itself cannot be set here.
   *
   * @default none
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;

  /**
   * Subprotocols to offer, the best first. On `ws` and `wss` urls `holdfast.1` is offered before
   * them. A server that grants none is spoken to all the same.
   *
   * @default none
   */
  readonly protocols?: readonly string[] | undefined;
}

export interface WebSocketClientConfig {
  readonly origin: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly protocols: readonly string[];
}

/** @throws HoldfastError `OPTION_INVALID` */
export function readWebSocketClient(name: string, value: unknown): WebSocketClientConfig {
  const read = new OptionReader(name, value as object | undefined);
  const origin = read.value("origin") === undefined ? undefined : read.text("origin", "");
  if (origin !== undefined && !/^[\x21-\x7e]+$/.test(origin)) {
    throw read.refuse("`origin` must be an origin such as https://example.org");
  }
  const config = { origin, headers: readHeaders(read), protocols: readProtocols(read) };
  read.done();
  return config;
}

/** What the upgrade, or the message as a whole, is made of. */
const KEPT: readonly string[] = [
  "connection",
  "content-length",
  "host",
  "origin",
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-protocol",
  "sec-websocket-version",
  "transfer-encoding",
  "upgrade",
];

/** A wrong value is not shown: it may be a right one in the wrong place. */
function readHeaders(read: OptionReader): Readonly<Record<string, string>> {
  const headers = read.value("headers");
  if (headers === undefined) return {};
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) {
    throw read.refuse("`headers` must be an object of names and values");
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!isToken(name) || KEPT.includes(name.toLowerCase())) {
      throw read.refuse(`\`headers\` must not set ${JSON.stringify(name.slice(0, 60))}`);
    }
    if (typeof value !== "string" || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw read.refuse(`\`headers\`: the value of \`${name}\` must be text without line breaks`);
    }
  }
  return { ...(headers as Record<string, string>) };
}
