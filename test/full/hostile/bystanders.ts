/**
 * A server on one route, and one bystander of each dialect by which it is seen that whatever a
 * listener did to its own connection harmed nobody else.
 */
import { expect, onTestFinished } from "vitest";
import {
  type ConnectOptions,
  connect,
  type EndRecord,
  type Link,
  listen,
  type Server,
  type ServerConnection,
} from "../../../src/index.ts";
import { DIALECTS, type ListenSettings, listenOn, type Route } from "../../support/routes.ts";
import type { Dialect, Way } from "../../support/way.ts";

export interface Pair {
  readonly link: Link;
  readonly connection: ServerConnection;
}

const LIMIT = { timeout: 10_000 };

export class Scene {
  readonly server: Server;
  /** All ends, told by the server and by the connections themselves. */
  readonly ends: { connection: ServerConnection; record: EndRecord }[] = [];
  readonly #route: Route;
  readonly #ownEnds: EndRecord[] = [];
  readonly #bystanders: Link[] = [];
  #calls = 0;

  static async open(route: Route, options: ListenSettings = {}): Promise<Scene> {
    const server = await listen({ ...listenOn([route]), ...options });
    onTestFinished(() => server.destroy());
    const scene = new Scene(route, server);
    for (const dialect of DIALECTS) scene.#bystanders.push(scene.link(dialect));
    await scene.expectSound();
    return scene;
  }

  private constructor(route: Route, server: Server) {
    this.#route = route;
    this.server = server;
    server.on("accepted", (_, id) => {
      server.connection(id)?.on("end", (record) => void this.#ownEnds.push(record));
    });
    server.on("message", (connection, data) => {
      if (typeof data === "string" && data.startsWith("bystander")) connection.send(data);
    });
    server.on("end", (connection, record) => void this.ends.push({ connection, record }));
  }

  /** Dials as soon as the present code has returned, and ends with the test. */
  link(dialect: Dialect, options: ConnectOptions = {}): Link {
    const link = connect(this.#route.linkUrl(this.url, dialect), {
      redial: { baseMs: 20, attemptsMax: false },
      heartbeat: { intervalMs: 500 },
      ...this.#route.connectOptions,
      ...options,
    });
    onTestFinished(async () => void (await link.close()));
    return link;
  }

  get url(): string {
    return this.server.urls[0] as string;
  }

  get way(): Way {
    return this.#route.wayTo(this.url);
  }

  /** The next one of this dialect that comes in. A line peer does so with its first line. */
  next(dialect: Dialect): Promise<ServerConnection> {
    return new Promise((resolve) => {
      const stop = this.server.on("connection", (connection) => {
        if (connection.dialect !== dialect) return;
        stop();
        resolve(connection);
      });
    });
  }

  /** Both ends of a new connection, over which a greeting has gone. */
  async pair(dialect: Dialect, options: ConnectOptions = {}): Promise<Pair> {
    const next = this.next(dialect);
    const link = this.link(dialect, options);
    link.send("greeting");
    const connection = await next;
    await link.delivered();
    await expect.poll(() => connection.info().messagesIn, LIMIT).toBe(1);
    return { link, connection };
  }

  get codes(): string[] {
    return this.ends.map(({ record }) => record.code);
  }

  /** The bystanders are served, and the ends so far are these, each told once by each. */
  async expectSound(codes: readonly string[] = []): Promise<void> {
    await expect.poll(() => this.codes, LIMIT).toEqual(codes);
    for (const link of this.#bystanders) {
      this.#calls += 1;
      const call = `bystander ${this.#calls}`;
      const answer = answerOf(link, call);
      link.send(call);
      expect(await answer).toBe(call);
      expect(link.status.name).toBe("online");
    }
    expect(this.codes).toEqual(codes);
    expect(this.#ownEnds.map(({ code }) => code)).toEqual(codes);
    expect(this.server.records().map(({ code }) => code)).toEqual(codes);
    expect(this.server.stats().open).toBe(this.server.connections().length);
  }
}

function answerOf(link: Link, call: string): Promise<string> {
  return new Promise((resolve) => {
    const stop = link.on("message", (data) => {
      if (data !== call) return;
      stop();
      resolve(data);
    });
  });
}

/** The code of the HoldfastError that `run` throws, or "nothing". */
export function codeThrownBy(run: () => unknown): string {
  try {
    run();
    return "nothing";
  } catch (error) {
    return (error as { code: string }).code;
  }
}
