/**
 * A client in another language, written from docs/protocol.md, lives with `holdfast serve`: through
 * partitions between network namespaces, and through the death of the server. Of every message it
 * says whether it arrived, and the server's own account agrees.
 */
import { join } from "node:path";
import { describe, expect, type TestContext } from "vitest";
import { ROOT } from "../../scripts/house.ts";
import { canHaveLab, LAB_NEEDS } from "../lab/lab.ts";
import { type Host, Network } from "../lab/network.ts";
import { Processes, type Program, type Told } from "../support/processes.ts";
import { hasTool, skipUnless } from "../support/requires.ts";
import { freePort } from "../support/free-port.ts";

const CLIENT = join(ROOT, "examples/python-client/holdfast_client.py");
const SERVE = join(ROOT, "dist/cli/main.js");
const INTERVAL_MS = 1_000;
const ANSWER_MS = 2_000;
/** What is late on two busy cores that run other tests, too. */
const SLACK_MS = 1_000;
const CUT_MS = 12_000;
const QUIET_BEFORE_MS = 8_000;
/** A dial into the partition that runs out, a wait for at most its cap, and one that succeeds. */
const BACK_WITHIN_MS = 30_000;
const TEST_LIMIT_MS = 150_000;
const SPEAK_MS = 200;
const SCHEMES = ["tcp", "line"] as const;
type Scheme = (typeof SCHEMES)[number];

const hasPython = hasTool("python3");
const inLab = skipUnless(canHaveLab && hasPython, `${LAB_NEEDS}; and there must be python3`);
const withPython = skipUnless(hasPython, "there is no python3");

/** A client and what it was told to send. */
interface Talker {
  readonly scheme: Scheme;
  readonly program: Program;
  readonly said: string[];
}

describe.concurrent("the Python client", () => {
  inLab("finds each partition within its bound and comes back", throughPartitions, TEST_LIMIT_MS);
  withPython("comes back after kill -9 of the server", throughKill, TEST_LIMIT_MS);
});

async function throughPartitions(context: TestContext): Promise<void> {
  const network = new Network();
  // Hooks run in reverse: the programs end before their network goes.
  context.onTestFinished(() => network.remove());
  network.build();
  const processes = new Processes(context);
  const url = `${network.far.address}:8080`;
  const args = ["serve", "--listen", `tcp://${url}`, "--timeout", "6s", "--json"];
  const server = inside(processes, network.far, process.execPath, [SERVE, ...args]);
  await server.says(/"event":"listening"/);
  const startedAt = performance.now();
  const talkers = SCHEMES.map((scheme) =>
    talk(scheme, inside(processes, network.near, "python3", clientArgs(`${scheme}://${url}`))),
  );
  const speaking = keepSpeaking(context, talkers);
  const lines: string[] = [];
  for (const round of [1, 2]) {
    for (const { program } of talkers) await beats(program, 5);
    await passed(QUIET_BEFORE_MS);
    network.partition();
    const cutAt = performance.now();
    const found = await Promise.all(talkers.map((one) => findsDeath(one, round, cutAt)));
    await passed(CUT_MS - (performance.now() - cutAt));
    network.heal();
    const healedAt = performance.now();
    const back = await Promise.all(
      talkers.map(({ program }) => timesOnline(program, round + 1, BACK_WITHIN_MS)),
    );
    for (const at of back) expect(at - healedAt).toBeLessThan(BACK_WITHIN_MS);
    lines.push(
      ...found.map((one, index) => `${one}, back ${sayMs((back[index] ?? 0) - healedAt)}`),
    );
  }
  await passed(60_000 - (performance.now() - startedAt));
  speaking.stop();
  lines.push(...(await accounts(talkers, server)));
  console.log(
    `a Python client for ${sayMs(performance.now() - startedAt)}:\n  ${lines.join("\n  ")}`,
  );
}

async function throughKill(context: TestContext): Promise<void> {
  const processes = new Processes(context);
  const url = `127.0.0.1:${await freePort()}`;
  const serve = async (): Promise<Program> => {
    const server = processes.holdfast("serve", "--listen", `tcp://${url}`, "--json");
    await server.says(/"event":"listening"/);
    return server;
  };
  const first = await serve();
  const talkers = SCHEMES.map((scheme) =>
    talk(scheme, processes.start("python3", clientArgs(`${scheme}://${url}`))),
  );
  const speaking = keepSpeaking(context, talkers);
  for (const { program } of talkers) await beats(program, 3);
  first.signal("SIGKILL");
  await first.exit;
  for (const { program } of talkers) {
    await program.until("a refused dial", () =>
      program.told("connectionEnd").find(({ code }) => code === "DIAL_FAILED"),
    );
  }
  const second = await serve();
  const againAt = performance.now();
  for (const { program } of talkers) {
    const at = await timesOnline(program, 2, BACK_WITHIN_MS);
    expect(at - againAt).toBeLessThan(BACK_WITHIN_MS);
    const [end] = program.told("connectionEnd");
    expect(["PEER_VANISHED", "PEER_RESET", "CLOSED_BY_PEER"]).toContain(end?.["code"]);
    checkWaits(program);
    await beats(program, 6);
  }
  speaking.stop();
  const lines = await accounts([...talkers.slice(0, 1)], first, second);
  for (const { program } of talkers) program.endInput();
  console.log(`a Python client after kill -9: ${lines.join("; ")}`);
}

