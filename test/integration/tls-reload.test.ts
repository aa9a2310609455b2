/** A certificate is renewed while connections are open: nobody notices but newcomers. */
import { copyFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Observation } from "../../src/base/observation.ts";
import type { Link } from "../../src/client/link.ts";
import { ServerCertificates } from "../../src/transports/tls/server-certificates.ts";
import { readTlsServer } from "../../src/transports/tls/tls-server-options.ts";
import { certificatePath, identityOf, pemOf } from "../certificates/certificates.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { dial, reaches, type Served, serve, until } from "./tls-world.ts";

/** Who a newcomer is shown. */
async function shown(served: Served): Promise<string | undefined> {
  const link = dial(served.url());
  const { tls } = await reaches(link, "online");
  await link.close();
  return tls?.certificate?.commonName;
}

/** Sends, and waits until the server has said it back. */
async function echo(link: Link, text: string): Promise<void> {
  const heard = new Promise((resolve) => link.on("message", resolve));
  link.send(text);
  expect(await heard).toBe(text);
}

/** The same two files in a folder of their own, to be replaced. */
function files(): { readonly certFile: string; readonly keyFile: string } {
  const folder = tempFolder({ "cert.pem": "", "key.pem": "" });
  const paths = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
  put("localhost", "cert", paths);
  put("localhost", "key", paths);
  return paths;
}

function put(
  name: "localhost" | "renewed",
  which: "cert" | "key",
  paths: { readonly certFile: string; readonly keyFile: string },
): void {
  const file = which === "cert" ? paths.certFile : paths.keyFile;
  copyFileSync(certificatePath(`${name}${which === "cert" ? "" : "-key"}.pem`), `${file}.new`);
  renameSync(`${file}.new`, file);
}

test("a reload by call: newcomers get the new one, whoever is here goes on", async () => {
  const served = await serve({}, { reconnectWindowMs: 0 });
  served.server.on("message", (connection, data) => connection.send(data));
  const links = Array.from({ length: 5 }, () => dial(served.url()));
  await Promise.all(links.map((link) => reaches(link, "online")));
  for (const link of links) await echo(link, "before");
  const inForce = await served.server.reloadTls(identityOf("renewed"));
  expect(inForce).toMatchObject([{ commonName: "localhost, renewed", host: undefined }]);
  expect(served.server.certificates()).toEqual(inForce);
  expect(await shown(served)).toBe("localhost, renewed");
  for (const link of links) await echo(link, "after");
  expect(served.server.stats()).toMatchObject({ open: 5, ended: { CLOSED_BY_PEER: 1 } });
  expect(served.observed).toContainEqual({
    what: "tls-reloaded",
    subject: "O=Holdfast tests, CN=localhost\\, renewed",
    fingerprint256: inForce[0]?.fingerprint256,
    validToWallMs: Date.UTC(2120, 0, 1),
    changed: true,
  });
  await served.server.reloadTls(identityOf("renewed"));
  expect(served.observed.at(-1)).toMatchObject({ what: "tls-reloaded", changed: false });
});

test("sessions from before a reload are resumed after it", async () => {
  const served = await serve({}, { reconnectWindowMs: 0 });
  served.server.on("message", (connection) => connection.destroy());
  const link = dial(served.url());
  await reaches(link, "online");
  await served.server.reloadTls(identityOf("renewed"));
  link.send("drop me");
  expect((await reaches(link, "online")).tls).toMatchObject({ isResumed: true });
});

test("with other authorities for clients no session of before is resumed", async () => {
  const authorities = { clientCertificates: "required", ca: pemOf("authority.pem") } as const;
  const served = await serve(authorities, { reconnectWindowMs: 0 });
  served.server.on("message", (connection) => connection.destroy());
  const link = dial(served.url(), { tls: identityOf("client") });
  await reaches(link, "online");
  const others = { clientCertificates: "required", ca: pemOf("other-authority.pem") } as const;
  await served.server.reloadTls({ ...identityOf("localhost"), ...others });
  const end = new Promise((resolve) => {
    served.server.on(
      "end",
      (_, { code }) => void (code === "CERTIFICATE_INVALID" && resolve(code)),
    );
  });
  link.send("drop me");
  expect(await end).toBe("CERTIFICATE_INVALID");
});

