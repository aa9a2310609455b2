/**
 * The ways to fall silent: nothing is heard any more, and no kernel says why.
 *
 * A client finds all of them by the answer that its ping does not get; a server by the lease that
 * runs out. What differs is what counts as evidence meanwhile, and what the kernel alone would do.
 */
import { NEVER, part, type Within, within } from "./bound.ts";
import {
  type Finding,
  idleAlone,
  KERNEL_ANSWERS,
  resetAlone,
  unacknowledgedAlone,
} from "./kernel-alone.ts";
import type { Answer, Pair } from "./pair.ts";
import type { WayToDie } from "./way.ts";

/** The bound of promise 1: a client, from the last evidence of life on. */
export function clientSilence({ client }: Pair, answer: Answer = client.answer): Within {
  return within([
    part("interval", client.intervalMsMax),
    part("answer", answer.ms, answer.quickPathMs),
    part("tick", client.tickMs),
  ]);
}

/** The bound of promise 1: a server. A line peer cannot be asked and has its timeout alone. */
export function serverSilence(
  { dialect, server }: Pair,
  answer: Answer = server.answer,
  answerName: string = "answer",
): Within {
  if (dialect === "line") return within([part("timeout", server.timeoutMs), tickOf(server)]);
  return within([
    part("lease", server.leaseMs),
    part("grace", server.graceMs),
    part(answerName, answer.ms, answer.quickPathMs),
    tickOf(server),
  ]);
}

export function silentWays(pair: Pair): readonly WayToDie[] {
  return [vanished(pair), unacknowledged(pair), farBehind(pair), frozen(pair), reset(pair)];
}

function vanished(pair: Pair): WayToDie {
  const { client, server } = pair;
  return {
    id: "vanished",
    title: "idle, and the other side is gone: host lost, NAT forgot the flow, path cut",
    client: { ...clientFinding(pair), alone: idleAlone(client.kernel) },
    server: { ...serverFinding(pair), alone: idleAlone(server.kernel) },
  };
}

function unacknowledged(pair: Pair): WayToDie {
  const { client, server } = pair;
  return {
    id: "unacknowledged",
    title: "the same while output waits for its acknowledgement",
    client: { ...clientFinding(pair), alone: unacknowledgedAlone(client.kernel) },
    server: { ...serverFinding(pair), alone: unacknowledgedAlone(server.kernel) },
  };
}

/** Where a ping may wait behind output of which nothing is known, it gets the drain timeout. */
function farBehind(pair: Pair): WayToDie {
  const { client, server, dialect } = pair;
  const by = "a ping behind so much is given the drain timeout for its answer";
  const asked = { found: clientSilence(pair, longer(client)), by };
  const ofServer = { found: serverSilence(pair, longer(server)), by };
  return {
    id: "far-behind",
    title:
      "the same with over 64 KiB waiting, where unacknowledged bytes cannot be read (not Linux)",
    client: {
      ...(client.answersExpected ? asked : unacknowledgedAlone(client.kernel)),
      alone: unacknowledgedAlone(client.kernel),
    },
    server: {
      ...(dialect === "line" ? serverFinding(pair) : ofServer),
      alone: unacknowledgedAlone(server.kernel),
    },
  };
}

function frozen(pair: Pair): WayToDie {
  const unseen: Finding = {
    found: NEVER,
    by: "without answers nothing tells a frozen process from a quiet one",
  };
  return {
    id: "frozen",
    title: "frozen process (SIGSTOP, a debugger), while its kernel goes on acknowledging",
    client: {
      ...(pair.client.answersExpected ? clientFinding(pair) : unseen),
      alone: KERNEL_ANSWERS,
    },
    server: { ...serverFinding(pair), alone: KERNEL_ANSWERS },
  };
}

/** A line server never speaks first, so it has nothing that could be reset. */
function reset(pair: Pair): WayToDie {
  const { client, server, dialect } = pair;
  const atPing = within([part("interval", client.intervalMsMax), part("tick", client.tickMs)]);
  const parts = [part("lease", server.leaseMs), part("grace", server.graceMs), tickOf(server)];
  const atQuestion = { found: within(parts), by: "the verifying ping is answered by a reset" };
  return {
    id: "reset",
    title: "host rebooted, or a middlebox that resets what it forgot, at the next packet",
    client: {
      found: atPing,
      by: "the next ping is answered by a reset, a round trip later",
      alone: resetAlone(client.kernel),
    },
    server: {
      ...(dialect === "line" ? serverFinding(pair) : atQuestion),
      alone: resetAlone(server.kernel),
    },
  };
}

function clientFinding(pair: Pair): Finding {
  const found = clientSilence(pair);
  if (pair.client.answersExpected) return { found, by: "the ordinary ping stays unanswered" };
  const by = "unacknowledged bytes stay as many (Linux; elsewhere: the kernel alone)";
  return { found, by };
}

function serverFinding(pair: Pair): Finding {
  const found = serverSilence(pair);
  if (pair.dialect === "frame") return { found, by: "a verifying ping stays unanswered" };
  return { found, by: "its timeout is over; a plain peer cannot be asked" };
}

function longer({ answer, drainTimeoutMs }: { answer: Answer; drainTimeoutMs: number }): Answer {
  const ms = Math.max(answer.ms, drainTimeoutMs);
  return { ms, quickPathMs: Math.max(answer.quickPathMs, drainTimeoutMs) };
}

export function tickOf({ tickMs }: { readonly tickMs: number }): ReturnType<typeof part> {
  return part("tick", tickMs);
}
