/** Why TLS came to nothing: at both ends, in sentences that say what to fix. */
import { connect as connectTcp, createServer } from "node:net";
import { X509Certificate } from "node:crypto";
import { createServer as createTlsServer } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { listen } from "../../src/server/listen.ts";
import { AUTHORITY, identityOf, pemOf } from "../certificates/certificates.ts";
import { dial, fails, reaches, serve } from "./tls-world.ts";

const OTHER_AUTHORITY = pemOf("other-authority.pem");

/** A plain server of node:net or node:tls; returns its port. */
async function portOf(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

test("a certificate for another name", async () => {
  const { url } = await serve(identityOf("other"));
  const { code, sentence, attempts } = await fails(url());
  expect([code, attempts]).toEqual(["CERTIFICATE_INVALID", 1]);
  expect(sentence).toContain(
    `the certificate of ${url()} is for other.example, not for localhost: use a name of the ` +
      "certificate in the url, or set `tls.serverName`",
  );
  const link = dial(url(), { tls: { serverName: "other.example" } });
  const { tls } = await reaches(link, "online");
  expect(tls).toMatchObject({ isAuthorized: true, serverName: "other.example" });
});

test("an expired certificate, which the server has warned about", async () => {
  const { url, observed } = await serve(identityOf("expired"));
  const { code, sentence, attempts } = await fails(url());
  expect([code, attempts]).toEqual(["CERTIFICATE_INVALID", 1]);
  expect(sentence).toMatch(/expired \d+ days ago, on 2021-01-01: renew it$/);
  const text = expect.stringMatching(/CN=localhost expired \d+ days ago, on 2021-01-01/) as string;
  expect(observed).toContainEqual({ what: "warning", text });
});

test("a certificate that is not valid yet", async () => {
  const { url } = await serve(identityOf("not-yet"));
  const { code, sentence } = await fails(url());
  expect(code).toBe("CERTIFICATE_INVALID");
  expect(sentence).toMatch(/is valid only from 2110-01-01, in \d+ days: are the clocks of both/);
});

test("an authority that is not known", async () => {
  const { url, ended } = await serve();
  const end = ended();
  const { code, sentence, attempts } = await fails(url(), { tls: { ca: OTHER_AUTHORITY } });
  expect([code, attempts]).toEqual(["CERTIFICATE_INVALID", 1]);
  expect(sentence).toContain(
    "is from an authority that is not known here (O=Holdfast tests, CN=test authority): " +
      "add its authority by `tls.ca`",
  );
  expect(["PEER_VANISHED", "PEER_RESET"]).toContain((await end).code);
});

// Node 20 has null for names that it cannot read, and whoever split them threw inside an event.
test("a certificate whose names cannot be read ends nobody but its owner", async () => {
  const { key } = identityOf("localhost");
  const unreadable = { cert: withoutReadableNames(pemOf("localhost.pem")), key };
  const stranger = createTlsServer(unreadable, (socket) => socket.on("error", () => {}));
  const { code } = await fails(`tls://localhost:${await portOf(stranger)}`);
  expect(code).toBe("CERTIFICATE_INVALID");
  const served = await serve({ clientCertificates: "optional" });
  const shown = new Promise((resolve) => {
    served.server.on("connection", ({ tls }) => resolve(tls?.certificate));
  });
  await reaches(dial(served.url(), { tls: unreadable }), "online");
  expect(await shown).toMatchObject({ altNames: [], commonName: "localhost" });
});

/** The list of names is none any more: its type is another one. */
function withoutReadableNames(pem: string): string {
  const der = Buffer.from(new X509Certificate(pem).raw);
  const extension = der.indexOf(Buffer.from([0x06, 3, 0x55, 0x1d, 0x11])); // subjectAltName
  der[extension + 7] = 0x31;
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

test("a pin stands for authority and name; a wrong one is no pin", async () => {
  const { url } = await serve(identityOf("other"));
  const certificate = new X509Certificate(pemOf("other.pem"));
  const spki = certificate.publicKey.export({ type: "spki", format: "der" });
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(spki));
  const ofKey = `sha256/${Buffer.from(digest).toString("base64")}`;
  for (const pin of [certificate.fingerprint256, ofKey]) {
    const link = dial(url(), { tls: { ca: undefined, pins: [pin] } });
    expect((await reaches(link, "online")).tls?.isAuthorized).toBe(true);
    await link.close();
  }
  const other = new X509Certificate(pemOf("localhost.pem")).fingerprint256;
  const { code, sentence } = await fails(url(), { tls: { ca: undefined, pins: [other] } });
  expect(code).toBe("CERTIFICATE_INVALID");
  expect(sentence).toContain(
    `is none of \`tls.pins\`: its fingerprint is ${certificate.fingerprint256}`,
  );
  const both = { ca: AUTHORITY, pins: [certificate.fingerprint256] };
  expect((await fails(url(), { tls: both })).sentence).toContain("is for other.example, not for");
});

test("whoever accepts any certificate is told so each time", async () => {
  const { url } = await serve(identityOf("expired"));
  const warnings: string[] = [];
  const link = dial(url(), {
    tls: { allowAnyCertificate: true },
    observe: (one) => void (one.what === "warning" && warnings.push(one.text)),
  });
  const { tls } = await reaches(link, "online");
  expect(tls).toMatchObject({ isAuthorized: false });
  expect(tls?.certificateFault).toMatch(/^expired/);
  expect(warnings).toEqual([
    expect.stringMatching(/`tls.allowAnyCertificate` is in force.*expired \d+ days ago/),
  ]);
});

test("a plain server that answers a TLS client", async () => {
  const server = createServer((socket) => socket.on("error", () => {}).end("220 ready\r\n"));
  const port = await portOf(server);
  const { code, sentence, attempts } = await fails(`tls://localhost:${port}`);
  expect([code, attempts]).toEqual(["TLS_FAILED", 1]);
  expect(sentence).toContain(
    `tls://localhost:${port} does not speak TLS: it answered in plain text; ` +
      `use tcp://localhost:${port}`,
  );
});

for (const accept of [["line", "frame"], ["frame"]] as const) {
  test(`a plain Holdfast for ${accept.join(" and ")} tells a TLS client`, async () => {
    const server = await listen({ host: "127.0.0.1", port: 0, accept });
    onTestFinished(async () => await server.destroy());
    const end = new Promise((resolve) => server.on("end", (_, { code }) => resolve(code)));
    const url = server.urls[0]?.replace("tcp:", "tls:") ?? "";
    const { code, sentence, attempts } = await fails(url);
    expect([code, attempts]).toEqual(["TLS_FAILED", 1]);
    expect(sentence).toContain(`use ${server.urls[0]}`);
    expect(await end).toBe("TLS_FAILED");
  });
}

for (const scheme of ["tcp", "line"]) {
  test(`a ${scheme} client at a port for TLS is told so, and by our own url`, async () => {
    const { url, ended } = await serve();
    const end = ended();
    const link = dial(url(scheme));
    link.send("hello"); // A line client says nothing by itself until its first ping is due.
    const { code, sentence, attempts } = await link.ended;
    expect([code, attempts]).toEqual(["TLS_FAILED", 1]);
    const right = scheme === "tcp" ? url("tls") : url("line+tls");
    expect(sentence).toMatch(
      new RegExp(`the server speaks TLS; use ${right.replace("+", "\\+")}$`),
    );
    const record = await end;
    expect(record.code).toBe("TLS_FAILED");
    expect(record.sentence).toContain(
      "the peer does not speak TLS: its first bytes are plain text",
    );
  });
}

test("a person, and an HTTP client, read why", async () => {
  const { url } = await serve();
  const read = async (words: string): Promise<string> => {
    const socket = connectTcp(Number(new URL(url()).port), "127.0.0.1").setEncoding("latin1");
    let text = "";
    socket.on("data", (more) => (text += String(more))).on("error", () => {});
    socket.write(words);
    await new Promise((resolve) => socket.once("close", resolve));
    return text;
  };
  expect(await read("ping\n")).toContain("holdfast: this port speaks TLS: use tls://");
  expect(await read("GET / HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 .*This port speaks TLS/s);
});

test("a server that says nothing to a TLS client may speak something else", async () => {
  const port = await portOf(createServer((socket) => void socket.on("error", () => {})));
  const redial = { attemptTimeoutMs: 200, attemptsMax: 1 };
  const { lastCause } = await fails(`line+tls://localhost:${port}`, { redial });
  expect(lastCause?.code).toBe("DIAL_TIMEOUT");
  expect(lastCause?.hint).toContain(`does not speak TLS, use line://localhost:${port}`);
});

test("no version in common, seen from both ends", async () => {
  const old = createTlsServer({ ...identityOf("localhost"), maxVersion: "TLSv1.2" });
  const port = await portOf(old);
  const options = { tls: { minVersion: "TLSv1.3" } } as const;
  const { code, sentence, attempts } = await fails(`tls://localhost:${port}`, options);
  expect([code, attempts]).toEqual(["TLS_FAILED", 1]);
  expect(sentence).toContain("no version of TLS that is accepted here: look at `tls.minVersion`");
});

test("the handshake that is broken off is tried again", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {}).once("data", () => socket.resetAndDestroy());
  });
  const port = await portOf(server);
  const redial = { baseMs: 10, capMs: 20, attemptsMax: 3 };
  const { code, lastCause, attempts } = await fails(`tls://localhost:${port}`, { redial });
  expect([code, attempts, lastCause?.code]).toEqual(["REDIAL_EXHAUSTED", 3, "PEER_RESET"]);
});

test("a wrong certificate of our own is an option that is wrong", async () => {
  const { url } = await serve();
  const tls = { cert: pemOf("client.pem"), key: pemOf("localhost-key.pem") };
  const { code, sentence, attempts } = await fails(url(), { tls });
  expect([code, attempts]).toEqual(["OPTION_INVALID", 1]);
  expect(sentence).toContain("`key` the one of `cert`");
});
