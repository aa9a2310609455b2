/**
 * What the Python client does with what a server may say: measured by a server that says it out of
 * a script, frame by frame, and reads the answers with our own codec.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, type TestContext } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { utf8 } from "../../src/base/bytes.ts";
import type { Frame, GoAway, Welcome } from "../../src/wire/frame.ts";
import { encodeFrame, FrameDecoder } from "../../src/wire/frame-codec.ts";
import { encodePreface } from "../../src/wire/preface.ts";
import { Processes, type Program } from "../support/processes.ts";
import { hasTool, skipUnless } from "../support/requires.ts";

const CLIENT = join(ROOT, "examples/python-client/holdfast_client.py");
const LIMIT_MS = 15_000;
const withPython = skipUnless(hasTool("python3"), "there is no python3");

const WELCOME: Welcome = {
  id: "id-1",
  secret: "secret-1",
  epoch: "e",
  leaseMsMin: 100,
  leaseMsMax: 60_000,
  timeoutMs: 60_000,
  pingIntervalMsMin: 100,
  messageBytesMax: 300_000,
  nextMs: 0,
  reconnectWindowMs: 100,
};

/** One accepted connection: what it has said so far, and a way to wait for more. */
class Caller {
  readonly heard: Frame[] = [];
  hasFinished = false;
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder({ role: "server" });
  readonly #watchers = new Set<() => void>();

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes) => this.#take(bytes));
    socket.on("end", () => {
      this.hasFinished = true;
      this.#look();
    });
    socket.on("error", () => {}); // The client may have been killed.
  }

  say(...frames: readonly Frame[]): void {
    for (const frame of frames) this.#socket.write(encodeFrame(frame));
  }

  welcome(changes: Partial<Welcome> = {}): void {
    this.#socket.write(encodePreface());
    this.say({ kind: "welcome", welcome: { ...WELCOME, ...changes } });
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** FIN; what the client says further is still heard. */
  finish(): void {
    this.#socket.end();
  }

  async until<T>(what: string, look: () => T | undefined): Promise<T> {
    return await new Promise((settle, reject) => {
      const seen = JSON.stringify(this.heard.slice(-5));
      const fail = (): void => reject(new Error(`waited for ${what}; the last heard: ${seen}`));
      const timer = setTimeout(fail, LIMIT_MS);
      const check = (): void => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(timer);
        this.#watchers.delete(check);
        settle(found);
      };
      this.#watchers.add(check);
      check();
    });
  }

  async hears<K extends Frame["kind"]>(kind: K, at = 0): Promise<Frame & { kind: K }> {
    const all = (): (Frame & { kind: K })[] =>
      this.heard.filter((frame): frame is Frame & { kind: K } => frame.kind === kind);
    return await this.until(`${kind} ${at + 1}`, () => all()[at]);
  }

  async finishes(): Promise<void> {
    await this.until("FIN", () => (this.hasFinished ? true : undefined));
  }

  #take(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
    for (let item = this.#decoder.next(); item !== undefined; item = this.#decoder.next()) {
      if (item.kind === "fault") throw new Error(`the client broke the protocol: ${item.detail}`);
      if (item.kind !== "preface") this.heard.push(owned(item));
    }
    this.#look();
  }

  #look(): void {
    for (const check of this.#watchers) check();
  }
}

/** With a payload of its own: what the codec gives is a view. */
function owned(frame: Frame): Frame {
  return frame.kind === "part" ? { ...frame, payload: new Uint8Array(frame.payload) } : frame;
}

interface Scene {
  readonly program: Program;
  /** The connection after so many, from 0. */
  readonly caller: (at?: number) => Promise<Caller>;
}

