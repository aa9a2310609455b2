/** What `holdfast serve --workers` promises, as tests for any runtime that can run it. */
import { lstatSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { expect, type TestContext } from "vitest";
import { connect } from "../../src/ops/connect.ts";
import { AUTHORITY, identityOf } from "../certificates/certificates.ts";
import { ClusterProgram, gone, kill } from "./cluster-program.ts";
import { type PlainClient, PlainCrowd } from "./plain-crowd.ts";
import { Processes } from "./processes.ts";
import { newTempFolder } from "./temp-folder.ts";

/** In which unused parts of a limit have to be where they are needed. */
const FOLLOWS_WITHIN_MS = 1_000;

interface ClusterCase {
  readonly name: string;
  readonly check: (context: TestContext, runtime: string) => Promise<void>;
}

export const CLUSTER_CASES: readonly ClusterCase[] = [
  {
    name: "one port of the system's choice for all, and everybody serves",
    check: async (context, runtime) => {
      const cluster = await ClusterProgram.start(context, runtime, "--workers", "2");
      expect(cluster.url).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
      expect(new Set(cluster.workers.map(({ pid }) => pid)).size).toBe(2);
      const crowd = new PlainCrowd(context, cluster.url);
      const served = new Set<number>();
      for (let dials = 0; dials < 40 && served.size < 2; dials++) {
        const clients = await Promise.all(Array.from({ length: 10 }, () => crowd.dial()));
        for (const client of clients) served.add(await cluster.workerOf(client?.localPort ?? 0));
      }
      expect([...served].toSorted((a, b) => a - b)).toEqual([1, 2]);
    },
  },

  {
    name: "places are held in common: never too many, and all of them can be used",
    check: async (context, runtime) => {
      const flags = ["--workers", "2", "--max-connections", "24"];
      const cluster = await ClusterProgram.start(context, runtime, ...flags);
      const crowd = new PlainCrowd(context, cluster.url);
      await crowd.fill(24, 5_000);
      expect(crowd.open).toHaveLength(24);
      expect(await crowd.dial()).toBeUndefined();
      // Whoever comes to one of the two goes again, until the other one holds all.
      let wentAway = 0;
      const makeRoom = async (client: PlainClient | undefined): Promise<void> => {
        if (client === undefined || (await cluster.workerOf(client.localPort)) !== 1) return;
        client.destroy();
        await client.ended;
        wentAway += 1;
        await cluster.program.until("the end", () => cluster.program.told("end")[wentAway - 1]);
      };
      for (const client of crowd.open) await makeRoom(client);
      while (crowd.open.length < 24) await makeRoom(await crowd.dial());
      expect(crowd.openPeak).toBe(24);
      expect(await crowd.dial()).toBeUndefined();
    },
  },

  {
    name: "a worker that is killed is replaced, and nobody else's connections notice",
    check: async (context, runtime) => {
      const cluster = await ClusterProgram.start(context, runtime, "--workers", "2");
      const crowd = new PlainCrowd(context, cluster.url);
      await crowd.fill(30, 5_000);
      const [victim] = cluster.workers;
      const byWorker = await Promise.all(
        crowd.open.map(
          async (client) => [await cluster.workerOf(client.localPort), client] as const,
        ),
      );
      kill(victim?.pid ?? 0, "SIGKILL");
      const ended = await cluster.until("ended");
      expect(ended).toMatchObject({ worker: 1, pid: victim?.pid });
      expect(await cluster.until("up")).toMatchObject({ worker: 3, replaces: 1 });
      for (const [worker, client] of byWorker) {
        if (worker === 1) await client.ended;
        else expect(await client.ask("ping\n")).toBe("pong\n");
      }
      expect(await crowd.dial()).toBeDefined();
    },
  },
];

/** What else depends on how a port is shared. */
export const CLUSTER_PORT_CASES: readonly ClusterCase[] = [
  {
    name: "a rolling restart: new ones first, links come back, nothing is lost unseen",
    check: async (context, runtime) => {
      const flags = ["--workers", "2", "--echo"];
      const cluster = await ClusterProgram.start(context, runtime, ...flags);
      const { program } = cluster;
      const links = Array.from(
        { length: 6 },
        (_, at) => new CountingLink(cluster.url, `link ${at}`),
      );
      context.onTestFinished(async () => void (await Promise.all(links.map((one) => one.close()))));
      await Promise.all(links.map((link) => link.online(1)));
      const timer = setInterval(() => {
        for (const link of links) link.say();
      }, 2);
      context.onTestFinished(() => clearInterval(timer));
      program.signal("SIGHUP");
      await cluster.until("roll-done");
      await Promise.all(links.map((link) => link.online(2)));
      clearInterval(timer);
      await Promise.all(links.map((link) => link.close()));
      program.signal("SIGTERM");
      await program.exit;
      expect(cluster.changes("up").map(({ worker, replaces }) => [worker, replaces])).toEqual([
        [3, 1],
        [4, 2],
      ]);

      const received = new Set(program.told("message").map(({ text }) => String(text)));
      for (const link of links) {
        const arrived = link.sent.filter((text) => received.has(text));
        const known = new Set([...arrived, ...link.undelivered]);
        expect(known.size, "each message arrived, or was told to be lost").toBe(link.sent.length);
      }
      // An echo that came too late for its connection is told by a notice.
      const refused = program
        .told("notice")
        .filter(({ text }) => String(text).startsWith("not sent"));
      const echoes = received.size - refused.length;
      const heard = links.reduce((total, link) => total + link.heard, 0);
      const ends = program.told("end");
      const lost = ends.reduce((total, end) => total + Number(end["undeliveredCount"]), 0);
      expect(heard, "no echo of nothing").toBeLessThanOrEqual(echoes);
      expect(heard + lost, "each echo was heard, or is in an end record").toBeGreaterThanOrEqual(
        echoes,
      );
    },
  },

  {
    name: "one table and one summary of all",
    check: async (context, runtime) => {
      const { program, url } = await ClusterProgram.start(context, runtime, "--workers", "2");
      const crowd = new PlainCrowd(context, url);
      await crowd.fill(30, 5_000);
      program.signal("SIGUSR2");
      await program.until("30 rows", () => program.told("row")[29]);
      const rows = program.told("row");
      const ids = new Set(rows.map(({ id }) => id));
      expect(ids.size).toBe(30);
      for (const row of rows) expect(row["worker"]).toBeOneOf([1, 2]);
      program.signal("SIGTERM");
      crowd.leave();
      expect(await program.exit).toEqual({ code: 0, signal: null });
      const [summary] = program.told("summary");
      expect(summary).toMatchObject({ accepted: 30, open: 0 });
      expect(program.told("end")).toHaveLength(30);
    },
  },

  {
    name: "when the primary is killed, its workers drain and go",
    check: async (context, runtime) => {
      const cluster = await ClusterProgram.start(context, runtime, "--workers", "2");
      const crowd = new PlainCrowd(context, cluster.url);
      const client = await crowd.dial();
      cluster.program.signal("SIGKILL");
      await client?.ended;
      client?.destroy();
      for (const { pid } of cluster.workers) await gone(pid, 10_000);
      await expect(crowd.dial()).resolves.toBeUndefined();
    },
  },

  {
    name: "a Unix socket is one for all, has its permissions, and goes with the last",
    check: async (context, runtime) => {
      const path = join(folderFor(context), "holdfast.sock");
      const place = ["--listen", `unix:${path}?mode=0620`];
      const cluster = await ClusterProgram.start(context, runtime, "--workers", "2", ...place);
      expect(lstatSync(path).mode & 0o777).toBe(0o620);
      const crowd = new PlainCrowd(context, `unix:${path}`);
      await crowd.fill(8, 5_000);
      expect(crowd.open).toHaveLength(8);
      crowd.leave();
      cluster.program.signal("SIGHUP");
      await cluster.until("roll-done");
      expect(await crowd.dial()).toBeDefined();
      crowd.leave();
      cluster.program.signal("SIGTERM");
      await cluster.program.exit;
      expect(lstatSync(path, { throwIfNoEntry: false })).toBeUndefined();
    },
  },

  {
    name: "over TLS, too; a rolling restart reads the certificates again",
    check: async (context, runtime) => {
      const folder = folderFor(context);
      const put = (name: "localhost" | "renewed"): void => {
        for (const [file, pem] of Object.entries(identityOf(name))) {
          writeFileSync(join(folder, file), pem);
        }
      };
      put("localhost");
      const files = ["--tls-cert", join(folder, "cert"), "--tls-key", join(folder, "key")];
      const place = ["--listen", "tls://127.0.0.1:0", "--workers", "2"];
      const cluster = await ClusterProgram.start(context, runtime, ...place, ...files);
      const port = Number(/:(\d+)$/.exec(cluster.url)?.[1]);
      expect(await nameShownAt(port)).toBe("localhost");
      put("renewed");
      cluster.program.signal("SIGHUP");
      await cluster.until("roll-done");
      expect(await nameShownAt(port)).toBe("localhost, renewed");
    },
  },
];

/** What is between a primary and its workers. */
export const CLUSTER_PROCESS_CASES: readonly ClusterCase[] = [
  {
    name: "a limit for each address counts all workers, and lets no place lie idle",
    check: async (context, runtime) => {
      const flags = ["--workers", "2", "--max-per-address", "9"];
      const { url } = await ClusterProgram.start(context, runtime, ...flags);
      const crowd = new PlainCrowd(context, url);
      const tookMs = await crowd.fill(9, 5_000);
      expect(crowd.open).toHaveLength(9);
      expect(tookMs).toBeLessThan(3 * FOLLOWS_WITHIN_MS);
      for (let dials = 0; dials < 20; dials++) await crowd.dial();
      expect(crowd.openPeak).toBe(9);
    },
  },

  {
    name: "workers leave Ctrl-C to the primary, which drains once for all",
    check: async (context, runtime) => {
      const cluster = await ClusterProgram.start(context, runtime, "--workers", "2");
      const { program } = cluster;
      const crowd = new PlainCrowd(context, cluster.url);
      const client = await crowd.dial();
      for (const { pid } of cluster.workers) {
        kill(pid, "SIGINT");
        kill(pid, "SIGHUP");
      }
      expect(await client?.ask("ping\n")).toBe("pong\n");
      program.signal("SIGINT");
      await client?.ended;
      client?.destroy();
      expect(await program.exit).toEqual({ code: 0, signal: null });
      expect(cluster.changes("ended")).toHaveLength(2);
      expect(program.told("end")[0]).toMatchObject({ code: "DRAINED" });
    },
  },

  {
    name: "a second signal waits for nobody, not even for a worker that is stopped",
    check: async (context, runtime) => {
      const cluster = await ClusterProgram.start(context, runtime, "--workers", "2");
      const { program } = cluster;
      kill(cluster.workers[0]?.pid ?? 0, "SIGSTOP");
      program.signal("SIGUSR2");
      await program.until("the notice", () =>
        program.told("notice").find(({ text }) => String(text).includes("w1 does not answer")),
      );
      program.signal("SIGTERM");
      await cluster.until("ended"); // The one that is not stopped.
      program.signal("SIGTERM");
      expect(await program.exit).toEqual({ code: 143, signal: null });
      for (const { pid } of cluster.workers) await gone(pid, 1_000);
    },
  },

  {
    name: "a port that is taken is told in one sentence, and nothing is left",
    check: async (context, runtime) => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      context.onTestFinished(() => void server.close());
      const { port } = server.address() as { port: number };
      const place = `tcp://127.0.0.1:${port}`;
      const args = ["serve", "--workers", "2", "--listen", place];
      const program = new Processes(context).holdfastOn(runtime, ...args);
      expect(await program.exit).toEqual({ code: 1, signal: null });
      expect(program.stderr).toMatch(/^holdfast: cannot listen on .*another program.*\n$/);
    },
  },

  {
    name: "whoever does not read what is told is told how much was dropped",
    check: async (context, runtime) => {
      const cluster = await ClusterProgram.start(context, runtime, "--workers", "1");
      const { program } = cluster;
      const crowd = new PlainCrowd(context, cluster.url);
      const client = await crowd.dial();
      program.pause();
      const line = `${"x".repeat(1_000)}\n`;
      for (let part = 0; part < 100; part++) client?.write(line.repeat(100));
      expect(await client?.ask("ping\n")).toBe("pong\n");
      client?.destroy();
      program.resume();
      const dropped = await program.until("dropped", () => program.told("dropped")[0]);
      await program.until("the end", () => program.told("end")[0]);
      const { message } = dropped["counts"] as { message: number };
      expect(dropped["worker"]).toBe(1);
      expect(program.told("message").length + message).toBe(10_000);
    },
  },

  {
    name: "asked for again and again meanwhile, it rolls once more",
    check: async (context, runtime) => {
      const cluster = await ClusterProgram.start(context, runtime, "--workers", "1");
      cluster.program.signal("SIGHUP");
      await cluster.until("roll-begins");
      for (let times = 0; times < 2; times++) cluster.program.signal("SIGHUP");
      await cluster.until("roll-done", 2);
      cluster.program.signal("SIGTERM");
      expect(await cluster.program.exit).toEqual({ code: 0, signal: null });
      expect(cluster.changes("roll-begins")).toHaveLength(2);
      expect(cluster.changes("up").map(({ replaces }) => replaces)).toEqual([1, 2]);
    },
  },
];

