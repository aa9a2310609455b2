import { expect, test } from "vitest";
import { isHoldfastError } from "../../base/errors.ts";
import { readTlsClient, type TlsClientOptions } from "./tls-client-options.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
const HEX = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

function refusalOf(options: TlsClientOptions): string {
  try {
    readTlsClient("tls", options);
  } catch (error) {
    if (isHoldfastError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "nothing was refused";
}

test("the defaults are those that the documents tell", () => {
  expect(readTlsClient("tls", undefined)).toEqual({
    ca: undefined,
    cert: undefined,
    key: undefined,
    passphrase: undefined,
    serverName: undefined,
    minVersion: "TLSv1.2",
    pins: [],
    allowAnyCertificate: false,
  });
});

test("a pin is read in each of its forms", () => {
  const colons = HEX.toUpperCase().replaceAll(/(..)(?=.)/g, "$1:");
  const base64 = `sha256/${Buffer.from(HEX, "hex").toString("base64")}`;
  expect(readTlsClient("tls", { pins: [HEX, colons, base64] }).pins).toEqual([HEX, HEX, HEX]);
  for (const pin of [HEX.slice(2), "sha1/AAAA", `${HEX}00`]) {
    expect(refusalOf({ pins: [pin] })).toContain("OPTION_INVALID tls: `pins` must be a list of 1");
  }
  expect(refusalOf({ pins: [] })).toContain("`pins` must be");
});

test("one authority or several; a certificate only with its key", () => {
  expect(readTlsClient("tls", { ca: PEM }).ca).toEqual([PEM]);
  expect(readTlsClient("tls", { ca: [PEM, PEM] }).ca).toHaveLength(2);
  expect(refusalOf({ ca: "/etc/ssl/ca.pem" })).toContain("it begins with -----BEGIN");
  expect(refusalOf({ cert: PEM })).toContain("`cert` and `key` belong together");
  expect(refusalOf({ serverName: "" })).toContain("`serverName` must be a name");
  expect(refusalOf({ rejectUnauthorized: false } as TlsClientOptions)).toContain(
    "`rejectUnauthorized` is not an option",
  );
});

test("a key that is no PEM is not shown", () => {
  const message = refusalOf({ cert: PEM, key: "secret" });
  expect(message).toContain("`key` must be PEM");
  expect(message).not.toContain("secret");
});
