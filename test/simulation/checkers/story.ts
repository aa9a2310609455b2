/**
 * Tells a checker a story made by hand, and collects what it has to say.
 *
 * The world of a story has one link, "client-1.1" at "client-1", and one server, "server-1"; its
 * flows are numbered by the events that mention them.
 */
import type { EndRecord } from "../../../src/connection/end-record.ts";
import type { ErrorCode } from "../../../src/base/errors.ts";
import type { LinkStatus } from "../../../src/client/status.ts";
import type { EndOfFlow, FaultKind, Side, SimEvent } from "../../../src/simulation/sim-event.ts";
import type {
  Checker,
  ClientTerms,
  LinkView,
  MakeChecker,
  ServerTerms,
  ServerView,
  WorldView,
} from "../../../src/simulation/world-view.ts";
import { encodeFrame, encodePing } from "../../../src/wire/frame-codec.ts";
import { encodePreface } from "../../../src/wire/preface.ts";

export const CLIENT: ClientTerms = {
  dialect: "frame",
  intervalMs: 10_000,
  adapts: false,
  answersExpected: true,
  isPage: false,
  answerWithinMs: 5_000,
  timeoutMs: 60_000,
  drainTimeoutMs: 60_000,
  pauseMsMax: 60_000,
  stallToleranceMs: 250,
  outboxBytesMax: 1_000,
  inboxBytesMax: 1_000,
  redial: {
    baseMs: 1_000,
    factor: 2,
    capMs: 60_000,
    attemptsMax: false,
    giveUpAfterMs: false,
    attemptTimeoutMs: 10_000,
    stableAfterMs: 30_000,
  },
};

const SERVER: ServerTerms = {
  timeoutMs: 20_000,
  leaseMsMin: 1_000,
  leaseMsMax: 20_000,
  answerWithinMs: 5_000,
  drainTimeoutMs: 60_000,
  pauseMsMax: 60_000,
  stallToleranceMs: 250,
  handshakeTimeoutMs: 10_000,
  pingIntervalMsMin: 100,
  bufferBytesTotalMax: 1_000,
  reconnectWindowMs: 5_000,
  tickMs: 25,
};

type Changing<T> = { -readonly [Name in keyof T]: T[Name] };

export class Story {
  readonly said: string[] = [];
  readonly link: Changing<LinkView>;
  readonly server: Changing<ServerView>;
  readonly machines: Map<string, ReturnType<WorldView["machine"]>> = new Map();
  lateMs = 0;
  #nowMs = 0;
  readonly #checker: Checker;

  constructor(make: MakeChecker, client: ClientTerms = CLIENT, server: ServerTerms = SERVER) {
    this.link = {
      name: "client-1.1",
      host: "client-1",
      terms: client,
      status: { name: "connecting", attempt: 1, url: "tcp://server-1" },
      alarmsArmed: 1,
      dialsUnderWay: 1,
      flowsOpen: 0,
      behindSinceMs: undefined,
      outboxBytes: undefined,
    };
    this.server = { host: "server-1", terms: server, isUp: true, open: 1, bufferedBytes: 0 };
    const nowMs = (): number => this.#nowMs;
    const view: WorldView = {
      get nowMs() {
        return nowMs();
      },
      links: [this.link],
      servers: [this.server],
      machine: (flow, side) => this.machines.get(`${flow}/${side}`),
      latenessMs: () => this.lateMs,
    };
    this.#view = view;
    this.#checker = make(view, ({ sentence }) => this.said.push(sentence));
  }
  readonly #view: WorldView;

  tell(...events: readonly SimEvent[]): this {
    for (const event of events) {
      this.#nowMs = event.atMs;
      this.#checker.onEvent(event);
    }
    return this;
  }

  look(atMs: number): this {
    this.#nowMs = atMs;
    this.#checker.onLook(this.#view);
    return this;
  }

  over(atMs: number): this {
    this.#nowMs = atMs;
    this.#checker.onOver(this.#view);
    return this;
  }
}

export function endOf(flow: number, side: Side): EndOfFlow {
  return { flow, side, host: side === "client" ? "client-1" : "server-1" };
}

