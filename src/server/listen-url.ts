/**
 * Reads the urls that a server can listen on: `tcp://[::]:8080`, `tls://[::]:8443`,
 * `tcp+tls://[::]:8080` for both on one port, `ws://[::]:8080/live`, `wss://` alike,
 * `unix:/run/holdfast.sock`, and `fd:3`, `tls+fd:3` or `tcp+tls+fd:3` for a socket that whoever
 * started this process has bound and passed to it.
 *
 * The url names the transport only. Which dialects a port accepts is the option `accept`.
 */
import { HoldfastError } from "../base/errors.ts";

export type ListenAddress =
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      readonly tls: TlsPlace;
      /** The path of a `ws` or `wss` url, where nothing but WebSockets is let in. */
      readonly webSocketPath: string | undefined;
    }
  /** `mode`: the permission bits of the socket file. */
  | { readonly kind: "unix"; readonly path: string; readonly mode: number }
  /** Whether it is TCP or a Unix socket the descriptor tells. */
  | { readonly kind: "fd"; readonly fd: number; readonly tls: TlsPlace };

/** `only`: TLS comes first. `too`: the first bytes of a peer tell whether it speaks it. */
export type TlsPlace = "no" | "too" | "only";

/** Nobody but the owner may connect, unless the url says otherwise. */
const UNIX_MODE = 0o600;

/** @throws HoldfastError `URL_INVALID`, saying what was expected. */
export function parseListenUrl(url: string): ListenAddress {
  if (url.startsWith("unix:")) return parseUnix(url);
  const scheme = /^(tcp\+tls|tcp|tls|wss?):/.exec(url)?.[1];
  if (scheme !== undefined) return parseTcp(url, scheme);
  if (/^(?:(?:tcp\+)?tls\+)?fd:/.test(url)) return parseFd(url);
  throw wrong(url, `a url that begins with ${KNOWN}`);
}

const KNOWN = "tcp://, tls://, tcp+tls://, ws://, wss://, unix: or fd:";

/**
 * What clients dial to get there: of a port for both, the url without TLS, and the one with it.
 */
export function dialUrls(url: string): readonly string[] {
  const place = /^tcp\+tls(:.*)$/s.exec(url)?.[1];
  return place === undefined ? [url] : [`tcp${place}`, `tls${place}`];
}

function parseTcp(url: string, scheme: string): ListenAddress {
  const isWebSocket = scheme.startsWith("ws");
  const place = `${scheme}://HOST:PORT${isWebSocket ? "/PATH" : ""}`;
  const expected = `${place}, such as ${scheme}://[::]:8080 or ${scheme}://127.0.0.1:0`;
  const authority = /^(\[[0-9a-fA-F:.%\w]+\]|[^\s:/?#@[\]]+):(\d{1,5})(\/[\x21-\x7e]*)?$/;
  const parts = authority.exec(url.slice(`${scheme}://`.length));
  const [, host, portText, path = "/"] = parts ?? [];
  const port = Number(portText);
  const hasForeign = isWebSocket ? /[?#]/.test(path) : path !== "/";
  const isWhole = url.startsWith(`${scheme}://`) && host !== undefined;
  if (!isWhole || port > 65_535 || hasForeign) throw wrong(url, expected);
  return {
    kind: "tcp",
    host: host.replace(/^\[|\]$/g, ""),
    port,
    tls: tlsBy(scheme),
    webSocketPath: isWebSocket ? path : undefined,
  };
}

function tlsBy(scheme: string): TlsPlace {
  if (scheme === "tcp+tls") return "too";
  return scheme === "tls" || scheme === "wss" ? "only" : "no";
}

function parseUnix(url: string): ListenAddress {
  const expected = "unix:PATH or unix:PATH?mode=0600, the mode in octal";
  const [path = "", query, ...rest] = url.slice("unix:".length).split("?");
  // Both unix:/run/x and unix:///run/x name the same file.
  const plain = path.startsWith("//") ? path.slice(2) : path;
  if (plain === "" || plain.includes("\0") || rest.length > 0) throw wrong(url, expected);
  if (query === undefined) return { kind: "unix", path: plain, mode: UNIX_MODE };
  const octal = /^mode=(0?[0-7]{3})$/.exec(query)?.[1];
  if (octal === undefined) throw wrong(url, expected);
  return { kind: "unix", path: plain, mode: Number.parseInt(octal, 8) };
}

function parseFd(url: string): ListenAddress {
  const [, scheme = "tcp+", digits] = /^((?:tcp\+)?tls\+)?fd:([1-9]\d{0,5})$/.exec(url) ?? [];
  const fd = Number(digits);
  // Below 3 are the streams of the terminal.
  if (digits === undefined || fd < 3) {
    throw wrong(url, "fd:N, tls+fd:N or tcp+tls+fd:N, N from 3 on,");
  }
  return { kind: "fd", fd, tls: tlsBy(scheme.slice(0, -1)) };
}

function wrong(url: string, expected: string): HoldfastError {
  const shown = JSON.stringify(url.slice(0, 80));
  return new HoldfastError("URL_INVALID", `expected ${expected} to listen on, got ${shown}`);
}