function inside(processes: Processes, host: Host, file: string, args: readonly string[]): Program {
  return processes.start("ip", ["netns", "exec", host.namespace, file, ...args]);
}

function clientArgs(url: string): string[] {
  const times = ["--interval-ms", INTERVAL_MS, "--answer-within-ms", ANSWER_MS].map(String);
  return [CLIENT, url, ...times, "--attempts", "0"];
}

function talk(scheme: Scheme, program: Program): Talker {
  return { scheme, program, said: [] };
}

/** Each says something new five times a second, so that there is always something to lose. */
function keepSpeaking(
  context: TestContext,
  talkers: readonly Talker[],
): { readonly stop: () => void } {
  const timer = setInterval(() => {
    for (const { scheme, program, said } of talkers) {
      said.push(`${scheme} ${said.length + 1}`);
      program.write(`${said.at(-1)}\n`);
    }
  }, SPEAK_MS);
  const stop = (): void => clearInterval(timer);
  context.onTestFinished(stop);
  return { stop };
}

/** One line on what it found, which was the `round`-th death by silence. */
async function findsDeath({ scheme, program }: Talker, round: number, cutAt: number) {
  const end = await program.until("the death", () => silentDeaths(program)[round - 1]);
  const tookMs = performance.now() - cutAt;
  const boundMs = INTERVAL_MS + ANSWER_MS + SLACK_MS;
  expect(tookMs).toBeLessThan(boundMs);
  expect(end["heardMsAgo"]).toBeLessThan(boundMs);
  expect(end["heardMsAgo"]).toBeGreaterThanOrEqual(ANSWER_MS);
  return `${scheme}: cut ${round} found after ${sayMs(tookMs)} (bound ${sayMs(boundMs)})`;
}

function silentDeaths(program: Program): Told[] {
  return program.told("connectionEnd").filter(({ code }) => code === "PEER_SILENT");
}

async function beats(program: Program, count: number): Promise<void> {
  await program.until(`${count} beats`, () => program.told("beat")[count - 1]);
}

/** When it had come online so often. */
async function timesOnline(program: Program, count: number, limitMs: number): Promise<number> {
  await program.until("online", () => program.told("online")[count - 1], limitMs);
  return performance.now();
}

/** Jitter inside a cap that doubles; the first wait is spread over the server's window of 5 s. */
function checkWaits(program: Program): void {
  const waits = program.told("waiting").map(({ waitMs }) => Number(waitMs));
  expect(waits.length).toBeGreaterThan(1);
  for (const [index, waitMs] of waits.entries()) {
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(index === 0 ? 5_000 : Math.min(60_000, 1_000 * 2 ** index));
  }
}

/**
 * Ends the talkers, and compares: whatever was sent either reached a server or was told as
 * undelivered. Both can be true of one message: it arrived, and its acknowledgement did not.
 */
async function accounts(
  talkers: readonly Talker[],
  ...servers: readonly Program[]
): Promise<string[]> {
  const lines: string[] = [];
  for (const { scheme, program, said } of talkers) {
    program.endInput();
    const end = await program.until("its end", () => program.told("ended")[0], 30_000);
    const arrived = new Set(
      servers.flatMap((server) => server.told("message").map(({ text }) => String(text))),
    );
    const returned = program.told("undelivered").flatMap(({ messages }) => messages as string[]);
    const lost = said.filter((one) => !arrived.has(one) && !returned.includes(one));
    expect(lost, "sent, not arrived, and not told").toEqual([]);
    expect(end).toMatchObject({ code: "CLOSED_HERE", sent: said.length });
    expect(end["undelivered"]).toBe(returned.length);
    expect(Number(end["delivered"]) + returned.length).toBe(said.length);
    const { code } = await program.exit;
    expect(code, "0 only if all was delivered").toBe(returned.length === 0 ? 0 : 1);
    lines.push(`${scheme}: ${said.length} sent, ${returned.length} told as undelivered, 0 lost`);
  }
  return lines;
}

function sayMs(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

async function passed(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
