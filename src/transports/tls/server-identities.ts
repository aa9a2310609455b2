/**
 * Reads certificates and keys, and makes sure that they fit, before anybody is shown them.
 *
 * Every refusal names the option, the file, and what to do. Nothing of a key, or of a file that was
 * taken for one, is in any sentence.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { HoldfastError } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";
import type { CertificateFacts } from "../transport.ts";
import type { CertificateInForce } from "./certificates-in-force.ts";
import { sayDate, sayDays } from "./certificate-words.ts";
import type { TlsIdentity } from "./server-contexts.ts";
import { certificateFacts } from "./tls-facts.ts";
import type { PemSource, TlsIdentityConfig, TlsServerConfig } from "./tls-server-options.ts";

export interface ReadIdentities {
  readonly standard: TlsIdentity;
  readonly hosts: ReadonlyMap<string, TlsIdentity>;
  readonly ca: readonly string[] | undefined;
  readonly inForce: readonly CertificateInForce[];
  /** Sentences about what is in force and should not be. */
  readonly warnings: readonly string[];
}

/** `group` names the options in sentences, such as `listen.tls`. */
export function readIdentities(config: TlsServerConfig, group: string): ReadIdentities {
  const inForce: CertificateInForce[] = [];
  const warnings: string[] = [];
  const read = (one: TlsIdentityConfig, host: string | undefined): TlsIdentity => {
    const name = host === undefined ? group : `${group}.hosts["${host}"]`;
    const { identity, facts } = readIdentity(one, name);
    inForce.push({ host, ...facts });
    const warning = timeWarning(facts, Date.now());
    if (warning !== undefined) warnings.push(`${name}: ${warning}`);
    return identity;
  };
  const standard = read(config.standard, undefined);
  const hosts = new Map([...config.hosts].map(([host, one]) => [host, read(one, host)] as const));
  const ca = config.ca?.map((source) => readAuthority(source, group));
  return { standard, hosts, ca, inForce, warnings };
}

/** Every file that is read, for whoever watches them. */
export function filesOf(config: TlsServerConfig): readonly string[] {
  const identities = [config.standard, ...config.hosts.values()];
  const sources = [...identities.flatMap(({ cert, key }) => [cert, key]), ...(config.ca ?? [])];
  return [...new Set(sources.flatMap((source) => ("file" in source ? [source.file] : [])))];
}

function readIdentity(
  config: TlsIdentityConfig,
  group: string,
): { readonly identity: TlsIdentity; readonly facts: CertificateFacts } {
  const { passphrase } = config;
  const cert = readSource(config.cert, "cert", group);
  const key = readSource(config.key, "key", group);
  const certificate = parseCertificate(cert, config.cert, "cert", group);
  const privateKey = parseKey(key, config, group);
  if (!certificate.checkPrivateKey(privateKey)) {
    throw refuse(
      group,
      `${nameOf(config.key, "key")} is not the key of ${nameOf(config.cert, "cert")}; give the ` +
        "key that the certificate was made for",
    );
  }
  return { identity: { cert, key, passphrase }, facts: certificateFacts(certificate) };
}

function readAuthority(source: PemSource, group: string): string {
  const pem = readSource(source, "ca", group);
  parseCertificate(pem, source, "ca", group);
  return pem;
}

function readSource(source: PemSource, option: string, group: string): string {
  if ("pem" in source) {
    return typeof source.pem === "string" ? source.pem : Buffer.from(source.pem).toString("latin1");
  }
  try {
    return readFileSync(source.file, "latin1");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    const advice =
      code === "EACCES"
        ? "let this user read it"
        : "give the path of a file that is there, and that this user may read";
    throw refuse(group, `${nameOf(source, option)} cannot be read (${code}); ${advice}`, cause);
  }
}

function parseCertificate(
  pem: string,
  source: PemSource,
  option: string,
  group: string,
): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    const has = pem.includes("PRIVATE KEY")
      ? "a private key, and no certificate"
      : "something else";
    throw refuse(
      group,
      `${nameOf(source, option)} must hold a certificate as PEM ` +
        `(-----BEGIN CERTIFICATE-----), got ${has}`,
      cause,
    );
  }
}

function parseKey(pem: string, { key, passphrase }: TlsIdentityConfig, group: string): KeyObject {
  const name = nameOf(key, "key");
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (cause) {
    if (pem.includes("ENCRYPTED")) {
      const why =
        passphrase === undefined
          ? `${name} is encrypted; give its \`passphrase\``
          : `\`passphrase\` does not open ${name}; give the one that it was encrypted with`;
      throw refuse(group, why, cause);
    }
    const has = pem.includes("BEGIN CERTIFICATE") ? "a certificate" : "something else";
    throw refuse(
      group,
      `${name} must hold a private key as PEM (-----BEGIN PRIVATE KEY-----), got ${has}`,
      cause,
    );
  }
}

function nameOf(source: PemSource, option: string): string {
  return "file" in source ? `\`${option}File\` ${printable(source.file)}` : `\`${option}\``;
}

function refuse(group: string, sentence: string, cause?: unknown): HoldfastError {
  return new HoldfastError("OPTION_INVALID", `${group}: ${sentence}`, { cause });
}

/** Renewal usually begins a month before the end; who has less than this has missed it. */
const ENDS_SOON_MS = 14 * 86_400_000;

function timeWarning(facts: CertificateFacts, nowMs: number): string | undefined {
  const { validFromWallMs, validToWallMs, subject } = facts;
  const what = `the certificate of ${printable(subject)}`;
  if (nowMs > validToWallMs) {
    const since = `${sayDays(nowMs - validToWallMs)} ago, on ${sayDate(validToWallMs)}`;
    return `${what} expired ${since}: clients refuse it; renew it`;
  }
  if (nowMs < validFromWallMs) {
    return `${what} is valid only from ${sayDate(validFromWallMs)}: clients refuse it until then`;
  }
  if (validToWallMs - nowMs < ENDS_SOON_MS) {
    return `${what} expires in ${sayDays(validToWallMs - nowMs)}, on ${sayDate(validToWallMs)}`;
  }
  return undefined;
}
