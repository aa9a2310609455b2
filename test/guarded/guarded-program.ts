/**
 * Programs that are not ours, on which guard is shown: what they are, what they do about the dead
 * without it, and how they are started and ended.
 *
 * The programs are in programs/ and run as processes of their own, from their source: they are no
 * part of what is built. Whoever opens a company closes it, and nothing of it is left.
 */
import { join } from "node:path";
import { repositoryRoot } from "../../bench/contenders/places.ts";
import type { Host } from "../lab/network.ts";
import { Program } from "../support/processes.ts";

export interface GuardedProgram {
  readonly id: "ws-echo" | "ws-chat" | "mqtt-broker" | "socket-io" | "line-echo";
  readonly title: string;
  /** Kinds of clients that it has, in equal parts. */
  readonly kinds: readonly string[];
  /** What finds the dead in it where guard does not. */
  readonly control: string;
}

export const GUARDED_PROGRAMS: readonly GuardedProgram[] = [
  {
    id: "ws-echo",
    title: "`ws`, echo",
    kinds: ["ws-echo"],
    control: "`isAlive` recipe",
  },
  {
    id: "ws-chat",
    title: "`ws`, chat",
    kinds: ["ws-chat"],
    control: "`isAlive` recipe",
  },
  {
    id: "mqtt-broker",
    title: "`aedes` over `net`, `mqtt` clients",
    kinds: ["mqtt"],
    control: "keepalive x 1.5 of `aedes`",
  },
  {
    id: "socket-io",
    title: "`socket.io` and `ws` on one `http.Server`",
    kinds: ["socket-io", "plain-path"],
    control: "`pingTimeout`, `isAlive` recipe",
  },
  {
    id: "line-echo",
    title: "`net`, lines",
    kinds: ["line"],
    control: "`socket.setTimeout`",
  },
];

/** How a program finds the dead: not at all, as is usual for it, or by guard. */
export type Mode = "bare" | "control" | "guard";

/** One bound for all, so that they can be compared. What is usual finds the dead after it, too. */
export const TIMES = { intervalMs: 1_000, answerWithinMs: 2_000, timeoutMs: 3_000 } as const;

/** An MQTT broker gives one and a half times this, which is the timeout. */
const KEEPALIVE_S = 2;
const START_LIMIT_MS = 60_000;

export interface Target {
  readonly kind: string;
  readonly port: number;
  readonly count: number;
}

/** `count` clients of a server, in equal parts of the kinds that it has. */
export function targetsOf({ kinds }: GuardedProgram, port: number, count: number): Target[] {
  return kinds.map((kind) => ({ kind, port, count: count / kinds.length }));
}

/** Programs that were started together and end together. */
export class Company {
  readonly #dist: string;
  readonly #programs: Program[] = [];

  /** `dist` is the file url of the built package's main door. */
  constructor(dist: string) {
    this.#dist = dist;
  }

  /** Starts a server and resolves with its port once it listens. */
  async serve(
    { id }: GuardedProgram,
    mode: Mode,
    settings: { readonly host?: Host; readonly guard?: object } = {},
  ): Promise<{ readonly server: Program; readonly port: number }> {
    const { host, guard = TIMES } = settings;
    const address = host?.address ?? "127.0.0.1";
    const argument = { dist: this.#dist, mode, guard, ...TIMES, host: address };
    const server = this.#start(`${id}.mjs`, argument, host);
    const told = await server.until("its port", () => server.told("listening")[0], START_LIMIT_MS);
    return { server, port: Number(told["port"]) };
  }

  /** Starts clients and resolves with their ports once all of them are connected. */
  async connect(
    targets: readonly Target[],
    settings: { readonly host?: Host; readonly address?: string } = {},
  ): Promise<{ readonly clients: Program; readonly ports: ReadonlySet<number> }> {
    const { host, address = "127.0.0.1" } = settings;
    const times = { everyMs: TIMES.intervalMs, keepaliveS: KEEPALIVE_S };
    const clients = this.#start("clients.mjs", { host: address, targets, ...times }, host);
    const ready = await clients.until("ready", () => clients.told("ready")[0], START_LIMIT_MS);
    return { clients, ports: new Set(ready["ports"] as number[]) };
  }

  async close(): Promise<void> {
    // A stopped process is killed, too.
    for (const program of this.#programs) program.signal("SIGKILL");
    await Promise.allSettled(this.#programs.map(({ exit }) => exit));
  }

  #start(name: string, argument: unknown, host: Host | undefined): Program {
    const file = join(repositoryRoot(), "test/guarded/programs", name);
    const command = [process.execPath, "--expose-gc", file, JSON.stringify(argument)];
    const words =
      host === undefined ? command : ["ip", "netns", "exec", host.namespace, ...command];
    const [first = "", ...rest] = words;
    const program = new Program(first, rest);
    this.#programs.push(program);
    return program;
  }
}

/** When the server's socket for the client with that port was closed, if it was. */
export function closedAt(server: Program, ports: ReadonlySet<number>): number[] {
  return server
    .told("closed")
    .filter(({ port }) => ports.has(Number(port)))
    .map(({ atWallMs }) => Number(atWallMs));
}
