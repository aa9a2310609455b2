/** The option `tls` of `listen`: who we are, and whom we let in. */
import { OptionReader } from "../../base/options.ts";

export interface TlsServerOptions {
  /** Our certificate, as PEM, and behind it those between it and an authority. */
  readonly cert: string;
  /** Its private key, as PEM. */
  readonly key: string;
}

export interface TlsServerConfig {
  readonly cert: string;
  readonly key: string;
}

/** @throws HoldfastError `OPTION_INVALID` */
export function readTlsServer(name: string, value: unknown): TlsServerConfig {
  const read = new OptionReader(name, value as object | undefined);
  const config = { cert: read.text("cert", ""), key: read.text("key", "") };
  read.done();
  return config;
}
