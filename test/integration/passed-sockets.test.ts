/** Sockets that whoever starts the server has bound: taken as they are, and told about. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, linkSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { within } from "../../src/testing/transport-recorder.ts";
import { certificatePath, filesOf } from "../certificates/certificates.ts";
import { freshEnv } from "../support/commands.ts";
import { isLinux, skipUnless } from "../support/requires.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { holdfast } from "./cli-harness.ts";

const onLinux = skipUnless(isLinux(), "sockets are passed on Linux only");
const MAIN = join(ROOT, "dist/cli/main.js");

interface Started {
  /** All that it said. */
  said: string;
  says(words: string | RegExp): Promise<void>;
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** Listeners of this process are closed here once the program has them: it alone accepts. */
async function start(
  listeners: readonly Server[],
  args: readonly string[],
  env: string,
): Promise<Started> {
  const words = args.map((arg) => `'${arg}'`).join(" ");
  const handles = listeners.map((one) => (one as unknown as { _handle: never })._handle);
  const command = `${env} exec '${process.execPath}' '${MAIN}' serve ${words}`;
  const child = spawn("sh", ["-c", command], {
    env: freshEnv(),
    stdio: ["ignore", "pipe", "pipe", ...handles],
  });
  for (const one of listeners) one.close();
  onTestFinished(() => void child.kill("SIGKILL"));
  const exit = once(child, "exit");
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  const heard = (): Promise<unknown> =>
    Promise.race([...streams.map((stream) => once(stream, "data")), exit]);
  const started: Started = {
    said: "",
    says: async (wanted) => {
      const isThere = (): boolean =>
        typeof wanted === "string" ? started.said.includes(wanted) : wanted.test(started.said);
      while (!isThere()) {
        if (child.exitCode !== null) throw new Error(`it ended, having said: ${started.said}`);
        await within(heard(), `${wanted}; so far: ${started.said}`);
      }
    },
    stop: async (signal) => {
      child.kill(signal);
      await within(exit, "it ends");
      return child.exitCode;
    },
  };
  for (const stream of streams) {
    stream.on("data", (bytes: Buffer) => {
      started.said += bytes.toString();
    });
  }
  return started;
}

async function listening(place: string | number): Promise<Server> {
  const server = createServer();
  server.listen(typeof place === "number" ? { port: place, host: "127.0.0.1" } : { path: place });
  await once(server, "listening");
  return server;
}

async function asks(place: number | string): Promise<string> {
  const socket = typeof place === "number" ? connect(place, "127.0.0.1") : connect(place);
  onTestFinished(() => void socket.destroy());
  socket.write("ping\n");
  const [bytes] = (await within(once(socket, "data"), "an answer comes")) as [Buffer];
  return bytes.toString();
}

const OURS = "LISTEN_PID=$$";

onLinux("a socket of TCP and a Unix socket, and no default beside them", async () => {
  const path = join(tempFolder(), "x.sock");
  const [tcp, unix] = [await listening(0), await listening(path)];
  const { port } = tcp.address() as AddressInfo;
  // Node removes the path when the listener is closed here, which is no business of the server.
  linkSync(path, `${path}.kept`);
  const env = `${OURS} LISTEN_FDS=2 LISTEN_FDNAMES=plain:local`;
  const server = await start([tcp, unix], [], env);
  await server.says("kernel:");
  expect(server.said).toContain("passed fd:3 (plain), fd:4 (local)\n");
  const urls = `listening on tcp://127.0.0.1:${port}\nlistening on unix:${path}\n`;
  expect(server.said).toContain(urls);
  expect(server.said).not.toContain("8080");
  expect(await asks(port)).toBe("pong\n");
  expect(await asks(`${path}.kept`)).toBe("pong\n");
  expect(await server.stop("SIGTERM")).toBe(0);
  // What it did not make it does not remove.
  expect(existsSync(`${path}.kept`)).toBe(true);
});

onLinux("a socket by the name of tls speaks TLS, beside an address that is named", async () => {
  const tcp = await listening(0);
  const { port } = tcp.address() as AddressInfo;
  const tls = ["cert", "key"].flatMap((one) => [
    `--tls-${one}`,
    certificatePath(one === "cert" ? "localhost.pem" : "localhost-key.pem"),
  ]);
  const env = `${OURS} LISTEN_FDS=1 LISTEN_FDNAMES=tls`;
  const server = await start([tcp], ["--listen", "tcp://127.0.0.1:0", ...tls], env);
  await server.says("kernel:");
  expect(server.said).toContain(`listening on tls://127.0.0.1:${port}\nlistening on tcp://127`);
});

onLinux("a socket by the name of tcp+tls takes plain peers, too", async () => {
  const tcp = await listening(0);
  const { port } = tcp.address() as AddressInfo;
  const { certFile, keyFile } = filesOf("localhost");
  const flags = ["--tls-cert", certFile, "--tls-key", keyFile];
  const server = await start([tcp], flags, `${OURS} LISTEN_FDS=1 LISTEN_FDNAMES=tcp+tls`);
  await server.says("kernel:");
  const urls = ["tcp", "tls"].map((scheme) => `listening on ${scheme}://127.0.0.1:${port}\n`);
  expect(server.said).toContain(urls.join(""));
  expect(await asks(port)).toBe("pong\n");
});

onLinux("what was passed to another process, or is no socket, is said", async () => {
  const foreign = await start([], ["--listen", "tcp://127.0.0.1:0"], "LISTEN_PID=1 LISTEN_FDS=1");
  await foreign.says("a socket was passed to process 1, and this one is ");
  await foreign.says("listening on tcp://127.0.0.1:");
  const none = await start([], [], `${OURS} LISTEN_FDS=1`);
  await none.says(/holdfast: cannot listen on fd:3: (?:nothing is open there|it is no socket)/);
});

test("several workers cannot share what was passed, and that is said", async () => {
  const env = { LISTEN_PID: String(process.pid), LISTEN_FDS: "1" };
  const shared = holdfast(["serve", "--workers", "2"], { env });
  expect(await shared.exitCode).toBe(2);
  expect(shared.stderr()).toContain("--workers: expected no socket of the service manager");
  const named = holdfast(["serve", "--workers", "2", "--listen", "fd:3"]);
  expect(await named.exitCode).toBe(1);
  expect(named.stderr()).toContain("cannot listen on fd:3: a socket that was passed");
  const wrong = holdfast(["serve"], { env: { ...env, LISTEN_FDS: "many" } });
  expect(await wrong.exitCode).toBe(2);
  expect(wrong.stderr()).toBe(
    'holdfast: LISTEN_FDS: expected a number of sockets from 1 to 64, got "many"\n',
  );
});
