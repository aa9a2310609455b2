/** The option `tls` of `connect`: whom to trust, and who we are. Pure, since links are. */
import { OptionReader } from "../../base/options.ts";
import { type Pem, readPem, readPems, readVersion, type TlsVersion } from "./pem-options.ts";

export interface TlsClientOptions {
  /**
   * Certificates of the authorities to trust, as PEM: instead of those that Node knows, not beside
   * them. Whoever has an authority of their own does not want every public one to vouch as well.
   *
   * @default those that Node knows
   */
  readonly ca?: Pem | readonly Pem[] | undefined;

  /** Our certificate, as PEM, and behind it those between it and an authority. */
  readonly cert?: Pem | undefined;

  /** The private key of `cert`, as PEM. */
  readonly key?: Pem | undefined;

  /** Opens an encrypted `key`. */
  readonly passphrase?: string | undefined;

  /**
   * The name that the server's certificate has to be for, and that it is told (SNI).
   *
   * @default the host of the url
   */
  readonly serverName?: string | undefined;

  /**
   * The oldest version of TLS that is spoken.
   *
   * @default "TLSv1.2": older ones are broken (RFC 8996)
   */
  readonly minVersion?: TlsVersion | undefined;

  /**
   * SHA-256 fingerprints of the certificates, or of their public keys, that are accepted: 64
   * hexadecimal digits, with or without colons, or `sha256/` and base64. A pin stands for
   * authority, name and time together, which is what devices with certificates of their own need;
   * where `ca` is given as well, both have to hold.
   *
   * @default none
   */
  readonly pins?: readonly string[] | undefined;

  /**
   * Accepts whoever answers, whatever certificate it has. For tests; it is warned about at each
   * connection that needed it. With a certificate of your own use `ca` or `pins` instead.
   *
   * @default false
   */
  readonly allowAnyCertificate?: boolean | undefined;
}

export interface TlsClientConfig {
  /** Undefined: those that the platform knows. */
  readonly ca: readonly Pem[] | undefined;
  readonly cert: Pem | undefined;
  readonly key: Pem | undefined;
  readonly passphrase: string | undefined;
  readonly serverName: string | undefined;
  readonly minVersion: TlsVersion;
  /** As 64 lower hexadecimal digits. */
  readonly pins: readonly string[];
  readonly allowAnyCertificate: boolean;
}

/** @throws HoldfastError `OPTION_INVALID` */
export function readTlsClient(name: string, value: unknown): TlsClientConfig {
  const read = new OptionReader(name, value as object | undefined);
  const cert = readPem(read, "cert");
  const key = readPem(read, "key");
  if ((cert === undefined) !== (key === undefined)) {
    throw read.refuse("`cert` and `key` belong together; give both, or none");
  }
  const serverName = optionalText(read, "serverName");
  if (serverName === "") throw read.refuse("`serverName` must be a name, got an empty one");
  const config: TlsClientConfig = {
    ca: readPems(read, "ca"),
    cert,
    key,
    passphrase: optionalText(read, "passphrase"),
    serverName,
    minVersion: readVersion(read),
    pins: readPins(read),
    allowAnyCertificate: read.boolean("allowAnyCertificate", false),
  };
  read.done();
  return config;
}

function optionalText(read: OptionReader, name: string): string | undefined {
  return read.value(name) === undefined ? undefined : read.text(name, "");
}

const PINS_MAX = 64;

function readPins(read: OptionReader): readonly string[] {
  const pins = read.value("pins");
  if (pins === undefined) return [];
  const list = Array.isArray(pins) ? pins.map(hexOfPin) : [undefined];
  if (list.length > 0 && list.length <= PINS_MAX && list.every((pin) => pin !== undefined)) {
    return list;
  }
  throw read.refuse(
    `\`pins\` must be a list of 1 to ${PINS_MAX} SHA-256 fingerprints: 64 hexadecimal digits, or ` +
      "sha256/ and 44 characters of base64",
  );
}

function hexOfPin(pin: unknown): string | undefined {
  if (typeof pin !== "string") return undefined;
  const hex = pin.replaceAll(":", "").toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  const base64 = /^sha256\/([A-Za-z0-9+/]{43})=?$/.exec(pin)?.[1];
  return base64 === undefined ? undefined : hexOfBase64(base64);
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** 43 characters hold 32 bytes; the last two bits are none. */
function hexOfBase64(text: string): string {
  let bits = "";
  for (const letter of text) bits += ALPHABET.indexOf(letter).toString(2).padStart(6, "0");
  let hex = "";
  for (let at = 0; at + 4 <= 256; at += 4)
    hex += Number.parseInt(bits.slice(at, at + 4), 2).toString(16);
  return hex;
}
