/**
 * The units of deploy/ under a real systemd, which is process 1 of a place of its own: started by a
 * client, ready when they say so, reloaded, restarted by the watchdog, drained. What they write is
 * read from its journal.
 */
import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { expect } from "vitest";
import { type CertificateName, identityOf } from "../certificates/certificates.ts";
import { canEnclose, ENCLOSURE_NEEDS } from "../support/enclosure.ts";
import type { Program } from "../support/processes.ts";
import { hasTool, skipUnless } from "../support/requires.ts";
import { Manager } from "../support/systemd-manager.ts";

const canManage =
  canEnclose && existsSync("/lib/systemd/systemd") && hasTool("nc") && hasTool("ip");
const NEEDS = `${ENCLOSURE_NEEDS}, systemd, nc (netcat-openbsd) and ip (iproute2)`;
const withSystemd = skipUnless(canManage, NEEDS);

async function answered(client: Program, limitMs?: number): Promise<void> {
  client.write("ping\n");
  await client.says(/^pong$/m, limitMs);
}

/** Where in the story words come first, after `from`. */
function placeOf(story: readonly string[], begin: string, from = 0): number {
  const at = story.findIndex((words, index) => index >= from && words.startsWith(begin));
  expect(at, `${begin} in ${JSON.stringify(story)}`).toBeGreaterThanOrEqual(0);
  return at;
}

for (const by of ["koffi", "systemd-notify"] as const) {
  withSystemd(`told by ${by}: started by a client, ready, reloaded, stopped`, async (context) => {
    const manager = await Manager.start(context, { koffi: by === "koffi" });
    manager.systemctl("start", "holdfast.socket");
    expect(manager.stateOf("socket")).toBe("active (listening)");
    expect(manager.stateOf("service")).toBe("inactive (dead)");
    const client = manager.client();
    await answered(client);
    await manager.until("it is active", () => manager.stateOf("service") === "active (running)");
    expect(manager.show("service", "StatusText")).toMatch(/^\d open, \d let in since the start$/);
    expect(manager.journal()).toContain(`the service manager is told by ${by}`);
    const started = manager.story();
    const ready = placeOf(started, "READY=1, STATUS=");
    expect(placeOf(started, "start -> running")).toBeGreaterThan(ready);
    manager.systemctl("reload", "holdfast.service");
    await manager.until("it says so", () => manager.journal().includes("RELOADING=1"));
    const isAgain = (): boolean => manager.story().lastIndexOf("reload -> running") > 0;
    await manager.until("it is active again", isAgain);
    const reloading = placeOf(manager.story(), "RELOADING=1, MONOTONIC_USEC=");
    await manager.until("it is ready", () =>
      manager
        .story()
        .slice(reloading)
        .some((words) => words.startsWith("READY=1")),
    );
    expect(manager.stateOf("service")).toBe("active (running)");
    client.write("ping\n");
    await client.says(/^pong\npong$/m);
    client.signal("SIGKILL"); // So that the drain waits for nobody.
    manager.systemctl("stop", "holdfast.socket", "holdfast.service");
    expect(manager.stateOf("service")).toBe("inactive (dead)");
    expect(manager.show("service", "Result")).toBe("success");
    placeOf(manager.story(), "STOPPING=1, STATUS=draining: ");
    console.log(`${by}: ${JSON.stringify(manager.story())}`);
  });
}

withSystemd("it runs with few rights and with what the unit gives", async (context) => {
  const manager = await Manager.start(context, { koffi: true });
  manager.systemctl("start", "holdfast.service");
  const pid = manager.show("service", "MainPID");
  const status = manager.run("cat", `/proc/${pid}/status`);
  const uid = /^Uid:\t(\d+)/m.exec(status)?.[1];
  expect(Number(uid)).toBeGreaterThan(60_000);
  expect(status).toMatch(/^CapEff:\t0+$/m);
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  expect(status).toMatch(/^Seccomp:\t2$/m);
  expect(manager.run("stat", "--format=%u %a", "/run/holdfast").trim()).toBe(`${uid} 755`);
  expect(manager.show("service", "WatchdogUSec")).toBe("30s");
  const security = manager.run("systemd-analyze", "security", "holdfast.service");
  const exposure = Number(/exposure level for holdfast.service: ([\d.]+)/.exec(security)?.[1]);
  console.log(`systemd-analyze security: ${exposure}`);
  expect(exposure).toBeLessThan(2);
});

withSystemd("who stands still is killed and restarted, while newcomers wait", async (context) => {
  const manager = await Manager.start(context, { koffi: true, service: ["WatchdogSec=5"] });
  manager.systemctl("start", "holdfast.socket");
  const before = manager.client();
  await answered(before);
  const beats = (): number => manager.story().filter((one) => one.startsWith("WATCHDOG=1")).length;
  // Longer than the watchdog waits: without beats it would have acted.
  await manager.until("four beats have come", () => beats() >= 4);
  const pid = manager.show("service", "MainPID");
  expect(manager.show("service", "NRestarts")).toBe("0");
  manager.systemctl("kill", "--kill-who=main", "--signal=STOP", "holdfast.service");
  const newcomer = manager.client();
  await answered(newcomer);
  expect(manager.show("service", "MainPID")).not.toBe(pid);
  expect(manager.show("service", "NRestarts")).toBe("1");
  expect(manager.journal()).toContain("Watchdog timeout (limit 5s)!");
  expect(manager.journal()).toContain("Failed with result 'watchdog'");
});

