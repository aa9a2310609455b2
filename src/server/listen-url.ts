/**
 * Reads the urls that a server can listen on: `tcp://[::]:8080` and `unix:/run/holdfast.sock`.
 *
 * The url names the transport only. Which dialects a port accepts is the option `accept`.
 */
import { HoldfastError } from "../base/errors.ts";

export type ListenAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  /** `mode`: the permission bits of the socket file. */
  | { readonly kind: "unix"; readonly path: string; readonly mode: number };

/** Nobody but the owner may connect, unless the url says otherwise. */
const UNIX_MODE = 0o600;

/** @throws HoldfastError `URL_INVALID`, saying what was expected. */
export function parseListenUrl(url: string): ListenAddress {
  if (url.startsWith("unix:")) return parseUnix(url);
  if (url.startsWith("tcp:")) return parseTcp(url);
  throw wrong(url, "a url that begins with tcp:// or unix:");
}

function parseTcp(url: string): ListenAddress {
  const expected = "tcp://HOST:PORT, such as tcp://[::]:8080 or tcp://127.0.0.1:0";
  const parts = /^tcp:\/\/(\[[0-9a-fA-F:.%\w]+\]|[^\s:/?#@[\]]+):(\d{1,5})\/?$/.exec(url);
  const port = Number(parts?.[2]);
  if (parts?.[1] === undefined || port > 65_535) throw wrong(url, expected);
  return { kind: "tcp", host: parts[1].replace(/^\[|\]$/g, ""), port };
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

function wrong(url: string, expected: string): HoldfastError {
  const shown = JSON.stringify(url.slice(0, 80));
  return new HoldfastError("URL_INVALID", `expected ${expected} to listen on, got ${shown}`);
}
