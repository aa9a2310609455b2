/**
 * Where a link on a page leads. The platform reads the url, as it does for its own WebSocket. Easy
 * to break: nothing that a person or a log may see is made of a url as it came; its query, and what
 * may be credentials, are taken out first.
 */
import { HoldfastError } from "../base/errors.ts";
import { printable } from "./printable.ts";

export interface PageTarget {
  /** What is dialled. */
  readonly url: string;
  /** The same without secrets: for records, logs and events. */
  readonly label: string;
  /** As people write it: `host:port`. */
  readonly remote: string;
  /** A name in lower case, or an address without brackets. */
  readonly host: string;
  readonly secure: boolean;
  readonly isLine: boolean;
}

/** @throws HoldfastError `URL_INVALID`, naming what was expected; never shows credentials. */
export function pageTarget(text: unknown, takesLines: boolean): PageTarget {
  const plain = String(text).replace(/^line\+/i, "");
  const isLine = plain !== text;
  let url: URL | undefined;
  try {
    url = new URL(plain);
  } catch {
    // It is no url at all.
  }
  const { protocol = "", hostname = "", port, pathname = "", search = "" } = url ?? {};
  const wrong = url && url.username + url.password + url.hash;
  if (!/^wss?:$/.test(protocol) || wrong || (isLine && !takesLines)) {
    throw new HoldfastError(
      "URL_INVALID",
      `cannot open "${redacted(text)}": expected wss://host/path or ws://host/path, with ` +
        "`connectLines` line+wss:// or line+ws://, and no fragment or credentials",
    );
  }
  const secure = protocol === "wss:";
  const remote = `${hostname}:${port || (secure ? 443 : 80)}`;
  const place = `${protocol}//${remote}${pathname}`;
  return {
    url: place + search,
    label: `${isLine ? "line+" : ""}${place}${search && "?…"}`,
    remote,
    host: hostname.replace(/[[\]]/g, ""),
    secure,
    isLine,
  };
}

/** Whether what is written there cannot leave this machine. */
export function isLocal({ host }: PageTarget): boolean {
  return /^(?:.+\.)?localhost$|^127\.[\d.]+$|^::1$/.test(host);
}

/** Without what may be a secret: user, password, query and fragment. */
export function redacted(url: unknown): string {
  return printable(String(url).replace(/.*@|[?#].*/gs, "…"));
}
