/**
 * A real HAProxy stands between real clients and a server of ours, and says for whom it speaks, in
 * both versions, over TCP and before TLS. Clients have an address of their own on the loopback.
 */
import { writeFileSync } from "node:fs";
import { connect as dial, type Socket } from "node:net";
import { join } from "node:path";
import { connect as secure } from "node:tls";
import { expect, type TestContext } from "vitest";
import { AUTHORITY, identityOf } from "../certificates/certificates.ts";
import {
  connect,
  listen,
  type ListenOptions,
  type Observation,
  type Server,
} from "../../src/index.ts";
import { Processes, type Program } from "../support/processes.ts";
import { hasTool, isLinux, skipUnless } from "../support/requires.ts";
import { freePort } from "../support/free-port.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { eventually } from "../support/websocket-peer.ts";

const withHaproxy = skipUnless(
  hasTool("haproxy") && isLinux(),
  "it needs haproxy, and Linux for a second address on the loopback",
);

const CLIENT = "127.0.0.5";

interface World {
  readonly server: Server;
  readonly haproxy: Program;
  readonly port: number;
  readonly told: string[];
}

async function between(
  context: TestContext,
  send: string,
  options: Omit<ListenOptions, "port" | "listen" | "host"> = {},
  more = "",
): Promise<World> {
  const scheme = options.tls === undefined ? "tcp" : "tls";
  const server = await listen({
    listen: `${scheme}://127.0.0.1:0`,
    accept: ["line", "frame", "websocket"],
    proxyProtocol: { trustedFrom: ["127.0.0.1/32"] },
    ...options,
  });
  context.onTestFinished(async () => await server.destroy());
  const told: string[] = [];
  server.on("message", (connection, data) => void connection.send(data));
  server.on("accepted", (address) => void told.push(`accepted ${address}`));
  server.on("rejected", (code, address, detail) => {
    told.push(`rejected ${code} ${address} ${detail ?? ""}`);
  });
  server.on("end", (_, record) => {
    told.push(`end ${record.code} ${record.remote} via ${record.via}`);
  });
  const target = /:(\d+)$/.exec(server.urls[0] ?? "")?.[1] ?? "";
  const port = Number(await freePort());
  const config = join(tempFolder(), "haproxy.cfg");
  writeFileSync(
    config,
    `global
  log stdout format raw local0
defaults
  mode tcp
  log global
  option log-health-checks
  timeout connect 2s
  timeout client 60s
  timeout server 60s
listen holdfast
  bind 127.0.0.1:${port}
  ${more}
  server one 127.0.0.1:${target} ${send}
`,
  );
  const haproxy = new Processes(context).start("haproxy", ["-db", "-f", config]);
  while (!(await answers(port))) {
    if (haproxy.hasExited) throw new Error(`haproxy ended: ${haproxy.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { server, haproxy, port, told };
}

async function answers(port: number): Promise<boolean> {
  const socket = dial(port, "127.0.0.1");
  const isThere = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
  });
  socket.destroy();
  return isThere;
}

function client(context: TestContext, port: number): Socket {
  const socket = dial({ port, host: "127.0.0.1", localAddress: CLIENT });
  socket.on("error", () => {});
  context.onTestFinished(() => void socket.destroy());
  return socket;
}

async function says(socket: Socket, text: string, answer: string): Promise<void> {
  let heard = "";
  socket.on("data", (bytes: Buffer) => {
    heard += bytes.toString();
  });
  socket.write(text);
  await eventually(`${JSON.stringify(answer)} comes`, () => heard.includes(answer));
}

for (const send of ["send-proxy", "send-proxy-v2 proxy-v2-options crc32c"]) {
  withHaproxy(`${send}: the record names the client and the balancer`, async (context) => {
    const { server, port, told } = await between(context, send);
    const socket = client(context, port);
    await says(socket, "ping\n", "pong\n");
    const address = `${CLIENT}:${socket.localPort}`;
    const row = server.connections().find((one) => one.address === address);
    expect(row?.via).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(server.connection(row?.id ?? "")?.proxied).toMatchObject({
      version: send === "send-proxy" ? 1 : 2,
      destination: `127.0.0.1:${port}`,
    });
    socket.end();
    const end = `end CLOSED_BY_PEER ${address} via 127.0.0.1:`;
    await eventually("it has ended", () => told.some((one) => one.startsWith(end)));
    console.log(`${send}: ${JSON.stringify(told)}`);
    const link = connect(`tcp://127.0.0.1:${port}`);
    context.onTestFinished(async () => void (await link.close()));
    const heard: unknown[] = [];
    link.on("message", (data) => void heard.push(data));
    link.send("hello");
    await eventually("the link hears its echo", () => heard.includes("hello"));
    expect(told.filter((one) => one.startsWith("rejected"))).toEqual([]);
  });

  withHaproxy(`${send}: before TLS, which the client speaks with us`, async (context) => {
    const { server, port } = await between(context, send, { tls: identityOf("localhost") });
    const raw = client(context, port);
    const socket = secure({ socket: raw, ca: AUTHORITY, servername: "localhost" });
    socket.on("error", () => {});
    await says(socket, "ping\n", "pong\n");
    const address = `${CLIENT}:${raw.localPort}`;
    const row = server.connections().find((one) => one.address === address);
    expect(row).toMatchObject({ address, transport: "tls", tls: "TLSv1.3" });
  });
}

withHaproxy("checks that only look whether the port is open are no noise", async (context) => {
  const check = "send-proxy-v2 check inter 50ms";
  const observed: string[] = [];
  const observe = ({ what }: Observation): void => void observed.push(what);
  const { server, told, haproxy } = await between(context, check, { observe });
  // The first one passed, and some more come in the time of twenty.
  await haproxy.until("a check has passed", () => /succeeded/.exec(haproxy.stdout) ?? undefined);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(haproxy.stdout + haproxy.stderr).not.toContain("DOWN");
  expect(told.filter((one) => one.startsWith("rejected"))).toEqual([]);
  expect(observed).toEqual([]);
  expect(server.stats()).toMatchObject({ acceptFailures: 0, rejected: {} });
});

withHaproxy("checks that ask come by LOCAL, with the balancer's own address", async (context) => {
  const check = "send-proxy-v2 check inter 50ms";
  const asks = "option tcp-check\n  tcp-check send ping\\n\n  tcp-check expect string pong";
  const { server, told, haproxy } = await between(context, check, {}, asks);
  await haproxy.until("a check has passed", () => /succeeded/.exec(haproxy.stdout) ?? undefined);
  const ends = (): string[] => told.filter((one) => one.startsWith("end"));
  await eventually("some checks came", () => ends().length > 3);
  const ownAddress = /^end \w+ 127\.0\.0\.1:\d+ via undefined$/;
  expect(ends().filter((one) => ownAddress.test(one)).length).toBeGreaterThan(2);
  expect(haproxy.stdout + haproxy.stderr).not.toContain("DOWN");
  expect(server.stats().rejected).toEqual({});
});
