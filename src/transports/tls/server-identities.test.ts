/** Wrong certificates and keys are refused before anything listens, in sentences that help. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  certificatePath,
  filesOf as filesNamed,
  identityOf,
  pemOf,
} from "../../../test/certificates/certificates.ts";
import { tempFolder } from "../../../test/support/temp-folder.ts";
import { isHoldfastError } from "../../base/errors.ts";
import { filesOf, readIdentities } from "./server-identities.ts";
import { readTlsServer, type TlsServerOptions } from "./tls-server-options.ts";

function refusalOf(options: TlsServerOptions): string {
  try {
    readIdentities(readTlsServer("listen.tls", options), "listen.tls");
  } catch (error) {
    if (isHoldfastError(error) && error.code === "OPTION_INVALID") return error.message;
    throw error;
  }
  return "nothing was refused";
}

const { cert, key } = identityOf("localhost");

test("what fits together is read, as text, as bytes, and from files", () => {
  const bytes = { cert: Buffer.from(cert), key: new Uint8Array(Buffer.from(key)) };
  for (const options of [{ cert, key }, bytes, filesNamed("localhost")]) {
    const { inForce, warnings } = readIdentities(readTlsServer("tls", options), "tls");
    expect(inForce).toMatchObject([{ commonName: "localhost", host: undefined }]);
    expect(warnings).toEqual([]);
  }
  const config = readTlsServer("tls", { ...filesNamed("localhost"), caFile: "/ca.pem" });
  const { certFile, keyFile } = filesNamed("localhost");
  expect(filesOf(config)).toEqual([certFile, keyFile, "/ca.pem"]);
});

test("a key of another certificate", () => {
  expect(refusalOf({ cert, key: identityOf("other").key })).toBe(
    "listen.tls: `key` is not the key of `cert`; give the key that the certificate was made for",
  );
  const { certFile } = filesNamed("localhost");
  const { keyFile } = filesNamed("other");
  expect(refusalOf({ certFile, keyFile })).toContain(
    `\`keyFile\` ${keyFile} is not the key of \`certFile\` ${certFile}`,
  );
});

test("a file that is not there, and a path where PEM is expected", () => {
  expect(refusalOf({ certFile: "/nowhere/cert.pem", key })).toBe(
    "listen.tls: `certFile` /nowhere/cert.pem cannot be read (ENOENT); give the path of a file " +
      "that is there, and that this user may read",
  );
  expect(refusalOf({ certFile: tempFolder(), key })).toContain("cannot be read (EISDIR)");
  expect(refusalOf({ cert: "/etc/ssl/cert.pem", key })).toContain(
    "`cert` must be PEM as text or bytes (it begins with -----BEGIN)",
  );
});

test("a key where the certificate should be, and the other way round", () => {
  expect(refusalOf({ cert: key, key })).toContain(
    "`cert` must hold a certificate as PEM (-----BEGIN CERTIFICATE-----), got a private key, and",
  );
  expect(refusalOf({ cert, key: cert })).toContain("`key` must hold a private key as PEM");
  expect(refusalOf({ cert, key: cert })).toContain("got a certificate");
  const folder = tempFolder();
  const keyFile = join(folder, "key.pem");
  writeFileSync(keyFile, "not a key");
  expect(refusalOf({ cert, keyFile })).toContain(`\`keyFile\` ${keyFile} must hold a private key`);
});

test("an encrypted key without its passphrase, and with a wrong one", () => {
  const keyFile = certificatePath("encrypted-key.pem");
  const missing = `\`keyFile\` ${keyFile} is encrypted; give its \`passphrase\``;
  expect(refusalOf({ cert, keyFile })).toContain(missing);
  const wrong = refusalOf({ cert, keyFile, passphrase: "let me in" });
  expect(wrong).toContain("`passphrase` does not open");
  expect(wrong).not.toContain("let me in");
  expect(refusalOf({ cert, keyFile, passphrase: "open-sesame" })).toBe("nothing was refused");
});

test("what is missing, twice there, or unknown", () => {
  expect(refusalOf({ key })).toContain("`cert` is missing: give it as PEM, or its file by");
  expect(refusalOf({ cert })).toContain("`key` is missing");
  expect(refusalOf({ cert, key, keyFile: "/x" })).toContain("`key` and `keyFile` exclude each");
  expect(refusalOf({ cert, key, ca: cert, caFile: "/x" })).toContain("`ca` and `caFile` exclude");
  expect(refusalOf({ cert, key, ticketKeys: new Uint8Array(16) })).toContain("must be 48 bytes");
  expect(refusalOf({ cert, key, hosts: { "*.*": { cert, key } } })).toContain('has "*.*"');
  expect(refusalOf({ cert, key, hosts: { "a.example": { cert } } })).toContain(
    'listen.tls.hosts["a.example"]: `key` is missing',
  );
  expect(refusalOf({ cert, key, clientCertificates: "maybe" as "none" })).toContain(
    '`clientCertificates` must be one of "none", "optional", "required"',
  );
  expect(refusalOf({ cert, key, cipher: "x" } as TlsServerOptions)).toContain(
    "`cipher` is not an option",
  );
});

test("what is in force and should not be is warned about", () => {
  const warningsOf = (name: "expired" | "not-yet"): readonly string[] =>
    readIdentities(readTlsServer("listen.tls", identityOf(name)), "listen.tls").warnings;
  expect(warningsOf("expired")).toEqual([
    expect.stringMatching(/^listen\.tls: .*CN=localhost expired \d+ days ago, on 2021-01-01: cl/),
  ]);
  expect(warningsOf("not-yet")).toEqual([expect.stringContaining("is valid only from 2110-01-01")]);
});

test("an authority that is none", () => {
  expect(refusalOf({ cert, key, ca: pemOf("localhost-key.pem") })).toContain(
    "`ca` must hold a certificate as PEM",
  );
});
