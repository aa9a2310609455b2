/** The option `websocket` of `listen`: which requests for an upgrade are granted. */
import { OptionReader } from "../../base/options.ts";
import { readProtocols } from "./subprotocol.ts";

export interface WebSocketServerOptions {
  /**
   * The path at which WebSockets are accepted on `tcp`, `tls` and `unix` urls, without a query;
   * elsewhere the answer is 404. `ws` and `wss` urls name their own.
   *
   * @default every path
   */
  readonly path?: string | undefined;

  /**
   * From which pages browsers may connect; a page of another origin is answered 403. "same-host"
   * lets in whoever says no `Origin` (programs that are no browsers), and pages whose host name is
   * the one of the request, ports aside. A list names origins such as `https://example.org`;
   * programs without an `Origin` may come in then, too. "any" lets in every page.
   *
   * @default "same-host": a page of a stranger must not speak for whoever visits it.
   */
  readonly origins?: "same-host" | "any" | readonly string[] | undefined;

  /**
   * Subprotocols that are granted besides `holdfast.1`, the best first. A client that offers none
   * that is known gets none.
   *
   * @default none
   */
  readonly protocols?: readonly string[] | undefined;
}

export interface WebSocketServerConfig {
  /** Undefined: every path. */
  readonly path: string | undefined;
  readonly origins: "same-host" | "any" | readonly string[];
  readonly protocols: readonly string[];
}

/** @throws HoldfastError `OPTION_INVALID` */
export function readWebSocketServer(name: string, value: unknown): WebSocketServerConfig {
  const read = new OptionReader(name, value as object | undefined);
  const config = {
    path: readPath(read),
    origins: readOrigins(read),
    protocols: readProtocols(read),
  };
  read.done();
  return config;
}

function readPath(read: OptionReader): string | undefined {
  if (read.value("path") === undefined) return undefined;
  const path = read.text("path", "");
  if (/^\/[\x21-\x22\x24-\x3e\x40-\x7e]*$/.test(path)) return path;
  throw read.refuse("`path` must begin with / and have no query, no fragment and no space");
}

function readOrigins(read: OptionReader): "same-host" | "any" | readonly string[] {
  const origins = read.value("origins");
  if (origins === undefined || origins === "same-host") return "same-host";
  if (origins === "any") return "any";
  const list: readonly unknown[] = Array.isArray(origins) ? origins : [];
  const plain = list.map((origin) =>
    typeof origin === "string" ? plainOrigin(origin) : undefined,
  );
  if (plain.length > 0 && plain.every((origin) => origin !== undefined)) return plain;
  throw read.refuse(
    '`origins` must be "same-host", "any" or a list of origins such as "https://example.org"',
  );
}

/** As browsers write it: in lower case, without the port that goes without saying. */
function plainOrigin(text: string): string | undefined {
  const form = /^(https?):\/\/((?:\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9._-]*)))(?::(\d{1,5}))?$/;
  const [, scheme, host, port] = form.exec(text.toLowerCase()) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  const isUsual = port === undefined || port === (scheme === "https" ? "443" : "80");
  return `${scheme}://${host}${isUsual ? "" : `:${port}`}`;
}
