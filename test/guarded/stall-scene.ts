/**
 * A server whose event loop stands still, three times, each time for longer than its timeout, while
 * its clients live. Whom does it end? And does it still find those of its clients that are frozen?
 *
 * Each stall is in another kind of callback, since what runs next differs: after a timer other
 * timers come first, after reading perhaps more reading.
 */
import type { GuardEvidence } from "../../src/guard/guard-record.ts";
import type { Program, Told } from "../support/processes.ts";
import { Company, closedAt, type GuardedProgram, type Mode, targetsOf } from "./guarded-program.ts";

type Crowd = Awaited<ReturnType<Company["connect"]>>;

export const STALL_PLACES = ["timer", "immediate", "io"] as const;
export const STALL_MS = 3_500;
export const LIVE = 300;
export const FROZEN = 20;

const HEARD_LIMIT_MS = 20_000;
/** Longer than the bound, on whatever is found late; not all that is usual closes at once. */
const FOUND_LIMIT_MS = 8_000;
const STALLED_LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 200;

export interface StallOutcome {
  readonly program: GuardedProgram["id"];
  readonly mode: Mode;
  readonly stalls: number;
  readonly live: number;
  /** Of those that live, how many saw their connection end. */
  readonly liveEnded: number;
  readonly frozen: number;
  readonly frozenFound: number;
  /** From the freeze, which the last stall follows, to the end of the last of them. */
  readonly foundAfterMs: number | undefined;
  /** The longest time that the process of the clients was late itself. */
  readonly clientsLateMs: number;
  /** The ends that guard told of, and what else it counts. */
  readonly ends: readonly GuardedEnd[];
  readonly report: Readonly<Record<string, unknown>>;
}

interface GuardedEnd {
  readonly code: string;
  /** Since the last sign of life: something heard, or output that its kernel took. */
  readonly aliveMsAgo: number;
  readonly ourLatenessMs: number;
  readonly unreadMs: number;
}

/**
 * `dist` is the file url of the built package. Whether a stall meets a sweep between its question
 * and the answers is a matter of moments: with `roundsMax` the three are repeated until a tenth of
 * those that live was ended.
 */
export async function stallScene(
  program: GuardedProgram,
  mode: Mode,
  dist: string,
  roundsMax: number = 1,
): Promise<StallOutcome> {
  const company = new Company(dist);
  try {
    const { server, port } = await company.serve(program, mode);
    const living = await company.connect(targetsOf(program, port, LIVE));
    const freezing = await company.connect(targetsOf(program, port, FROZEN));
    await heard(server);
    const frozenAt = await stallEverywhere(server, living, freezing.clients);
    const found = await foundFrozen(server, freezing.ports);
    await heard(server);
    let clients = await living.clients.order("report", "report");
    let rounds = 1;
    for (; rounds < roundsMax && Number(clients["ended"]) < LIVE / 10; rounds++) {
      await stallEverywhere(server, living);
      clients = await living.clients.order("report", "report");
    }
    return {
      program: program.id,
      mode,
      stalls: rounds * STALL_PLACES.length,
      live: LIVE,
      liveEnded: Number(clients["ended"]),
      frozen: FROZEN,
      frozenFound: found.length,
      foundAfterMs: found.length === FROZEN ? Math.max(...found) - frozenAt : undefined,
      clientsLateMs: Number(clients["lateMs"]),
      ends: server.told("end").map(guardedEnd),
      report: await server.order("report", "report"),
    };
  } finally {
    await company.close();
  }
}

function guardedEnd({ code, evidence }: Told): GuardedEnd {
  const { heardMsAgo, movedMsAgo, ourLatenessMs, unreadMs } = evidence as GuardEvidence;
  const signs = [heardMsAgo, movedMsAgo].filter((ms) => ms !== undefined);
  return { code: String(code), aliveMsAgo: Math.min(...signs), ourLatenessMs, unreadMs };
}

/** Returns when `freezing` was frozen, which is before the last stall. */
async function stallEverywhere(
  server: Program,
  living: Crowd,
  freezing?: Program,
): Promise<number> {
  let frozenAt = 0;
  for (const place of STALL_PLACES) {
    if (place === STALL_PLACES.at(-1)) {
      freezing?.signal("SIGSTOP");
      frozenAt = Date.now();
    }
    // Nobody may be left who could be ended, or bring the server to read. The clients learn of it
    // later than the server does; what that said before a report is known once the report is here.
    await server.order("report", "report");
    if (closedAt(server, living.ports).length === living.ports.size) break;
    await server.order(`stall ${place} ${STALL_MS}`, "stalled", STALLED_LIMIT_MS);
    // The frozen are silent, so only the others can be waited for.
    if (freezing === undefined || place !== STALL_PLACES.at(-1)) await heard(server);
  }
  return frozenAt;
}

async function foundFrozen(server: Program, ports: ReadonlySet<number>): Promise<number[]> {
  const all = (): true | undefined =>
    closedAt(server, ports).length === FROZEN ? true : undefined;
  await server.until("the frozen to be ended", all, FOUND_LIMIT_MS).catch(() => {});
  return closedAt(server, ports);
}

/** Until there were so many messages that what waited was read, and all spoke once more. */
async function heard(server: Program): Promise<void> {
  const first = await server.order("report", "report");
  const limitAt = Date.now() + HEARD_LIMIT_MS;
  for (;;) {
    const report = await server.order("report", "report");
    const [messages, open] = [Number(report["messages"]), Number(report["open"])];
    if (messages >= Number(first["messages"]) + 2 * open) return;
    if (Date.now() > limitAt) throw new Error(`${open} clients said too little: ${messages}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
