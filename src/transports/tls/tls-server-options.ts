/**
 * The option `tls` of `listen`: who we are, and whom we let in. Pure: files are read, and PEM is
 * parsed, by server-identities.ts.
 */
import { OptionReader } from "../../base/options.ts";
import { type Pem, readPem, readPems, readVersion, type TlsVersion } from "./pem-options.ts";

/** Whether clients are asked for a certificate, and have to have one. */
export type ClientCertificates = "none" | "optional" | "required";

/** A certificate and its key: as PEM, or as the paths of two files. */
export interface TlsIdentityOptions {
  /** Our certificate, as PEM, and behind it those between it and an authority. */
  readonly cert?: Pem | undefined;
  /** Its private key, as PEM. */
  readonly key?: Pem | undefined;
  /** The file of the certificate, instead of `cert`. */
  readonly certFile?: string | undefined;
  /** The file of the key, instead of `key`. */
  readonly keyFile?: string | undefined;
  /** Opens an encrypted key. */
  readonly passphrase?: string | undefined;
}

export interface TlsServerOptions extends TlsIdentityOptions {
  /**
   * Other certificates, by the host name that a client asks for (SNI): `chat.example.org`, or
   * `*.example.org` for every name directly below. At most 1,000.
   *
   * @default none: everybody is shown the same one
   */
  readonly hosts?: Readonly<Record<string, TlsIdentityOptions>> | undefined;

  /**
   * Certificates of the authorities that vouch for clients, as PEM.
   *
   * @default those that Node knows
   */
  readonly ca?: Pem | readonly Pem[] | undefined;

  /** The file of `ca`, instead of it. */
  readonly caFile?: string | undefined;

  /**
   * Whether clients are asked for a certificate. With "required" nobody comes in without one that
   * `ca` vouches for; with "optional" whoever has none, or a wrong one, comes in, and
   * `connection.tls.isAuthorized` is false. Plain peers of a `tcp+tls://` url have none at all, so
   * "required" is refused there.
   *
   * @default "none"
   */
  readonly clientCertificates?: ClientCertificates | undefined;

  /**
   * The oldest version of TLS that is spoken.
   *
   * @default "TLSv1.2": older ones are broken (RFC 8996)
   */
  readonly minVersion?: TlsVersion | undefined;

  /**
   * 48 secret bytes by which the tickets of clients are sealed. Give the same to several servers
   * behind one name, and clients resume their sessions at any of them.
   *
   * @default random ones: kept over reloads, and gone with the server
   */
  readonly ticketKeys?: Uint8Array | undefined;

  /**
   * Whether the files are looked at every two seconds, so that a renewed certificate is shown as
   * soon as certificate and key fit together. Open connections go on.
   *
   * @default true
   */
  readonly watchFiles?: boolean | undefined;
}

export interface TlsIdentityConfig {
  readonly cert: PemSource;
  readonly key: PemSource;
  readonly passphrase: string | undefined;
}

export type PemSource = { readonly pem: Pem } | { readonly file: string };

export interface TlsServerConfig {
  readonly standard: TlsIdentityConfig;
  readonly hosts: ReadonlyMap<string, TlsIdentityConfig>;
  /** Undefined: those that Node knows. */
  readonly ca: readonly PemSource[] | undefined;
  readonly clientCertificates: ClientCertificates;
  readonly minVersion: TlsVersion;
  /** Undefined: random ones. */
  readonly ticketKeys: Uint8Array | undefined;
  readonly watchFiles: boolean;
}

const TICKET_KEY_BYTES = 48;
const HOSTS_MAX = 1_000;

/** @throws HoldfastError `OPTION_INVALID` */
export function readTlsServer(name: string, value: unknown): TlsServerConfig {
  const read = new OptionReader(name, value as object | undefined);
  const config: TlsServerConfig = {
    standard: readIdentity(read),
    hosts: readHosts(read, name),
    ca: readAuthorities(read),
    clientCertificates: read.oneOf(
      "clientCertificates",
      ["none", "optional", "required"] as const,
      "none",
    ),
    minVersion: readVersion(read),
    ticketKeys: readTicketKeys(read),
    watchFiles: read.boolean("watchFiles", true),
  };
  read.done();
  return config;
}

/** What cannot be where plain peers come in by the same port; undefined if there is nothing. */
export function plainPeersFault(tls: TlsServerConfig | undefined): string | undefined {
  if (tls?.clientCertificates !== "required") return undefined;
  return (
    '`tls.clientCertificates` is "required", and plain peers of a tcp+tls:// url have none: ' +
    'listen on tls://, or take "optional" and ask each connection for `tls.isAuthorized`'
  );
}

function readIdentity(read: OptionReader): TlsIdentityConfig {
  const cert = readSource(read, "cert", readPem(read, "cert"));
  const key = readSource(read, "key", readPem(read, "key"));
  const passphrase =
    read.value("passphrase") === undefined ? undefined : read.text("passphrase", "");
  return { cert, key, passphrase };
}

function readSource(read: OptionReader, name: string, pem: Pem | undefined): PemSource {
  const file = readPath(read, `${name}File`);
  if (pem !== undefined && file !== undefined) {
    throw read.refuse(`\`${name}\` and \`${name}File\` exclude each other; give one`);
  }
  if (pem !== undefined) return { pem };
  if (file !== undefined) return { file };
  throw read.refuse(`\`${name}\` is missing: give it as PEM, or its file by \`${name}File\``);
}

function readPath(read: OptionReader, name: string): string | undefined {
  if (read.value(name) === undefined) return undefined;
  const path = read.text(name, "");
  if (path !== "" && !path.includes("\0")) return path;
  throw read.refuse(`\`${name}\` must be the path of a file`);
}

function readHosts(read: OptionReader, group: string): ReadonlyMap<string, TlsIdentityConfig> {
  const hosts = read.value("hosts");
  if (hosts === undefined) return new Map();
  if (typeof hosts !== "object" || hosts === null || Array.isArray(hosts)) {
    throw read.refuse("`hosts` must be an object: a host name, and its certificate and key");
  }
  const entries = Object.entries(hosts as Readonly<Record<string, unknown>>);
  if (entries.length > HOSTS_MAX) throw read.refuse(`\`hosts\` must have at most ${HOSTS_MAX}`);
  return new Map(
    entries.map(([given, value]) => {
      const host = given.toLowerCase();
      if (!/^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(host)) {
        throw read.refuse(
          `\`hosts\` has ${JSON.stringify(given.slice(0, 60))}; expected a name such as ` +
            "chat.example.org or *.example.org",
        );
      }
      const one = new OptionReader(`${group}.hosts["${host}"]`, value as object);
      const identity = readIdentity(one);
      one.done();
      return [host, identity] as const;
    }),
  );
}

function readAuthorities(read: OptionReader): readonly PemSource[] | undefined {
  const pems = readPems(read, "ca");
  const file = readPath(read, "caFile");
  if (pems !== undefined && file !== undefined) {
    throw read.refuse("`ca` and `caFile` exclude each other; give one");
  }
  if (file !== undefined) return [{ file }];
  return pems?.map((pem) => ({ pem }));
}

function readTicketKeys(read: OptionReader): Uint8Array | undefined {
  const keys = read.value("ticketKeys");
  if (keys === undefined) return undefined;
  if (keys instanceof Uint8Array && keys.length === TICKET_KEY_BYTES) return keys;
  throw read.refuse(`\`ticketKeys\` must be ${TICKET_KEY_BYTES} bytes`);
}
