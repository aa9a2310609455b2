/**
 * What guard costs a server: memory for each connection, and processor time for each message.
 *
 * Two servers of the same program run side by side, one with guard and one without, and take turns,
 * so that whatever else the machine does meets both. Only ratios of one run mean something. Guard
 * has its default options, as a long-lived server would have it.
 */
import type { Program } from "../../test/support/processes.ts";
import { Company, type GuardedProgram, targetsOf } from "../../test/guarded/guarded-program.ts";

export interface OverheadAmounts {
  /** Connections between which memory is compared. */
  readonly connectionsFew: number;
  readonly connectionsMany: number;
  readonly talkers: number;
  readonly turns: number;
  readonly turnMs: number;
}

export interface Memory {
  readonly heapBytes: number;
  readonly residentBytes: number;
}

export interface Overhead {
  /** For each connection, without guard and with it. */
  readonly without: Memory;
  readonly with: Memory;
  readonly cpuUsPerMessageWithout: number;
  readonly cpuUsPerMessageWith: number;
}

const ORDER_LIMIT_MS = 60_000;
const MODES = ["bare", "guard"] as const;

/** `dist` is the file url of the built package. */
export async function overhead(
  program: GuardedProgram,
  amounts: OverheadAmounts,
  dist: string,
): Promise<Overhead> {
  const company = new Company(dist);
  try {
    const [bare, guarded] = await Promise.all(
      MODES.map((mode) => openStand(company, program, mode, amounts)),
    );
    if (bare === undefined || guarded === undefined) throw new Error("two modes have two stands");
    for (let turn = 0; turn < amounts.turns; turn++) {
      // Who begins alternates, too.
      for (const stand of turn % 2 === 0 ? [bare, guarded] : [guarded, bare]) {
        await talk(stand, amounts, turn > 0);
      }
    }
    const [memoryBare, memoryGuarded] = [
      await memoryPerConnection(bare, program, amounts),
      await memoryPerConnection(guarded, program, amounts),
    ];
    return {
      without: memoryBare,
      with: memoryGuarded,
      cpuUsPerMessageWithout: bare.cpuUs / bare.messages,
      cpuUsPerMessageWith: guarded.cpuUs / guarded.messages,
    };
  } finally {
    await company.close();
  }
}

interface Stand {
  readonly server: Program;
  readonly clients: Program;
  readonly port: number;
  cpuUs: number;
  messages: number;
}

async function openStand(
  company: Company,
  program: GuardedProgram,
  mode: (typeof MODES)[number],
  { connectionsFew }: OverheadAmounts,
): Promise<Stand> {
  const { server, port } = await company.serve(program, mode, { guard: {} });
  const { clients } = await company.connect(targetsOf(program, port, connectionsFew));
  return { server, port, clients, cpuUs: 0, messages: 0 };
}

/** One turn; the first of each server is to warm it up and is not counted. */
async function talk(
  stand: Stand,
  { talkers, turnMs }: OverheadAmounts,
  counts: boolean,
): Promise<void> {
  const before = await stand.server.order("cpu", "cpu");
  stand.clients.write(`talk ${talkers}\n`);
  await new Promise((resolve) => setTimeout(resolve, turnMs));
  await stand.clients.order("hush", "hushed");
  const after = await stand.server.order("cpu", "cpu");
  if (!counts) return;
  const grown = (key: string): number => Number(after[key]) - Number(before[key]);
  stand.cpuUs += grown("user") + grown("system");
  stand.messages += grown("messages");
}

async function memoryPerConnection(
  { server, clients, port }: Stand,
  program: GuardedProgram,
  { connectionsFew, connectionsMany }: OverheadAmounts,
): Promise<Memory> {
  const before = await server.order("memory", "memory", ORDER_LIMIT_MS);
  const more = connectionsMany - connectionsFew;
  for (const { kind, count } of targetsOf(program, port, more)) {
    await clients.order(`add ${kind} ${port} ${count}`, "added", ORDER_LIMIT_MS);
  }
  const after = await server.order("memory", "memory", ORDER_LIMIT_MS);
  const each = (key: string): number => (Number(after[key]) - Number(before[key])) / more;
  return { heapBytes: each("heapUsed"), residentBytes: each("rss") };
}
