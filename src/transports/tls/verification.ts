/**
 * Whether a server is who it has to be, and if not, what to do about it.
 *
 * Node has checked the chain up to an authority, the time and the name; it says what it found by
 * one code. A pin stands for all of that: whoever has that very key or certificate is the one who
 * is meant. Easy to break: nothing but `authorized`, a matching pin, or the option that says so by
 * its name lets anybody pass.
 */
import { createHash, type X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { HoldfastError } from "../../base/errors.ts";
import { printable } from "../../base/printable.ts";
import { certificateFacts, readable } from "./tls-facts.ts";
import { sayTimes } from "./certificate-words.ts";

export interface Requirements {
  /** The name, or the address, that the certificate has to be for. */
  readonly name: string;
  readonly url: string;
  /** Undefined: none were given. */
  readonly pins: Pins | undefined;
  /** Whether anybody at all is let pass. */
  readonly anybody: boolean;
}

/** `withAuthority`: the rest of the check has to hold, too. */
export interface Pins {
  readonly values: ReadonlySet<string>;
  readonly withAuthority: boolean;
}

export interface Judgement {
  /** Undefined: it may go on. */
  readonly fault: HoldfastError | undefined;
  readonly isAuthorized: boolean;
  readonly certificateFault: string | undefined;
  readonly warning: string | undefined;
}

export function judge(
  socket: TLSSocket,
  certificate: X509Certificate | undefined,
  wanted: Requirements,
): Judgement {
  const why = socket.authorized ? undefined : faultWords(socket, certificate, wanted.name);
  const certificateFault = why ?? pinFault(certificate, wanted.pins);
  const { pins } = wanted;
  const isPinned = pins !== undefined && pinFault(certificate, pins) === undefined;
  const mayPass = isPinned && (why === undefined || !pins.withAuthority);
  const isAuthorized = mayPass || certificateFault === undefined;
  if (isAuthorized) {
    return { fault: undefined, isAuthorized, certificateFault: undefined, warning: undefined };
  }
  const byPinAlone = pins !== undefined && !pins.withAuthority;
  const words = (byPinAlone ? pinFault(certificate, pins) : certificateFault) ?? "";
  const sentence = `the certificate of ${wanted.url} ${words}`;
  if (!wanted.anybody) {
    const fault = new HoldfastError("CERTIFICATE_INVALID", sentence);
    return { fault, isAuthorized, certificateFault: words, warning: undefined };
  }
  const warning = `\`tls.allowAnyCertificate\` is in force, so what is wrong passes: ${sentence}`;
  return { fault: undefined, isAuthorized, certificateFault: words, warning };
}

/** What a pin is compared with: the certificate as a whole, and its public key. */
function pinFault(
  certificate: X509Certificate | undefined,
  pins: Pins | undefined,
): string | undefined {
  if (pins === undefined) return undefined;
  if (certificate === undefined) return "was not shown";
  const { fingerprint256 } = certificateFacts(certificate);
  const fingerprint = fingerprint256.replaceAll(":", "").toLowerCase();
  const spki = readable(() => certificate.publicKey.export({ type: "spki", format: "der" }));
  const ofKey = spki && createHash("sha256").update(spki).digest("hex");
  const isKnown = ofKey !== undefined && pins.values.has(ofKey);
  if (isKnown || pins.values.has(fingerprint)) return undefined;
  return (
    `is none of \`tls.pins\`: its fingerprint is ${fingerprint256}; if the server ` +
    "has a new certificate, add that"
  );
}

function faultWords(
  socket: TLSSocket,
  certificate: X509Certificate | undefined,
  name: string,
): string {
  const code = String(socket.authorizationError);
  if (certificate === undefined) return "was not shown";
  const { altNames, commonName, issuer, validFromWallMs, validToWallMs } =
    certificateFacts(certificate);
  switch (code) {
    case "ERR_TLS_CERT_ALTNAME_INVALID": {
      const names = printable(sayNames(altNames, commonName));
      return (
        `is for ${names}, not for ${name}: use a name of the certificate in the url, or set ` +
        "`tls.serverName`"
      );
    }
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return sayTimes(validFromWallMs, validToWallMs, Date.now());
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
      return "is signed by itself: add it by `tls.ca`, or its fingerprint by `tls.pins`";
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
      return (
        `is from an authority that is not known here (${printable(issuer)}): add its authority ` +
        "by `tls.ca`; if that is known, the server does not send the certificates between"
      );
    case "CERT_REVOKED":
      return "has been revoked: the server needs a new one";
    case "INVALID_PURPOSE":
      return "is not for servers: it has to allow TLS Web Server Authentication";
    default:
      return `is not accepted (${printable(code)})`;
  }
}

function sayNames(altNames: readonly string[], commonName: string): string {
  const names = altNames.map((one) => one.replace(/^(?:DNS|IP Address):/, ""));
  if (names.length === 0) return commonName === "" ? "nobody by name" : commonName;
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return `${names.slice(0, 5).join(", ")}${more}`;
}
