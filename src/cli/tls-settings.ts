/** The settings of TLS that whoever dials has, and the files that they name. */
import { readFileSync } from "node:fs";
import { printable } from "../base/printable.ts";
import type { TlsClientOptions } from "../transports/tls/tls-client-options.ts";
import { path, word } from "./kinds.ts";
import type { Environment, SettingsTable } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

export interface TlsClientSettings {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
}

export const TLS_CLIENT_SETTINGS: SettingsTable<TlsClientSettings> = {
  ca: {
    flag: "tls-ca",
    kind: path,
    fallback: undefined,
    shown: "those that Node knows",
    help: "for tls:// urls: the authorities to trust, as PEM, instead of those that Node knows",
  },
  cert: {
    flag: "tls-cert",
    kind: path,
    fallback: undefined,
    shown: "",
    help: "our certificate as PEM, for a server that wants one",
  },
  key: {
    flag: "tls-key",
    kind: path,
    fallback: undefined,
    shown: "",
    help: "its private key as PEM; HOLDFAST_TLS_PASSPHRASE opens an encrypted one",
  },
  serverName: {
    flag: "tls-server-name",
    kind: word,
    fallback: undefined,
    shown: "the host of the url",
    help: "the name that the server's certificate has to be for",
  },
};

/** @throws UsageError for a file that cannot be read, naming the flag. */
export function tlsClientOptions(
  { ca, cert, key, serverName }: TlsClientSettings,
  env: Environment,
): TlsClientOptions {
  const passphrase = env["HOLDFAST_TLS_PASSPHRASE"];
  return {
    ca: readPemFile("--tls-ca", ca),
    cert: readPemFile("--tls-cert", cert),
    key: readPemFile("--tls-key", key),
    serverName,
    passphrase: passphrase === "" ? undefined : passphrase,
  };
}

function readPemFile(flag: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? printable(cause.message) : "an unknown error";
    throw new UsageError(`${flag}: expected a file that can be read, got ${why}`, { cause });
  }
}
