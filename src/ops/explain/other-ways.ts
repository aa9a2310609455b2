/**
 * The ways in which something is still heard, or in which the fault is on our own side: peers that
 * take nothing or never finish, ends that are announced, our own lateness, many deaths at once.
 */
import { MASS_EXPIRY_CONFIG } from "../../liveness/mass-expiry.ts";
import { WAKE_SPREAD_MS } from "../../liveness/waking.ts";
import { WAKE_ANSWER_MS_MAX, WAKE_ANSWER_MS_MIN } from "../../liveness/silence-rules.ts";
import { AT_ONCE, type BoundPart, part, type Within, within } from "./bound.ts";
import { KERNEL_ANSWERS, KERNEL_TOLD, shutWindowAlone } from "./kernel-alone.ts";
import type { Answer, Pair } from "./pair.ts";
import { clientSilence, serverSilence, tickOf } from "./silent-ways.ts";
import type { EndOfWay, WayToDie } from "./way.ts";

export function otherWays(pair: Pair): readonly WayToDie[] {
  return [
    takesNothing(pair),
    greeting(pair),
    halfMessage(pair),
    closed(),
    stall(pair),
    slept(pair),
    mass(pair),
  ];
}

function takesNothing({ client, server }: Pair): WayToDie {
  const by = "neither 64 KiB nor all that waited has moved for so long";
  const end = (of: Drained & { kernel: Pair["client"]["kernel"] }): EndOfWay => ({
    found: drain(of, "the last time that 64 KiB, or all that waited, had moved"),
    by,
    alone: shutWindowAlone(of.kernel),
  });
  return {
    id: "takes-nothing",
    title: "speaks and takes nothing: its application does not read",
    client: end(client),
    server: end(server),
  };
}

function greeting(pair: Pair): WayToDie {
  const { client } = pair;
  const dial = within([part("attempt", client.attemptTimeoutMs), tickOf(client)], "the dial");
  return {
    id: "greeting",
    title: "begins and does not finish its greeting",
    client: { found: dial, by: "the deadline of an attempt to connect", alone: KERNEL_ANSWERS },
    server: ungreeted(pair),
  };
}

function ungreeted({ dialect, server }: Pair): EndOfWay {
  const { timeoutMs, handshakeTimeoutMs, acceptsLine } = server;
  const shake = [part("handshake", handshakeTimeoutMs), tickOf(server)];
  if (dialect === "frame") {
    const found = within(shake, acceptsLine ? "its first byte" : "its arrival");
    const more = acceptsLine ? "; who sends no byte at all has the timeout" : "";
    return { found, by: `the deadline of a handshake${more}`, alone: KERNEL_ANSWERS };
  }
  const found = within([part("timeout", timeoutMs), tickOf(server)], "its arrival");
  return { found, by: "who has said nothing has the timeout", alone: KERNEL_ANSWERS };
}

function halfMessage({ client, server }: Pair): WayToDie {
  const by = "an unfinished message must gain 64 KiB or end within the drain timeout";
  const end = (of: Drained): EndOfWay => ({
    found: drain(of, "the last 64 KiB of it"),
    by,
    alone: KERNEL_ANSWERS,
  });
  return {
    id: "half-message",
    title: "begins a message and does not finish it, though it goes on trickling",
    client: end(client),
    server: end(server),
  };
}

function closed(): WayToDie {
  const end = { found: AT_ONCE, by: "a close or a reset arrives", alone: KERNEL_TOLD };
  return {
    id: "closed",
    title: "killed process, or an ordinary end: the kernel sends FIN or RST",
    client: end,
    server: end,
  };
}

/** The shift is one lease at most for one verdict: what the peer, or we, had promised. */
function stall({ client, server }: Pair): WayToDie {
  const end = (movesMsMax: number, toleranceMs: number): EndOfWay => ({
    found: { kind: "nobody", movesMsMax },
    by: `deadlines move by what we were late, from ${toleranceMs} ms on`,
    alone: undefined,
  });
  return {
    id: "stall",
    title: "our own process was late: a blocked event loop, a collection, a debugger",
    client: end(client.intervalMsMax, client.stallToleranceMs),
    server: end(server.leaseMs + server.graceMs, server.stallToleranceMs),
  };
}

function slept(pair: Pair): WayToDie {
  const { dialect, client, server } = pair;
  const patienceMs = server.leaseMs + server.graceMs;
  return {
    id: "slept",
    title: "our own machine slept, and the peer is gone when it wakes",
    client: client.answersExpected
      ? askedAtWake(client, client.intervalMsMax)
      : { found: since(clientSilence(pair)), by: "as if it fell silent now", alone: undefined },
    server:
      dialect === "frame"
        ? askedAtWake(server, patienceMs)
        : { found: since(serverSilence(pair)), by: "silence counts from now", alone: undefined },
  };
}

/** Links are few, and each judges for itself; only a server holds verdicts. */
function mass(pair: Pair): WayToDie {
  const { countMin, shareMax } = MASS_EXPIRY_CONFIG;
  return {
    id: "mass",
    title: `over ${shareMax * 100} % of the connections, and at least ${countMin}, expire together`,
    client: { found: clientSilence(pair), by: "a link judges for itself", alone: undefined },
    server: {
      found: heldSilence(pair),
      by: "held once, for one answer time: it is more likely we, or the network",
      alone: undefined,
    },
  };
}

function heldSilence(pair: Pair): Within {
  const { answer, hold } = pair.server;
  if (pair.dialect === "line") {
    const { timeoutMs } = pair.server;
    const held = part("held", hold.ms, hold.quickPathMs);
    return within([part("timeout", timeoutMs), held, tickOf(pair.server)]);
  }
  const ms = answer.ms + hold.ms;
  return serverSilence(
    pair,
    { ms, quickPathMs: answer.quickPathMs + hold.quickPathMs },
    "two answers",
  );
}

interface Drained {
  readonly drainTimeoutMs: number;
  readonly tickMs: number;
}

function drain(of: Drained, from: string): Within {
  return within([part("drain timeout", of.drainTimeoutMs), tickOf(of)], from);
}

function askedAtWake(of: { answer: Answer; tickMs: number }, patienceMs: number): EndOfWay {
  const answer: BoundPart = part(
    "answer",
    Math.min(of.answer.ms, WAKE_ANSWER_MS_MAX),
    Math.min(of.answer.quickPathMs, WAKE_ANSWER_MS_MIN),
  );
  const spread = part("spread", Math.min(WAKE_SPREAD_MS, patienceMs));
  return {
    found: within([spread, answer, tickOf(of)], "the wake"),
    by: "all peers are asked anew, and waited for less long",
    alone: undefined,
  };
}

function since({ parts }: Within): Within {
  return within(parts, "the wake");
}
