/** The certificates of the tests. make.sh made them, once. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/house.ts";

export type CertificateName =
  | "localhost"
  | "renewed"
  | "other"
  | "wildcard"
  | "expired"
  | "not-yet"
  | "client"
  | "expired-client"
  | "strange-client";

export function certificatePath(file: string): string {
  return join(ROOT, "test/certificates", file);
}

export function pemOf(file: string): string {
  return readFileSync(certificatePath(file), "utf8");
}

/** A certificate and its key. */
export function identityOf(name: CertificateName): { readonly cert: string; readonly key: string } {
  return { cert: pemOf(`${name}.pem`), key: pemOf(`${name}-key.pem`) };
}

/** The same as paths. */
export function filesOf(name: CertificateName): {
  readonly certFile: string;
  readonly keyFile: string;
} {
  return { certFile: certificatePath(`${name}.pem`), keyFile: certificatePath(`${name}-key.pem`) };
}

/** What vouches for all of them but the strange client. */
export const AUTHORITY: string = pemOf("authority.pem");