withSystemd("a restart drains whom it has, and whoever comes meanwhile waits", async (context) => {
  const manager = await Manager.start(context, { koffi: true });
  manager.systemctl("start", "holdfast.socket");
  const staying = manager.client();
  await answered(staying);
  const restart = manager.systemctlMeanwhile("restart", "holdfast.service");
  await manager.until("it drains", () => manager.show("service", "StatusText").startsWith("drain"));
  const newcomer = manager.client();
  newcomer.write("ping\n");
  expect(await restart.exit).toEqual({ code: 0, signal: null });
  await newcomer.says(/^pong$/m);
  expect(manager.journal()).toMatch(/ended: +DRAINED 1$/m);
  expect(manager.journal()).not.toContain("SIGKILL");
  expect(manager.show("service", "Result")).toBe("success");
});

const withOpenssl = skipUnless(canManage && hasTool("openssl"), `${NEEDS}, and openssl`);
const FILES = ["/etc/holdfast/cert.pem", "/etc/holdfast/key.pem"] as const;
const filesOf = (name: CertificateName): Record<string, string> => {
  const { cert, key } = identityOf(name);
  return { [FILES[0]]: cert, [FILES[1]]: key };
};
const serialOf = (name: CertificateName): string =>
  `serial=${new X509Certificate(identityOf(name).cert).serialNumber}`;

interface TlsWay {
  readonly way: string;
  readonly service: readonly string[];
  /** How the files are protected. */
  readonly mode: readonly string[];
  /** What a reload says, and what is served after it. */
  readonly says: string;
  readonly serves: CertificateName;
}

const TLS_WAYS: readonly TlsWay[] = [
  {
    way: "copied by systemd, a certificate is that of the start until the next",
    service: [
      `LoadCredential=cert:${FILES[0]}`,
      `LoadCredential=key:${FILES[1]}`,
      "Environment=HOLDFAST_TLS_CERT=%d/cert HOLDFAST_TLS_KEY=%d/key",
    ],
    mode: ["chmod", "600"],
    says: "read again, and the same as before",
    serves: "localhost",
  },
  {
    way: "read by way of a group, a certificate is renewed by a reload",
    service: [
      "SupplementaryGroups=daemon",
      `Environment=HOLDFAST_TLS_CERT=${FILES[0]} HOLDFAST_TLS_KEY=${FILES[1]}`,
    ],
    mode: ["sh", "-c", 'chown root:daemon "$@" && chmod 640 "$@"', "sh"],
    says: "new certificate in force",
    serves: "renewed",
  },
];

for (const { way, service, mode, says, serves } of TLS_WAYS) {
  withOpenssl(way, async (context) => {
    const socket = ["FileDescriptorName=tls"];
    const files = filesOf("localhost");
    const manager = await Manager.start(context, { koffi: true, service, socket, files });
    manager.run(...mode, ...FILES);
    manager.systemctl("start", "holdfast.socket");
    const secure = ["openssl", "s_client", "-connect", "127.0.0.1:8080"];
    await answered(manager.beside(...secure, "-quiet"));
    expect(manager.journal()).toContain("listening on tls://[::]:8080");
    const look = `${secure.join(" ")} </dev/null | openssl x509 -noout -serial`;
    const served = (): string => /serial=\w+/.exec(manager.run("sh", "-c", look))?.[0] ?? "";
    expect(served()).toBe(serialOf("localhost"));
    for (const [path, text] of Object.entries(filesOf("renewed"))) manager.write(path, text);
    manager.systemctl("reload", "holdfast.service");
    await manager.until("it has read", () => manager.journal().includes(says));
    expect(served()).toBe(serialOf(serves));
    manager.systemctl("restart", "holdfast.service");
    expect(served()).toBe(serialOf("renewed"));
  });
}

withSystemd("wrong usage is not tried for ever, although a client waits", async (context) => {
  const environment = ["HOLDFAST_TIMEOUT=nonsense"];
  const manager = await Manager.start(context, { koffi: true, environment });
  manager.systemctl("start", "holdfast.socket");
  const client = manager.client();
  client.write("ping\n");
  await manager.until("it gives up", () => manager.stateOf("socket") === "failed (failed)");
  expect(manager.show("socket", "Result")).toBe("trigger-limit-hit");
  const ends = manager.journal().match(/Main process exited, code=exited, status=2/g)?.length;
  console.log(`started in vain: ${ends} times`);
  expect(manager.journal()).toContain("nonsense");
  manager.run("rm", "/etc/holdfast/environment");
  manager.systemctl("start", "holdfast.socket", "holdfast.service");
  await answered(manager.client());
});

withSystemd("with workers it is one service, too", async (context) => {
  const environment = ["HOLDFAST_WORKERS=2"];
  const manager = await Manager.start(context, { koffi: true, environment });
  manager.systemctl("start", "holdfast.service");
  const client = manager.client();
  await answered(client);
  client.signal("SIGKILL");
  const group = manager.show("service", "ControlGroup");
  const pids = (): string[] =>
    manager.run("cat", `/sys/fs/cgroup${group}/cgroup.procs`).trim().split("\n");
  expect(pids()).toHaveLength(3);
  const first = pids();
  manager.systemctl("reload", "holdfast.service");
  await manager.until("all are replaced", () => {
    const same = pids().filter((pid) => first.includes(pid));
    return same.length === 1 && pids().length === 3;
  });
  const next = manager.client();
  await answered(next);
  next.signal("SIGKILL");
  manager.systemctl("stop", "holdfast.service");
  expect(manager.show("service", "Result")).toBe("success");
  expect(manager.show("service", "ExecMainStatus")).toBe("0");
});