async function scene(context: TestContext, env: readonly string[] = []): Promise<Scene> {
  const callers: Caller[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    callers.push(new Caller(socket));
    server.emit("caller");
  }).listen(0, "127.0.0.1");
  context.onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const args = [CLIENT, `tcp://127.0.0.1:${port}`, "--interval-ms", "200", "--attempts", "4"];
  const program = new Processes(context).start("env", [...env, "python3", ...args]);
  return {
    program,
    caller: async (at = 0) => {
      const signal = AbortSignal.timeout(LIMIT_MS);
      while (callers.length <= at) await once(server, "caller", { signal });
      return callers[at] as Caller;
    },
  };
}

const bytesOf = (text: string): Uint8Array => utf8(text);

describe.concurrent("the Python client, greeting and answering", () => {
  withPython("greets with its lease and its token, and obeys WELCOME's limits", async (context) => {
    const { program, caller } = await scene(context, ["HOLDFAST_TOKEN=s3cret"]);
    const first = await caller();
    const { hello } = await first.hears("hello");
    expect(hello).toMatchObject({ nextMs: 200, token: "s3cret" });
    first.welcome({ leaseMsMin: 400 });
    const ping = await first.hears("ping");
    expect(ping).toMatchObject({ seq: 1, nextMs: 400 });
    first.say({ kind: "pong", seq: 1, nextMs: 0 });
    await program.until("a beat", () => program.told("beat")[0]);
    expect(program.stdout + program.stderr).not.toContain("s3cret");
  });

  withPython("answers a ping, and acknowledges messages and parts", async (context) => {
    const { program, caller } = await scene(context);
    const first = await caller();
    first.welcome();
    first.say({ kind: "ping", seq: 7, nextMs: 1_000 });
    expect(await first.hears("pong")).toMatchObject({ seq: 7 });
    const part = { kind: "part", more: false } as const;
    first.say({ ...part, type: "text", payload: bytesOf("whole") });
    expect(await first.hears("ack")).toMatchObject({ messages: 1, partBytes: 0 });
    const half = new Uint8Array(65_535).fill(0x61);
    first.say({ ...part, type: "text", more: true, payload: half });
    expect(await first.hears("ack", 1)).toMatchObject({ messages: 1, partBytes: half.length });
    first.say({ kind: "ping", seq: 8, nextMs: 1_000 });
    first.say({ ...part, type: "cont", payload: bytesOf("z") });
    first.say({ ...part, type: "binary", payload: new Uint8Array([0, 255]) });
    const data = await program.until("three messages", () => {
      const told = program.told("message").map((message) => message["data"]);
      return told.length === 3 ? told : undefined;
    });
    expect(data).toEqual(["whole", `${"a".repeat(65_535)}z`, "00ff"]);
  });
});

describe.concurrent("the Python client, sending", () => {
  withPython(
    "sends what is long in parts, and tells what was not acknowledged",
    async (context) => {
      const { program, caller } = await scene(context);
      const first = await caller();
      first.welcome();
      const long = "ž".repeat(70_000);
      const tooLong = "x".repeat(300_001);
      program.write(`${long}\n${tooLong}\nshort\n`);
      const parts = await first.until("four parts", () => {
        const all = first.heard.filter((frame) => frame.kind === "part");
        return all.length === 4 ? all : undefined;
      });
      expect(parts.map(({ type, more }) => `${type} ${more}`)).toEqual([
        "text true",
        "cont true",
        "cont false",
        "text false",
      ]);
      const text = Buffer.concat(parts.slice(0, 3).map(({ payload }) => payload)).toString();
      expect(text === long).toBe(true);
      first.say({ kind: "ack", messages: 1, partBytes: 0 });
      first.finish();
      const told = await program.until("the account", () => {
        const all = program.told("undelivered");
        return all.length === 2 ? all : undefined;
      });
      expect(told).toMatchObject([
        { code: "MESSAGE_TOO_LONG", count: 1 },
        { code: "PEER_VANISHED", messages: ["short"] },
      ]);
      const second = await caller(1);
      expect((await second.hears("hello")).hello.previous).toEqual({
        id: "id-1",
        secret: "secret-1",
      });
    },
  );
});

