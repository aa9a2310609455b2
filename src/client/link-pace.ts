/**
 * The pace of one link, where it adapts: gathers what the adaptive interval must know.
 *
 * What a silence meant is known only once the link is back: whether the server is still the same,
 * what it has to say about the connection before, how many dials failed in between. So evidence is
 * collected from the end of one connection to the beginning of the next, and what was learnt is
 * kept for each network apart.
 */
import type { ErrorCode } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { type Clock, elapsedMs, type Instant } from "../base/time.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Pace } from "../connection/pace.ts";
import {
  AdaptiveInterval,
  type Comeback,
  type ConnectionEnd,
} from "../liveness/adaptive/adaptive-interval.ts";
import type { FailureClass } from "../liveness/adaptive/failure-class.ts";
import { NetworkBook } from "../liveness/adaptive/network-book.ts";
import type { AdaptiveChoice } from "../liveness/adaptive-options.ts";
import { clientInterval } from "../liveness/lease.ts";
import type { Welcome } from "../wire/frame.ts";
import type { LinkConfig } from "./config.ts";
import type { Notices } from "./notices.ts";
import type { LinkPlatform } from "./platform.ts";

/** The interval has changed. */
export interface IntervalChange {
  readonly intervalMs: number;
  readonly wasMs: number;
  /** What the end of the connection before was taken for, where that brought the change about. */
  readonly taken: FailureClass | undefined;
}

export interface LinkPaceConfig extends AdaptiveChoice {
  /** What a line server is known to tolerate. */
  readonly timeoutMs: number;
}

type PaceClock = Pick<Clock, "now" | "wallNow">;

/** What a book takes; a server's name for a network may be as long as that alone. */
const KEY_CHARACTERS_MAX = 256;

/** Where a dial leads. */
interface Labelled {
  readonly label: string;
}

interface PingUnderWay {
  readonly seq: number;
  readonly idleMs: number;
}

export class LinkPace implements Pace {
  readonly intervalMsMin: number;
  readonly intervalMsMax: number;
  readonly #config: LinkPaceConfig;
  readonly #clock: PaceClock;
  readonly #adaptive: AdaptiveInterval;
  readonly #warn: (text: string) => void;
  #book: NetworkBook = new NetworkBook();
  /** Of the network that we are on; undefined before the first connection. */
  #key: string | undefined;
  #savedAs: unknown;
  #target: Labelled | undefined;
  #dialledAt: Instant | undefined;
  #offlineSince: Instant | undefined;
  #failedDials = 0;
  #epoch: string | undefined;
  #networkChanged = false;
  /** The first ping that is not answered yet. */
  #underWay: PingUnderWay | undefined;
  #toldMs: number;
  #hasWarned = false;
  /** What the server grants at the most. */
  #grantedMsMax = 0;
  #taken: FailureClass | undefined;

  constructor(
    config: LinkPaceConfig,
    random: Random,
    clock: PaceClock,
    warn: (text: string) => void,
  ) {
    const { intervalMsMin, intervalMsMax } = config;
    this.intervalMsMin = intervalMsMin;
    this.intervalMsMax = intervalMsMax;
    this.#config = config;
    this.#clock = clock;
    this.#warn = warn;
    this.#adaptive = new AdaptiveInterval({ intervalMsMin, intervalMsMax }, random);
    this.#toldMs = this.#adaptive.intervalMs;
  }

  get intervalMs(): number {
    return this.#adaptive.intervalMs;
  }

  // From the keeper of the link.

  onDial(target: Labelled): void {
    this.#target = target;
    this.#dialledAt = this.#clock.now();
  }

  onFailed(): void {
    this.#failedDials += 1;
  }

  onNetworkChanged(): void {
    this.#networkChanged = true;
  }

