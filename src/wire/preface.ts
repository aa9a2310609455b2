/**
 * The four bytes `F8 48 46 vv` that each side of the frame dialect says first.
 *
 * A client names the highest version it speaks, a server the version that is used: the highest
 * that both speak. The layout is the same in all versions.
 */
import { wireFault } from "./fault.ts";
import { PROTOCOL_VERSION, type WireFault } from "./frame.ts";

export const PREFACE_FIRST_BYTE = 0xf8;
export const PREFACE_BYTES = 4;

/** 0xF8, `H`, `F`; the version follows. */
const MAGIC = [PREFACE_FIRST_BYTE, 0x48, 0x46] as const;

export interface Preface {
  readonly kind: "preface";
  /** From a client: the highest version it speaks. From a server: the version in use. */
  readonly version: number;
}

export function encodePreface(version: number = PROTOCOL_VERSION): Uint8Array {
  return Uint8Array.of(...MAGIC, version);
}

/**
 * Reads the preface at `start`; undefined while it is incomplete. Who decodes as a client refuses a
 * version above its own, because the server was told what the client speaks.
 */
export function readPreface(
  bytes: Uint8Array,
  start: number,
  end: number,
  role: "client" | "server",
): Preface | WireFault | undefined {
  for (let at = 0; at < MAGIC.length; at++) {
    if (start + at >= end) return undefined;
    if (bytes[start + at] === MAGIC[at]) continue;
    return wireFault("WRONG_DIALECT", "the first bytes are not the preface F8 48 46");
  }
  if (start + MAGIC.length >= end) return undefined;
  const version = bytes[start + MAGIC.length] as number;
  if (version === 0 || (role === "client" && version > PROTOCOL_VERSION)) {
    const detail = `version ${version} was named, this side speaks 1 to ${PROTOCOL_VERSION}`;
    return wireFault("VERSION_UNSUPPORTED", detail);
  }
  return { kind: "preface", version };
}
