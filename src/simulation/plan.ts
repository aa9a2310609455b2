/**
 * What a simulated world is to be: everything that is decided before it begins.
 *
 * A plan is plain data, so that a shrinker can cut its list of events and run what is left. What
 * happens at random while it runs is drawn from named streams of the seed, none of which depends on
 * another, so that a world with one event less is otherwise the same world.
 */
import type { ConnectOptions } from "../client/options.ts";
import type { ServerLivenessOptions } from "../liveness/options.ts";
import type { BrowserConnectOptions } from "../page/page-options.ts";
import type { ServerOptions } from "../server/listen-options.ts";
import type { FaultKind } from "./sim-event.ts";

export interface Plan {
  readonly seed: number;
  /** How long faults come and go; after that the world heals, and is closed. */
  readonly faultsMs: number;
  readonly servers: readonly ServerPlan[];
  readonly clients: readonly ClientPlan[];
  /** In order of time. */
  readonly events: readonly PlannedEvent[];
}

export interface PlannedEvent {
  readonly id: number;
  readonly atMs: number;
  /** How long it lasts; 0 for what is over at once, or never. */
  readonly durationMs: number;
  readonly kind: FaultKind;
  readonly hosts: readonly string[];
  readonly parameters: EventParameters;
}

export type EventParameters = Readonly<Record<string, number | boolean | string>>;

export type ServerPlan = RealServerPlan | PlainServerPlan;

export interface RealServerPlan {
  readonly kind: "server";
  readonly host: string;
  readonly options: ServerOptions & ServerLivenessOptions;
  /** Answers of its application to what arrives, and messages of its own. */
  readonly echoRatio: number;
  readonly pushEveryMs: number | false;
  readonly pushBytesMax: number;
}

/** A program that reads lines. */
export interface PlainServerPlan {
  readonly kind: "plain-server";
  readonly host: string;
  readonly answers: boolean;
}

export interface PathPlan {
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly lossRatio: number;
}

interface ClientPlanBase {
  readonly host: string;
  readonly server: string;
  readonly path: PathPlan;
  readonly startAtMs: number;
}

interface AnyLinkPlan extends ClientPlanBase {
  readonly dialect: "line" | "frame";
  readonly sendEveryMs: number | false;
  readonly sendBytesMax: number;
  /** Reads by `for await`, too. */
  readonly iterates: boolean;
}

/** A program on sockets, with the whole client. */
export interface SocketLinkPlan extends AnyLinkPlan {
  readonly kind: "link";
  readonly options: ConnectOptions;
}

/** A page in a browser, with the client of its own that pages have. */
export interface PageLinkPlan extends AnyLinkPlan {
  readonly kind: "page";
  readonly options: BrowserConnectOptions;
}

export type LinkPlan = SocketLinkPlan | PageLinkPlan;

/** A program that writes `ping` every interval, reads what comes, and dials again when it ends. */
export interface PlainClientPlan extends ClientPlanBase {
  readonly kind: "plain";
  readonly intervalMs: number;
  readonly redialMs: number;
  readonly readsAnswers: boolean;
}

export type ClientPlan = LinkPlan | PlainClientPlan;

/** What a caller may ask of a plan; the rest is drawn from the seed. */
export interface PlanWishes {
  readonly clients?: number | undefined;
  readonly hours?: number | undefined;
  /** "swarm": the seed decides which kinds occur, and how often. */
  readonly faults?: "swarm" | "none" | readonly FaultKind[] | undefined;
}
