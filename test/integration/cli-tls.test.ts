/** TLS on the command line: what is shown, how certificates are renewed, and what is refused. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { certificatePath, filesOf } from "../certificates/certificates.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { holdfast, type Running } from "./cli-harness.ts";

const AUTHORITY = certificatePath("authority.pem");

function identityFlags(name: Parameters<typeof filesOf>[0]): readonly string[] {
  const { certFile, keyFile } = filesOf(name);
  return ["--tls-cert", certFile, "--tls-key", keyFile];
}

async function serving(
  ...flags: readonly string[]
): Promise<{ readonly server: Running; readonly url: string }> {
  const server = holdfast(["serve", "--listen", "tls://127.0.0.1:0", ...flags]);
  const [, port = ""] = await server.says(/tls:\/\/127\.0\.0\.1:(\d+)/);
  return { server, url: `tls://localhost:${port}` };
}

test("serve and connect speak over TLS; the start names the certificate", async () => {
  const { server, url } = await serving(...identityFlags("localhost"), "--echo");
  await server.says(
    /certificate: O=Holdfast tests, CN=localhost, valid until 2120-01-01 \(\d+ days/,
  );
  await server.says(/kernel: {6}keepalive/);
  expect(server.stdout()).toContain("openssl s_client -quiet -connect 127.0.0.1:");
  const client = holdfast(["connect", url, "--tls-ca", AUTHORITY]);
  client.stdin.write("hello\n");
  await client.says(/hello/);
  client.stdin.end();
  expect(await client.exitCode).toBe(0);
});

test("SIGHUP reads the files again, and says what is in force", async () => {
  const folder = tempFolder();
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const put = (name: string): void => {
    copyFileSync(certificatePath(`${name}.pem`), cert);
    copyFileSync(certificatePath(`${name}-key.pem`), key);
  };
  put("localhost");
  const { server, url } = await serving("--tls-cert", cert, "--tls-key", key, "--echo");
  const client = holdfast(["connect", url, "--tls-ca", AUTHORITY]);
  client.stdin.write("before\n");
  await client.says(/before/);
  put("renewed");
  server.signal("SIGHUP");
  await server.says(/new certificate in force: .*CN=localhost.*renewed, valid until 2120-01-01/);
  server.signal("SIGHUP");
  await server.says(/read again, and the same as before: .*CN=localhost.*renewed, valid until/);
  copyFileSync(certificatePath("other-key.pem"), key);
  server.signal("SIGHUP");
  await server.says(/the certificate in force stays: .*is not the key of/);
  client.stdin.write("after\n");
  await client.says(/after/);
});

test("client certificates are asked for, and shown", async () => {
  const flags = ["--tls-ca", AUTHORITY, "--tls-client-certificates", "required"];
  const { server, url } = await serving(...identityFlags("localhost"), ...flags, "--json");
  const nobody = holdfast(["connect", url, "--tls-ca", AUTHORITY]);
  expect(await nobody.exitCode).toBe(1);
  expect(nobody.stderr()).toContain("wants a certificate from its clients: set --tls-cert and");
  const client = holdfast(["connect", url, "--tls-ca", AUTHORITY, ...identityFlags("client")]);
  await client.says(/online/);
  server.signal("SIGUSR2");
  await server.says(/"event":"row".*"tls":"TLSv1\.3","identity":"device 7"/);
});

test("complaints are told in terms of flags", async () => {
  const refused = async (...argv: readonly string[]): Promise<string> => {
    const command = holdfast(argv);
    expect(await command.exitCode).not.toBe(0);
    return command.stderr().trim();
  };
  const listen = ["serve", "--listen", "tls://127.0.0.1:0"];
  expect(await refused(...listen)).toBe(
    "holdfast: --listen: a tls://, tcp+tls:// or wss:// url needs --tls-cert and --tls-key",
  );
  const { certFile } = filesOf("localhost");
  expect(await refused(...listen, "--tls-cert", certFile)).toMatch(/--tls-key|`key`/);
  const wrong = ["--tls-cert", certFile, "--tls-key", filesOf("other").keyFile];
  expect(await refused(...listen, ...wrong)).toMatch(
    /^holdfast: --tls-key .*other-key\.pem is not the key of --tls-cert .*localhost\.pem; give/,
  );
  const gone = ["--tls-cert", "/nowhere/cert.pem", "--tls-key", filesOf("other").keyFile];
  expect(await refused(...listen, ...gone)).toMatch(
    /--tls-cert \/nowhere\/cert\.pem cannot be read \(ENOENT\)/,
  );
  expect(await refused("connect", "tls://localhost:1", "--tls-ca", "/nowhere")).toMatch(
    /^holdfast: --tls-ca: expected a file that can be read/,
  );
});

test("a certificate that is not accepted ends the command at once, with what to do", async () => {
  const { url } = await serving(...identityFlags("other"));
  const client = holdfast(["connect", url, "--tls-ca", AUTHORITY]);
  expect(await client.exitCode).toBe(1);
  expect(client.stderr()).toContain("or set --tls-server-name");
  const named = holdfast([
    "connect",
    url,
    "--tls-ca",
    AUTHORITY,
    "--tls-server-name",
    "other.example",
  ]);
  await named.says(/online/);
});