  onEnded(record: EndRecord): void {
    const now = this.#clock.now();
    const { heardMsAgo, spokeMsAgo, pingMsAgo, srttMs, ourLatenessMs } = record.evidence;
    const ping = pingMsAgo === undefined ? undefined : this.#underWay;
    this.#adaptive.ended(
      {
        how: howEnded(record),
        heardMsAgo,
        spokeMsAgo,
        pingMsAgo: ping && pingMsAgo,
        pingSeq: ping?.seq,
        pingIdleMs: ping?.idleMs,
        srttMs,
        ourLatenessMs,
      },
      now,
    );
    this.#underWay = undefined;
    this.#failedDials = 0;
    this.#offlineSince = now;
  }

  /** Undefined when the interval is what was told last. */
  takeChange(): IntervalChange | undefined {
    const { intervalMs } = this.#adaptive;
    const wasMs = this.#toldMs;
    const taken = this.#taken;
    this.#taken = undefined;
    if (intervalMs === wasMs) return undefined;
    this.#toldMs = intervalMs;
    return { intervalMs, wasMs, taken };
  }

  // From the heartbeat of the present connection.

  begin(welcome: Welcome | undefined, now: Instant): number {
    const key = `${welcome?.networkKey ?? ""} ${this.#target?.label ?? ""}`.slice(
      0,
      KEY_CHARACTERS_MAX,
    );
    const comeback = this.#comeback(welcome, key, now);
    const wallNowMs = this.#clock.wallNow();
    if (key !== this.#key) this.#enter(key, wallNowMs);
    const { intervalMsMin, intervalMsMax } = this.#limits(welcome);
    this.#grantedMsMax = intervalMsMax;
    this.#adaptive.limit(intervalMsMin, intervalMsMax);
    if (comeback !== undefined) this.#taken = this.#adaptive.returned(comeback, now, wallNowMs);
    this.#epoch = welcome?.epoch;
    this.#networkChanged = false;
    this.#underWay = undefined;
    this.#save();
    return this.#adaptive.intervalMs;
  }

  pinged(seq: number, idleMs: number, now: Instant): number {
    this.#underWay ??= { seq, idleMs };
    return this.#adaptive.pinged(idleMs, now);
  }

  answered(rttMs: number, wasLate: boolean, now: Instant): void {
    this.#underWay = undefined;
    this.#adaptive.answered(rttMs, wasLate, now);
    this.#save();
  }

  slowDown(intervalMs: number): void {
    this.#adaptive.limit(intervalMs, Math.max(intervalMs, this.#grantedMsMax));
  }

  #comeback(welcome: Welcome | undefined, key: string, now: Instant): Comeback | undefined {
    if (this.#offlineSince === undefined || this.#dialledAt === undefined) return undefined;
    const { previous, epoch } = welcome ?? {};
    return {
      failedDials: this.#failedDials,
      offlineMs: elapsedMs(this.#offlineSince, now),
      handshakeMs: elapsedMs(this.#dialledAt, now),
      serverRestarted:
        epoch === undefined || this.#epoch === undefined ? undefined : epoch !== this.#epoch,
      networkChanged: this.#networkChanged || key !== this.#key,
      report: previous && {
        state: previous.state,
        lastPingSeq: previous.lastPingSeq,
        lastHeardMsAgo: previous.lastHeardMsAgo,
        code: previous.code,
      },
    };
  }

  #limits(welcome: Welcome | undefined): { intervalMsMin: number; intervalMsMax: number } {
    if (welcome === undefined) {
      // A line server cannot be told, so two pings must fit into its patience.
      return { intervalMsMin: 0, intervalMsMax: Math.floor(this.#config.timeoutMs / 2) };
    }
    const { timeoutMs } = welcome;
    return {
      intervalMsMin: clientInterval(this.intervalMsMin, welcome, timeoutMs, true),
      intervalMsMax: clientInterval(this.intervalMsMax, welcome, timeoutMs, true),
    };
  }

  #enter(key: string, wallNowMs: number): void {
    this.#key = key;
    this.#readStore();
    this.#adaptive.enter(this.#book.recall(key, wallNowMs), wallNowMs);
    this.#savedAs = this.#adaptive.memory;
  }

  #save(): void {
    const { memory } = this.#adaptive;
    if (this.#key === undefined || memory === this.#savedAs) return;
    this.#savedAs = memory;
    // Other links may have written to the same store meanwhile.
    this.#readStore();
    this.#book.remember(this.#key, memory, this.#clock.wallNow());
    this.#withStore((store) => store.write(this.#book.toText()));
  }

  #readStore(): void {
    this.#withStore((store) => {
      const text = store.read();
      if (text !== undefined) this.#book = NetworkBook.fromText(text);
    });
  }

  /** What was learnt is a convenience: a store that fails is told of, and nothing else happens. */
  #withStore(use: (store: NonNullable<AdaptiveChoice["memory"]>) => void): void {
    const { memory } = this.#config;
    if (memory === undefined) return;
    try {
      use(memory);
    } catch (error) {
      const why = error instanceof Error ? error.message : "an unknown error";
      if (this.#hasWarned) return;
      this.#hasWarned = true;
      this.#warn(`\`heartbeat.adaptive.memory\` cannot be used: ${why}`);
    }
  }
}

/** Undefined where the interval is fixed. */
export function paceOf(
  { adaptive, connection }: LinkConfig,
  { random, clock }: LinkPlatform,
  notices: Notices,
): LinkPace | undefined {
  if (adaptive === false) return undefined;
  const { timeoutMs } = connection.liveness;
  return new LinkPace({ ...adaptive, timeoutMs }, random, clock, (text) => notices.warn(text));
}

/** Ends by which the kernel says that the other side has answered nothing for long. */
const KERNEL_SILENCE = "ETIMEDOUT";
const OURS: ReadonlySet<ErrorCode> = new Set(["READER_TOO_SLOW", "CLOSED_HERE", "ABORTED"]);

function howEnded({ code, by, peerSaid, cause, dialect }: EndRecord): ConnectionEnd["how"] {
  if (peerSaid !== undefined) return "told";
  if (OURS.has(code) || by === "here") return "ours";
  if (code === "PEER_SILENT") return "silent";
  if (code === "PEER_RESET") return "reset";
  if (code === "PEER_VANISHED") return "finished";
  if (code === "CLOSED_BY_PEER") return dialect === "line" ? "finished" : "told";
  const isTimeout = cause !== undefined && "code" in cause && cause.code === KERNEL_SILENCE;
  return isTimeout ? "silent" : "other";
}