/** A flow between two machines, open on both sides. */
export function opened(flow: number, atMs: number): SimEvent[] {
  const client = endOf(flow, "client");
  const server = endOf(flow, "server");
  const nextMs = 10_000;
  const hello = { agent: "t", intervalMsMin: 10, intervalMsMax: nextMs, nextMs };
  const greeting = encodeFrame({ kind: "hello", hello: { ...hello, messageBytesMax: 1_000 } });
  return [
    { what: "flow-open", atMs, ...client },
    { what: "flow-open", atMs, ...server },
    wrote(flow, "client", atMs, Uint8Array.from([...encodePreface(), ...greeting])),
    { what: "acked", atMs, unackedBytes: 0, ...client },
    { what: "read", atMs, bytes: 50, ...server },
    { what: "phase", atMs, from: "silent", to: "open", ...server },
    wrote(flow, "server", atMs, encodePreface()),
    { what: "acked", atMs, unackedBytes: 0, ...server },
    { what: "read", atMs, bytes: 4, ...client },
    { what: "phase", atMs, from: "silent", to: "open", ...client },
  ];
}

export function wrote(
  flow: number,
  side: Side,
  atMs: number,
  bytes: Uint8Array,
  taken = true,
): SimEvent {
  return { what: "wrote", atMs, bytes, taken, ...endOf(flow, side) };
}

export function ping(flow: number, side: Side, atMs: number, nextMs = 10_000): SimEvent {
  return wrote(flow, side, atMs, encodePing(1, side === "client" ? nextMs : 0));
}

export function line(flow: number, side: Side, atMs: number, text: string): SimEvent {
  return wrote(flow, side, atMs, new TextEncoder().encode(`${text}\n`));
}

export function acked(flow: number, side: Side, atMs: number, unackedBytes = 0): SimEvent {
  return { what: "acked", atMs, unackedBytes, ...endOf(flow, side) };
}

export function arrived(flow: number, side: Side, atMs: number, bytes = 5): SimEvent {
  return { what: "arrived", atMs, bytes, ...endOf(flow, side) };
}

export function read(flow: number, side: Side, atMs: number, bytes = 5): SimEvent {
  return { what: "read", atMs, bytes, ...endOf(flow, side) };
}

export function closed(
  flow: number,
  side: Side,
  atMs: number,
  how: Extract<SimEvent, { what: "flow-closed" }>["how"],
): SimEvent {
  return { what: "flow-closed", atMs, how, bytesLeft: 0, ...endOf(flow, side) };
}

export function fault(kind: FaultKind, atMs: number, host: string, id = 1): SimEvent {
  return { what: "fault", atMs, id, kind, hosts: [host] };
}

export function faultOver(atMs: number, id = 1): SimEvent {
  return { what: "fault-over", atMs, id };
}

export function status(atMs: number, now: LinkStatus): SimEvent {
  return { what: "status", atMs, link: "client-1.1", status: now };
}

export function waiting(delayMs: number, attempt: number): LinkStatus {
  const cause = {
    code: "PEER_SILENT" as const,
    sentence: "",
    url: "",
    hint: undefined,
    record: undefined,
    error: undefined,
  };
  return { name: "waiting", retryAt: 0, delayMs, attempt, cause };
}

export function connecting(attempt: number): LinkStatus {
  return { name: "connecting", attempt, url: "tcp://server-1" };
}

export const ONLINE: LinkStatus = { name: "online", since: 0, url: "", connectionId: "c" };

export function ended(
  flow: number,
  side: Side,
  atMs: number,
  code: ErrorCode,
  changes: { readonly held?: boolean; readonly by?: EndRecord["by"] } = {},
): SimEvent {
  const { held = false, by = "fault" } = changes;
  const record: EndRecord = {
    id: "c",
    code,
    by,
    sentence: "",
    remote: "",
    via: undefined,
    transport: "tcp",
    tls: undefined,
    dialect: "frame",
    openedAtWallMs: 0,
    endedAtWallMs: 0,
    livedMs: 0,
    wasOpen: true,
    reset: true,
    peerSaid: undefined,
    cause: undefined,
    evidence: { ...EVIDENCE, heldForMassExpiry: held },
    undelivered: [],
    undeliveredCount: 0,
  };
  return { what: "end", atMs, record, ...endOf(flow, side) };
}

const EVIDENCE: EndRecord["evidence"] = {
  heardMsAgo: 0,
  spokeMsAgo: 0,
  movedMsAgo: undefined,
  queuedBytes: 0,
  unackedBytes: undefined,
  pingsOutstanding: 0,
  pingMsAgo: undefined,
  rttMs: undefined,
  srttMs: undefined,
  leaseMs: undefined,
  ourLatenessMs: 0,
  unreadMs: 0,
  heldForMassExpiry: false,
  verdict: "alive",
  bytesIn: 0,
  bytesOut: 0,
  messagesIn: 0,
  messagesOut: 0,
  pingsIn: 0,
  lastPingSeqIn: 0,
  droppedAnswers: 0,
};