/** The common name in the certificate that newcomers are shown. */
async function nameShownAt(port: number): Promise<string | undefined> {
  return await new Promise((resolve, reject) => {
    const place = { host: "127.0.0.1", port, servername: "localhost", ca: AUTHORITY };
    const socket = connectTls(place, () => {
      const { CN } = socket.getPeerCertificate().subject;
      resolve(Array.isArray(CN) ? CN.join() : CN);
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

/** A link that numbers what it sends, and counts what comes back. */
class CountingLink {
  readonly sent: string[] = [];
  readonly undelivered: string[] = [];
  heard = 0;
  readonly #name: string;
  readonly #link: ReturnType<typeof connect>;
  #onlineCount = 0;
  #onStatus: () => void = () => {};

  constructor(url: string, name: string) {
    this.#name = name;
    this.#link = connect(url);
    this.#link.on("message", () => {
      this.heard += 1;
    });
    this.#link.on("undelivered", ({ messages }) => this.undelivered.push(...messages.map(String)));
    this.#link.on("status", (status) => {
      if (status.name === "online") this.#onlineCount += 1;
      this.#onStatus();
    });
  }

  say(): void {
    if (this.#link.status.name !== "online") return;
    const text = `${this.#name}: ${this.sent.length}`;
    this.sent.push(text);
    this.#link.send(text);
  }

  /** Resolves when it has come online so many times, and is. */
  async online(times: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onStatus = () => {
        if (this.#onlineCount >= times && this.#link.status.name === "online") resolve();
      };
      this.#onStatus();
    });
  }

  async close(): Promise<void> {
    const { undelivered } = await this.#link.close();
    this.undelivered.push(...undelivered.map(String));
  }
}

/** Hooks run in reverse, so it is gone after the programs that are started later. */
function folderFor(context: TestContext): string {
  const folder = newTempFolder();
  context.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
