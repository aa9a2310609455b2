/** Who lives on the hosts of a world, and what they are given. */
import type { Clock } from "../base/time.ts";
import type { Draw, Streams } from "./draw.ts";
import type { FlowWatch } from "./flow-watch.ts";
import type { SimHost } from "./sim-host.ts";
import type { Tell } from "./sim-event.ts";
import type { Timeline } from "./timeline.ts";
import type { Turns } from "./turns.ts";
import type { LinkView, ServerView } from "./world-view.ts";

export interface ActorSurroundings {
  readonly timeline: Timeline;
  readonly streams: Streams;
  readonly watch: FlowWatch;
  readonly turns: Turns;
  readonly tell: Tell;
  /** What a listener or a machine threw on that host. */
  readonly report: (host: string, error: unknown) => void;
}

/** A program on a client host. */
export interface ClientActor {
  readonly host: SimHost;
  /** Undefined for programs that know nothing of us, and while the program does not run. */
  readonly link: LinkView | undefined;
  /** Boots the host if there is no process, and begins. */
  start(): void;
  /** The process is gone, and all that it had. */
  lose(): void;
  /** Stops reading what arrives, but for a message now and then if it `trickles`. */
  slowDown(trickles: boolean): void;
  speedUp(): void;
  /** The operating system told of a new network. */
  networkChanged(): void;
  /** Sends nothing any more of its own accord. */
  hush(): void;
  /** Ends in good order. */
  close(): void;
}

/** A program on a server host. */
export interface ServerActor {
  readonly host: SimHost;
  readonly server: ServerView | undefined;
  start(): void;
  lose(): void;
  hush(): void;
  close(): void;
}

/** A wait around a mean, so that no two programs stay in step. */
export function aroundMs(draw: Draw, meanMs: number): number {
  return Math.round(draw.between(0.5, 1.5) * meanMs);
}

const SHOWN_CHARACTERS = 48;

/**
 * Runs it as a callback of the process of that clock, so that nothing is done by a program that
 * stands still.
 */
export function runInside(clock: Clock, run: () => void): void {
  clock.wakeAt(clock.now(), run);
}

/** Numbered text, now and then much longer than its number. */
export function messageText(draw: Draw, by: string, count: number, bytesMax: number): string {
  const head = `${by}:${count}:`;
  const isLong = draw.happens(0.2);
  const bytes = isLong ? draw.spread(40, Math.max(41, bytesMax)) : 0;
  return head.padEnd(bytes, "x");
}

/** As events tell it: long messages by their beginning and their length. */
export function messageName(data: string | Uint8Array): string {
  if (typeof data !== "string") return `${data.length} bytes`;
  if (data.length <= SHOWN_CHARACTERS) return data;
  return `${data.slice(0, SHOWN_CHARACTERS)}+${data.length}`;
}

/** Seeded "secrets": the simulator is the one place where they may be guessed. */
export function seededSecrets(draw: Draw): { bytes(count: number): Uint8Array } {
  return { bytes: (count) => Uint8Array.from({ length: count }, () => draw.whole(0, 255)) };
}