describe.concurrent("the Python client, asked to slow down or to leave", () => {
  withPython("slows down as it is asked to, and announces it first", async (context) => {
    const { caller } = await scene(context);
    const first = await caller();
    first.welcome();
    await first.hears("ping");
    first.say({ kind: "slow", intervalMs: 3_600_000 });
    // Ten times its own interval at the most.
    const slow = await first.until("a longer lease", () =>
      first.heard.find((frame) => frame.kind === "ping" && frame.nextMs === 2_000),
    );
    const at = first.heard.indexOf(slow);
    const before = performance.now();
    await first.until("the next ping", () =>
      first.heard.slice(at + 1).find((frame) => frame.kind === "ping"),
    );
    expect(performance.now() - before).toBeGreaterThan(1_500);
  });

  withPython("leaves after GOAWAY, and comes back when it was told to", async (context) => {
    const { program, caller } = await scene(context);
    const first = await caller();
    first.welcome();
    program.write("under way\n");
    await first.hears("part");
    const goaway: GoAway = { reason: "restart", retry: "after", afterMs: 700, spreadMs: 0 };
    first.say({ kind: "goaway", goaway }, { kind: "ping", seq: 1, nextMs: 0 });
    await first.hears("pong"); // It has read GOAWAY before.
    program.write("for the next one\n");
    first.say({ kind: "ack", messages: 1, partBytes: 0 });
    expect(await first.hears("end")).toMatchObject({ code: "CLOSED_BY_PEER" });
    await first.finishes();
    first.finish();
    const end = await program.until("the end", () => program.told("connectionEnd")[0]);
    expect(end).toMatchObject({ code: "DRAINED" });
    const waiting = await program.until("the wait", () => program.told("waiting")[0]);
    expect(waiting["waitMs"]).toBeGreaterThanOrEqual(700);
    const second = await caller(1);
    second.welcome();
    expect(Buffer.from((await second.hears("part")).payload).toString()).toBe("for the next one");
    expect(program.told("undelivered")).toEqual([]);
  });
});

describe.concurrent("the Python client, refused or refusing", () => {
  withPython("never comes back to a server that said so", async (context) => {
    const { program, caller } = await scene(context);
    const first = await caller();
    first.write(encodePreface());
    const goaway: GoAway = { reason: "no", retry: "never", afterMs: 0, spreadMs: 0 };
    first.say({ kind: "goaway", goaway }, { kind: "end", code: "OVERLOADED", reason: "go" });
    expect(await program.until("the end", () => program.told("ended")[0])).toMatchObject({
      code: "OVERLOADED",
      sentence: "the peer said OVERLOADED: go",
    });
    expect((await program.exit).code).toBe(1);
    expect(program.told("waiting")).toEqual([]);
  });

  withPython("says what was wrong, and reads on until it is read", refusals, 30_000);

  withPython("a server that speaks lines is told from one that speaks frames", async (context) => {
    const { program, caller } = await scene(context);
    (await caller()).write(bytesOf("hello, who is there?\n"));
    const end = await program.until("the end", () => program.told("ended")[0]);
    expect(end).toMatchObject({ code: "WRONG_DIALECT" });
    expect(end["sentence"]).toContain("try line://");
  });
});

async function refusals(context: TestContext): Promise<void> {
  const welcomeAgain: Frame = { kind: "welcome", welcome: WELCOME };
  const wrongs: readonly (readonly [frame: Frame, code: string])[] = [
    [welcomeAgain, "FRAME_INVALID"],
    [{ kind: "ack", messages: 1, partBytes: 0 }, "FRAME_INVALID"],
    [{ kind: "part", type: "cont", more: false, payload: bytesOf("x") }, "FRAME_INVALID"],
  ];
  for (const [frame, code] of wrongs) {
    const { program, caller } = await scene(context);
    const first = await caller();
    first.welcome();
    first.say(frame);
    expect(await first.hears("end")).toMatchObject({ code });
    await first.finishes();
    first.finish();
    expect(await program.until("the end", () => program.told("ended")[0])).toMatchObject({ code });
    expect((await program.exit).code).toBe(1);
  }
}
