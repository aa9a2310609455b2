/**
 * What the Python client holds for delivered where nobody acknowledges: lines are read in turn, so
 * an answer speaks for all that stood before its ping, and for nothing after it.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, type TestContext } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { Processes, type Program } from "../support/processes.ts";
import { hasTool, skipUnless } from "../support/requires.ts";

const CLIENT = join(ROOT, "examples/python-client/holdfast_client.py");
const withPython = skipUnless(hasTool("python3"), "there is no python3");

/** A plain server with one client: it answers pings by hand. */
interface Scene {
  readonly program: Program;
  readonly socket: Socket;
  /** Resolves once all these lines came, in this order and with others between them. */
  readonly hears: (...lines: readonly string[]) => Promise<void>;
  readonly heard: () => string[];
}

async function scene(context: TestContext, intervalMs: number): Promise<Scene> {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const args = [CLIENT, `line://127.0.0.1:${port}`, "--interval-ms", String(intervalMs)];
  const program = new Processes(context).start("python3", args);
  const [socket] = (await once(server, "connection")) as [Socket];
  context.onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  let text = "";
  socket.on("error", () => {}); // The client may have been killed.
  socket.on("data", (bytes) => {
    text += bytes.toString();
    socket.emit("text");
  });
  const heard = (): string[] => text.split("\n").slice(0, -1);
  const hears = async (...lines: readonly string[]): Promise<void> => {
    const signal = AbortSignal.timeout(15_000);
    while (!isWithin(lines, heard())) await once(socket, "text", { signal });
  };
  return { program, socket, hears, heard };
}

function isWithin(lines: readonly string[], all: readonly string[]): boolean {
  let found = 0;
  for (const line of all) if (line === lines[found]) found += 1;
  return found === lines.length;
}

describe.concurrent("the Python client, with lines", () => {
  withPython("hands back what no answer speaks for", async (context) => {
    const { program, socket, hears, heard } = await scene(context, 100);
    await hears("ping");
    program.write("behind the ping\n");
    await hears("ping", "behind the ping");
    socket.write("pong\n");
    await hears("ping", "behind the ping", "ping");
    socket.write("pong\n");
    await hears("ping", "behind the ping", "ping", "ping");
    program.write("one\ntwo\n");
    await hears("one", "two");
    socket.end("pong\n"); // For the ping before them.
    await program.until("three beats", () => program.told("beat")[2]);
    const told = await program.until("the account", () => program.told("undelivered")[0]);
    expect(told).toMatchObject({ code: "CLOSED_BY_PEER", count: 2, messages: ["one", "two"] });
    const pings = heard().filter((line) => line === "ping").length;
    expect(pings, "one ping at a time").toBeLessThanOrEqual(3);
  });

  withPython("asks once more for the last lines, and leaves", async (context) => {
    const { program, socket, hears } = await scene(context, 60_000);
    program.write("the last\n");
    program.endInput();
    await hears("the last", "ping");
    socket.write("pong\n");
    await once(socket, "end");
    socket.end();
    const end = await program.until("the end", () => program.told("ended")[0]);
    expect(end).toMatchObject({ code: "CLOSED_HERE", sent: 1, delivered: 1, undelivered: 0 });
    expect((await program.exit).code).toBe(0);
  });
});
