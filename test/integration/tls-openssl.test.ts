/** Another implementation: the program `openssl` as a client of ours, and as a server for us. */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { expect, onTestFinished } from "vitest";
import { certificatePath, filesOf } from "../certificates/certificates.ts";
import { hasTool, skipUnless } from "../support/requires.ts";
import { dial, reaches, serve } from "./tls-world.ts";

const OPENSSL = "openssl";

const withOpenssl = skipUnless(hasTool(OPENSSL), "the program openssl is not installed");

interface Program {
  readonly child: ChildProcess;
  says(pattern: RegExp): Promise<void>;
}

function openssl(...args: readonly string[]): Program {
  const child = spawn(OPENSSL, args, { stdio: "pipe" });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  let look = (): void => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text: Buffer) => {
      said += text.toString("latin1");
      look();
    });
  }
  const says = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error(`${pattern} was not said, but:\n${said}`));
      const timer = setTimeout(fail, 10_000);
      look = () => {
        if (!pattern.test(said)) return;
        clearTimeout(timer);
        resolve();
      };
      look();
    });
  return { child, says };
}

for (const version of ["-tls1_2", "-tls1_3"]) {
  withOpenssl(`openssl s_client ${version} pings, and is answered`, async () => {
    const served = await serve();
    const { port } = new URL(served.url());
    const trust = ["-CAfile", certificatePath("authority.pem"), "-verify_return_error"];
    const client = openssl("s_client", "-connect", `127.0.0.1:${port}`, version, ...trust);
    await client.says(/Verify return code: 0 \(ok\)/);
    client.child.stdin?.write("ping\n");
    await client.says(/pong/);
    expect(served.server.connections()).toMatchObject([{ dialect: "line", transport: "tls" }]);
  });
}

withOpenssl("a link speaks lines with openssl s_server", async () => {
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve));
  const { port } = free.address() as { port: number };
  await new Promise((resolve) => free.close(resolve));
  const { certFile, keyFile } = filesOf("localhost");
  const files = ["-cert", certFile, "-key", keyFile];
  const server = openssl("s_server", "-accept", `127.0.0.1:${port}`, ...files);
  await server.says(/ACCEPT/);
  const link = dial(`line+tls://localhost:${port}`, { heartbeat: { pong: "none" } });
  await reaches(link, "online");
  link.send("hello from a link");
  await server.says(/hello from a link/);
  const heard = new Promise((resolve) => link.on("message", resolve));
  server.child.stdin?.write("hello from openssl\n");
  expect(await heard).toBe("hello from openssl");
});
