/** What a crowd of servers tells, line by line: who ended, why, and how late. Pure. */
import type { SilentEnds } from "./results.ts";

interface EndEvent {
  readonly event: "end";
  readonly code: string;
  readonly evidence: { readonly heardMsAgo?: number; readonly ourLatenessMs: number };
}

/** The server keeps deadlines so finely: the tick of its promise. */
const TICK_MS = 25;
const NOTICES_MAX = 20;

export class Ends {
  readonly #timeoutMs: number;
  readonly #byCode = new Map<string, number>();
  readonly #notices: string[] = [];
  #count = 0;
  #earliestMs = Number.POSITIVE_INFINITY;
  #latestMs = 0;
  #beyondBoundMs = 0;
  #ourLatenessMsMax = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Takes a line of `serve --json`. False for what is no event of a connection. */
  readonly hear = (line: string): boolean => {
    // Most lines tell of arrivals, and there are hundreds of thousands: they are not parsed.
    const event = /"event":"([a-z-]+)"/.exec(line)?.[1];
    if (event === "listening" || event === "summary") return false;
    if (event === "end") this.#end(JSON.parse(line) as EndEvent);
    if (event === "notice" && this.#notices.length < NOTICES_MAX) {
      this.#notices.push((JSON.parse(line) as { readonly text: string }).text);
    }
    return true;
  };

  get byCode(): Record<string, number> {
    return Object.fromEntries(this.#byCode);
  }

  get notices(): readonly string[] {
    return [...this.#notices];
  }

  get silent(): SilentEnds {
    return {
      count: this.#count,
      earliestMs: this.#count === 0 ? 0 : this.#earliestMs,
      latestMs: this.#latestMs,
      beyondBoundMs: this.#beyondBoundMs,
      ourLatenessMsMax: this.#ourLatenessMsMax,
    };
  }

  #end({ code, evidence }: EndEvent): void {
    this.#byCode.set(code, (this.#byCode.get(code) ?? 0) + 1);
    if (code !== "PEER_SILENT") return;
    const { heardMsAgo = Number.POSITIVE_INFINITY, ourLatenessMs } = evidence;
    const boundMs = this.#timeoutMs + TICK_MS + ourLatenessMs;
    this.#count += 1;
    this.#earliestMs = Math.min(this.#earliestMs, heardMsAgo);
    this.#latestMs = Math.max(this.#latestMs, heardMsAgo);
    this.#beyondBoundMs = Math.max(this.#beyondBoundMs, heardMsAgo - boundMs);
    this.#ourLatenessMsMax = Math.max(this.#ourLatenessMsMax, ourLatenessMs);
  }
}