test("a reload that cannot be keeps the old one, and says why", async () => {
  const served = await serve();
  const wrong = { cert: pemOf("localhost.pem"), key: pemOf("other-key.pem") };
  await expect(served.server.reloadTls(wrong)).rejects.toMatchObject({
    code: "OPTION_INVALID",
    message: expect.stringContaining("reloadTls: `key` is not the key of `cert`") as string,
  });
  expect(await shown(served)).toBe("localhost");
  await served.server.close();
  await expect(served.server.reloadTls()).rejects.toMatchObject({ code: "NOT_OPEN" });
});

test.each([
  ["certificate", "key"],
  ["key", "certificate"],
])("files that are replaced, %s first, are taken up by themselves", async (first) => {
  const paths = files();
  const served = await serve(paths);
  const order = first === "key" ? (["key", "cert"] as const) : (["cert", "key"] as const);
  put("renewed", order[0], paths);
  await new Promise((resolve) => setTimeout(resolve, 300));
  put("renewed", order[1], paths);
  await until("it is told", () => served.observed.some(({ what }) => what === "tls-reloaded"));
  expect(await shown(served)).toBe("localhost, renewed");
  expect(served.observed.filter(({ what }) => what === "warning")).toEqual([]);
});

/** The store alone, which looks often here. */
async function watched(
  paths: { readonly certFile: string; readonly keyFile: string },
  patienceMs: number,
): Promise<{ store: ServerCertificates; observed: Observation[]; name: () => string | undefined }> {
  const observed: Observation[] = [];
  const observe = (one: Observation): void => void observed.push(one);
  const tls = readTlsServer("listen.tls", paths);
  const store = new ServerCertificates({
    tls,
    observe,
    hasPlainPeers: false,
    lookMs: 10,
    patienceMs,
  });
  onTestFinished(() => store.close());
  await store.watch();
  return { store, observed, name: () => store.inForce[0]?.commonName };
}

test("files that do not fit together are warned about once, and the old stays", async () => {
  const paths = files();
  const { observed, name } = await watched(paths, 60);
  put("renewed", "cert", paths);
  await until("the warning comes", () => observed.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 100)); // Ten more looks, and no more words.
  expect(observed).toEqual([
    {
      what: "warning",
      text: expect.stringMatching(
        /files of the certificate have changed and cannot be used.*`keyFile`.*is not the key/,
      ) as string,
    },
  ]);
  expect(name()).toBe("localhost");
  put("renewed", "key", paths);
  await until("the new one is in force", () => name() === "localhost, renewed");
});

test("a file that is written in place, and one that is gone for a while", async () => {
  const paths = files();
  const { observed, name } = await watched(paths, 60_000);
  writeFileSync(paths.certFile, pemOf("renewed.pem").slice(0, 200));
  await new Promise((resolve) => setTimeout(resolve, 50));
  writeFileSync(paths.certFile, pemOf("renewed.pem"));
  renameSync(paths.keyFile, `${paths.keyFile}.old`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(name()).toBe("localhost");
  put("renewed", "key", paths);
  await until("the new one is in force", () => name() === "localhost, renewed");
  expect(observed.map(({ what }) => what)).toEqual(["tls-reloaded"]);
});

test("a link in the middle of the path that is changed, as Kubernetes does", async () => {
  const folder = tempFolder();
  for (const [version, name] of [
    ["one", "localhost"],
    ["two", "renewed"],
  ] as const) {
    mkdirSync(join(folder, version));
    copyFileSync(certificatePath(`${name}.pem`), join(folder, version, "tls.crt"));
    copyFileSync(certificatePath(`${name}-key.pem`), join(folder, version, "tls.key"));
  }
  symlinkSync("one", join(folder, "..data"));
  for (const file of ["tls.crt", "tls.key"]) symlinkSync(join("..data", file), join(folder, file));
  const paths = { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") };
  const { name } = await watched(paths, 60_000);
  symlinkSync("two", join(folder, "..data.new"));
  renameSync(join(folder, "..data.new"), join(folder, "..data"));
  await until("the new one is in force", () => name() !== "localhost");
  expect(name()).toBe("localhost, renewed");
});

test("after close nobody looks any more", async () => {
  const paths = files();
  const { store, observed, name } = await watched(paths, 60_000);
  store.close();
  put("renewed", "cert", paths);
  put("renewed", "key", paths);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect([name(), observed]).toEqual(["localhost", []]);
});
