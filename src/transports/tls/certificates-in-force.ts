/** What a server needs of its certificates. Pure: those of server-certificates.ts read files. */
import type { CertificateFacts } from "../transport.ts";
import type { TlsServerConfig } from "./tls-server-options.ts";

/** A certificate that newcomers are shown. */
export interface CertificateInForce extends CertificateFacts {
  /** For whom it is shown, as in `hosts`; undefined: for everybody else. */
  readonly host: string | undefined;
}

export interface CertificateStore {
  /** The certificate for everybody first. */
  readonly inForce: readonly CertificateInForce[];
  /** Looks at the files from now on; keeps no process alive. */
  watch(): Promise<void>;
  /** Reads the files again, or takes other values. What was in force stays so if this rejects. */
  reload(tls?: TlsServerConfig): Promise<readonly CertificateInForce[]>;
  close(): void;
}
