/**
 * Where a server may send a link: to the same host, or to a name that the application listed.
 *
 * A server that was taken over must not be able to lead its clients, and their tokens, anywhere
 * else; and never from an encrypted path to a plain one.
 */
import { isHoldfastError } from "../base/errors.ts";
import { type LinkTarget, redactedUrl } from "./target.ts";

/** After so many in a row the link ends: servers that point at each other would go on for ever. */
export const REDIRECTS_IN_ROW_MAX = 3;

export type Redirect =
  | { readonly to: LinkTarget }
  /** In words of our own, safe to print. */
  | { readonly refused: string };

export function resolveRedirect(
  url: string,
  from: LinkTarget,
  redirectTo: readonly string[],
  parse: (url: string) => LinkTarget,
): Redirect {
  const shown = redactedUrl(url);
  let to: LinkTarget;
  try {
    to = parse(url);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { refused: `the server's redirect was not followed: ${error.message}` };
  }
  if (to.dialect !== from.dialect) {
    return { refused: `the redirect to "${shown}" was not followed: it leads to another dialect` };
  }
  if (from.secure && !to.secure) {
    return { refused: `the redirect to "${shown}" was not followed: it leads to plain text` };
  }
  if (isSamePlace(from, to)) return { to };
  if (to.over !== "unix" && redirectTo.includes(to.host)) return { to };
  return {
    refused: `the redirect to "${shown}" was not followed: no such host in \`redirectTo\``,
  };
}

/** The port may differ, and the transport; a Unix socket is a place of its own. */
function isSamePlace(from: LinkTarget, to: LinkTarget): boolean {
  if (from.over === "unix") return to.over === "unix" && from.path === to.path;
  return to.over !== "unix" && from.host === to.host;
}
