/**
 * Where a link leads: urls, read strictly and shown without their secrets.
 *
 * Easy to break: no text that a person or a log may see is made of the url as it came; it goes
 * through `redactedUrl` first, the urls that are refused included.
 */
import { HoldfastError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import type { Dialect } from "../connection/effects.ts";

interface TargetBase {
  /** The url in its plain form, without credentials: for records, logs and events. */
  readonly label: string;
  readonly dialect: Dialect;
  /** Whether the path is encrypted. */
  readonly secure: boolean;
}

export interface TcpTarget extends TargetBase {
  readonly over: "tcp";
  /** A name in lower case, or an address; IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
}

export interface WebSocketTarget extends TargetBase {
  readonly over: "websocket";
  readonly host: string;
  readonly port: number;
  /** With its query, as the request says it; `/` at the least. It is in no label. */
  readonly path: string;
}

export interface UnixTarget extends TargetBase {
  readonly over: "unix";
  readonly path: string;
}

export type LinkTarget = TcpTarget | WebSocketTarget | UnixTarget;

/** Each scheme for frames, and the one for lines over the same transport. */
const LINE_SCHEME = {
  tcp: "line",
  tls: "line+tls",
  unix: "line+unix",
  ws: "line+ws",
  wss: "line+wss",
} as const;

const DEFAULT_PORT = { ws: "80", wss: "443" } as const;

/** @throws HoldfastError `URL_INVALID`, naming what was expected; never shows credentials. */
export function parseTarget(url: string): LinkTarget {
  const { scheme, rest } = partsOf(url);
  switch (scheme) {
    case "tcp":
    case "tls":
      return tcpTarget(url, scheme, "frame", rest);
    case "line":
    case "line+tls":
      return tcpTarget(url, scheme, "line", rest);
    case "unix":
      return unixTarget(url, scheme, "frame", rest);
    case "line+unix":
      return unixTarget(url, scheme, "line", rest);
    case "ws":
    case "wss":
      return webSocketTarget(url, scheme, "frame", rest);
    case "line+ws":
    case "line+wss":
      return webSocketTarget(url, scheme, "line", rest);
    case "tcp+tls":
      throw invalid(url, "servers listen so, for two kinds of clients; dial tcp:// or tls://");
    default:
      throw invalid(url, `expected one of ${KNOWN}`);
  }
}

function partsOf(url: string): { readonly scheme: string | undefined; readonly rest: string } {
  if (typeof url !== "string") throw invalid(String(url), "expected a string");
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*(?=:)/.exec(url)?.[0].toLowerCase();
  if (hasControl(url)) throw invalid(url, "it holds a control character");
  return { scheme, rest: url.slice((scheme?.length ?? 0) + 1) };
}

/** The same place in the other dialect, as a label. */
export function otherDialectLabel(target: LinkTarget): string {
  const at = target.label.indexOf(":");
  const scheme = target.label.slice(0, at);
  const pairs = Object.entries(LINE_SCHEME);
  const pair = pairs.find(([frame, line]) => (target.dialect === "line" ? line : frame) === scheme);
  return `${pair?.[target.dialect === "line" ? 0 : 1] ?? scheme}${target.label.slice(at)}`;
}

/** The same place by way of TLS, as a label. */
export function secureLabel({ label }: LinkTarget): string {
  return withScheme(label, PLAIN_TO_SECURE);
}

/** The same place without TLS, as a label. */
export function plainLabel({ label }: LinkTarget): string {
  return withScheme(label, SECURE_TO_PLAIN);
}

const PLAIN_TO_SECURE: ReadonlyMap<string, string> = new Map([
  ["tcp", "tls"],
  ["line", "line+tls"],
  ["ws", "wss"],
  ["line+ws", "line+wss"],
]);
const SECURE_TO_PLAIN: ReadonlyMap<string, string> = new Map(
  [...PLAIN_TO_SECURE].map(([plain, secure]) => [secure, plain]),
);

function withScheme(label: string, schemes: ReadonlyMap<string, string>): string {
  const at = label.indexOf(":");
  const scheme = label.slice(0, at);
  return `${schemes.get(scheme) ?? scheme}${label.slice(at)}`;
}

/** Whether what is written there cannot leave this machine. */
export function isLocal(target: LinkTarget): boolean {
  if (target.over === "unix") return true;
  const { host } = target;
  if (host === "localhost" || host.endsWith(".localhost")) return true;
  return /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/.test(host) || /^(?:0*:)+:?0*1$/.test(host);
}

/** The url with whatever may be a secret taken out: user, password, query and fragment. */
export function redactedUrl(url: string): string {
  const query = url.search(/[?#]/);
  const end = query < 0 ? url.length : query;
  const rest = query < 0 ? "" : `${url[query]}…`;
  if (/^(?:line\+)?unix:(?!\/\/[^/])/i.test(url)) return printable(url.slice(0, end) + rest);
  const head = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(url)?.[0] ?? "";
  const at = url.lastIndexOf("@");
  // An "@" behind "?" or "#" may end a password that holds one: then nothing of it is sure.
  if (at > end) return printable(`${head}…`);
  return printable((at < 0 ? url.slice(0, end) : `${head}***@${url.slice(at + 1, end)}`) + rest);
}

const KNOWN =
  "tcp://host:port, tls://host:port, ws://host/path, wss://host/path, unix:/path, " +
  "and for lines line://host:port, line+tls://, line+ws://, line+wss://, line+unix:/path";

function invalid(url: string, why: string): HoldfastError {
  return new HoldfastError("URL_INVALID", `cannot open "${redactedUrl(url)}": ${why}`);
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  }
  return false;
}

function tcpTarget(url: string, scheme: string, dialect: Dialect, rest: string): TcpTarget {
  const form = `expected ${scheme}://host:port`;
  if (!rest.startsWith("//")) throw invalid(url, form);
  const authority = rest.slice(2).replace(/\/$/, "");
  if (authority.includes("@")) throw invalid(url, CREDENTIALS);
  if (/[/?#\\]/.test(authority)) throw invalid(url, `${form}, and nothing behind the port`);
  const place = { over: "tcp", ...placeOf(url, form, authority) } as const;
  const secure = scheme.endsWith("tls");
  return { ...place, label: `${scheme}://${hostAndPort(place)}`, dialect, secure };
}

/** RFC 6455 section 3: a path, perhaps a query, and no fragment. */
function webSocketTarget(
  url: string,
  scheme: string,
  dialect: Dialect,
  rest: string,
): WebSocketTarget {
  const secure = scheme.endsWith("wss");
  const form = `expected ${scheme}://host/path`;
  const [, authority = "", path = "", query = ""] =
    /^\/\/([^/?#\\]*)(\/[^?#]*)?(\?[^#]*)?$/.exec(rest) ?? [];
  if (authority.includes("@")) throw invalid(url, CREDENTIALS);
  if (authority === "") throw invalid(url, `${form}, without a fragment`);
  if (!/^[\x21-\x7e]*$/.test(path + query)) throw invalid(url, `${form}; encode other characters`);
  const port = DEFAULT_PORT[secure ? "wss" : "ws"];
  const hasPort = /:\d*$/.test(authority.replace(/^\[[^\]]*\]/, ""));
  const place = placeOf(url, form, hasPort ? authority : `${authority}:${port}`);
  const shown = `${path === "" ? "/" : path}${query === "" ? "" : "?…"}`;
  const label = printable(`${scheme}://${hostAndPort(place)}${shown}`);
  return { over: "websocket", ...place, path: `${path || "/"}${query}`, label, dialect, secure };
}

const CREDENTIALS = "credentials in a url are read by others; hand them over as `token`";

function placeOf(
  url: string,
  form: string,
  authority: string,
): { readonly host: string; readonly port: number } {
  const parts = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(authority);
  const [, inBrackets, name, portText] = parts ?? [];
  if (parts === null || portText?.includes(":") === true) {
    throw invalid(url, `${form}; an IPv6 address stands in brackets`);
  }
  if (portText === undefined) throw invalid(url, `${form}; the port is missing`);
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65_535) throw invalid(url, `${form}; a port is a number from 1 to 65535`);
  const host = (inBrackets ?? name ?? "").toLowerCase();
  const isHost = inBrackets === undefined ? isName(host) : isIpv6(host);
  if (!isHost) throw invalid(url, `${form}; the host is not a name or an address`);
  return { host, port };
}

function unixTarget(url: string, scheme: string, dialect: Dialect, rest: string): UnixTarget {
  // Both unix:/run/x and unix:///run/x name the same file.
  const path = rest.startsWith("///") ? rest.slice(2) : rest;
  const form = `expected ${scheme}:/path/to/socket`;
  if (path === "" || path.startsWith("//")) throw invalid(url, form);
  if (/[?#]/.test(path)) throw invalid(url, `${form}, and nothing behind the path`);
  return { over: "unix", path, label: printable(`${scheme}:${path}`), dialect, secure: false };
}

function hostAndPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** A host name or an IPv4 address; names beyond ASCII have to come as punycode. */
function isName(host: string): boolean {
  return host.length <= 253 && /^[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_.])?$/.test(host);
}

/** Rough: the system says the rest. A zone such as `%eth0` may follow. */
function isIpv6(host: string): boolean {
  return /^[0-9a-f:.]{2,45}(?:%[a-z0-9._-]{1,32})?$/.test(host) && host.includes(":");
}
