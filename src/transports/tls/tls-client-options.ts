/** The option `tls` of `connect`: whom to trust, and who we are. Pure, since links are. */
import { OptionReader } from "../../base/options.ts";

export interface TlsClientOptions {
  /**
   * Certificates of the authorities to trust, as PEM, instead of those that Node knows.
   *
   * @default those that Node knows
   */
  readonly ca?: string | undefined;
}

export interface TlsClientConfig {
  readonly ca: string | undefined;
}

/** @throws HoldfastError `OPTION_INVALID` */
export function readTlsClient(name: string, value: unknown): TlsClientConfig {
  const read = new OptionReader(name, value as object | undefined);
  const ca = read.value("ca") === undefined ? undefined : read.text("ca", "");
  read.done();
  return { ca };
}
