/** How certificates and keys are handed over: as text or bytes of PEM. Pure. */
import type { OptionReader } from "../../base/options.ts";

/** PEM, as text or as the bytes of a file. */
export type Pem = string | Uint8Array;

export type TlsVersion = "TLSv1.2" | "TLSv1.3";

export function readVersion(read: OptionReader): TlsVersion {
  return read.oneOf("minVersion", ["TLSv1.2", "TLSv1.3"] as const, "TLSv1.2");
}

/** What came is never shown: it may be a key. */
export function readPem(read: OptionReader, name: string): Pem | undefined {
  const value = read.value(name);
  if (value === undefined || isPem(value)) return value;
  throw read.refuse(`\`${name}\` must be PEM as text or bytes (it begins with -----BEGIN)`);
}

export function readPems(read: OptionReader, name: string): readonly Pem[] | undefined {
  const value = read.value(name);
  if (value === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > 0 && list.every(isPem)) return list;
  throw read.refuse(
    `\`${name}\` must be PEM as text or bytes, or a list of it (it begins with -----BEGIN)`,
  );
}

const BEGIN = "-----BEGIN ";

/** A path in the place of a certificate is the commonest mistake. */
function isPem(value: unknown): value is Pem {
  if (typeof value === "string") return value.includes(BEGIN);
  return value instanceof Uint8Array && value.length >= BEGIN.length;
}
