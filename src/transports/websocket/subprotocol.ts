/** Subprotocols by name (RFC 6455 section 1.9). Pure, since links read options. */
import type { OptionReader } from "../../base/options.ts";

/** Binary messages hold frames of Holdfast, text messages are lines. */
export const HOLDFAST_PROTOCOL = "holdfast.1";

/** A token of HTTP (RFC 9110 section 5.6.2). */
export function isToken(value: unknown): value is string {
  return typeof value === "string" && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/.test(value);
}

/** @throws HoldfastError `OPTION_INVALID` */
export function readProtocols(read: OptionReader): readonly string[] {
  const protocols = read.value("protocols");
  if (protocols === undefined) return [];
  const isList = Array.isArray(protocols) && protocols.length <= 16;
  if (!isList || !protocols.every(isToken) || new Set(protocols).size < protocols.length) {
    throw read.refuse("`protocols` must be a list of at most 16 different subprotocols");
  }
  return protocols;
}
