/**
 * A partition that nobody is told of, between two hosts made of network namespaces: how long do
 * programs hold connections to a host that is gone, alone and with guard?
 *
 * All programs stand on the far host, in all modes, and one partition meets them all. What is timed
 * is the close of the server's own socket. Needs Linux, root and `ip`.
 */
import { Network } from "../lab/network.ts";
import {
  Company,
  closedAt,
  GUARDED_PROGRAMS,
  type GuardedProgram,
  type Mode,
  targetsOf,
} from "./guarded-program.ts";

/** Of each program in each mode; the partition meets each elsewhere in its interval. */
export const COPIES = 6;
const MODES: readonly Mode[] = ["bare", "control", "guard"];
const SETTLED_LIMIT_MS = 30_000;

export interface PartitionOutcome {
  readonly program: GuardedProgram["id"];
  readonly mode: Mode;
  /** From the partition, in order; shorter than the copies where some were not found. */
  readonly foundAfterMs: readonly number[];
  readonly copies: number;
  /** What guard wrote about the ends. */
  readonly sentences: readonly string[];
  readonly codes: readonly string[];
}

/** Watches for `watchMs` after the partition. `dist` is the file url of the built package. */
export async function partitionScene(dist: string, watchMs: number): Promise<PartitionOutcome[]> {
  const network = new Network();
  const company = new Company(dist);
  try {
    network.build();
    const stands = await Promise.all(
      GUARDED_PROGRAMS.flatMap((program) =>
        MODES.map((mode) => openStand(company, network, program, mode)),
      ),
    );
    network.partition();
    const cutAt = Date.now();
    await Promise.all(stands.map((stand) => watched(stand, watchMs)));
    return stands.map(({ program, mode, server, ports }) => ({
      program: program.id,
      mode,
      foundAfterMs: closedAt(server, ports)
        .map((at) => at - cutAt)
        .toSorted((one, other) => one - other),
      copies: COPIES,
      sentences: server.told("end").map(({ sentence }) => String(sentence)),
      codes: server.told("end").map(({ code }) => String(code)),
    }));
  } finally {
    await company.close();
    network.remove();
  }
}

type Stand = Awaited<ReturnType<typeof openStand>>;

/** Server and clients, which have talked for a while. */
async function openStand(
  company: Company,
  { far, near }: Network,
  program: GuardedProgram,
  mode: Mode,
) {
  const { server, port } = await company.serve(program, mode, { host: far });
  const targets = targetsOf(program, port, COPIES);
  const { ports, clients } = await company.connect(targets, { host: near, address: far.address });
  const limitAt = Date.now() + SETTLED_LIMIT_MS;
  while (Number((await clients.order("report", "report"))["answers"]) < 1) {
    if (Date.now() > limitAt) throw new Error(`${program.id} answers nobody`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return { program, mode, server, ports };
}

/** Until all ends are found, or the time is over, which is a finding, too. */
async function watched({ server, ports }: Stand, watchMs: number): Promise<void> {
  const all = (): true | undefined =>
    closedAt(server, ports).length === COPIES ? true : undefined;
  await server.until("all to be found", all, watchMs).catch(() => {});
}
