/** What a link takes from the platform that it runs on; the doors hand it in. */
import type { OptionReader } from "../base/options.ts";
import type { Random, Secrets } from "../base/random.ts";
import type { Clock } from "../base/time.ts";
import type { ClientLivenessConfig } from "../liveness/options.ts";
import type { TlsClientConfig } from "../transports/tls/tls-client-options.ts";
import type { KernelConfig, Open } from "../transports/transport.ts";
import type { WebSocketClientConfig } from "../transports/websocket/websocket-client-options.ts";
import type { LinkConfig } from "./config.ts";
import type { LinkPace } from "./link-pace.ts";
import type { Notices } from "./notices.ts";
import type { LinkTarget } from "./target.ts";
import type { SharedConfig } from "./shared-config.ts";
import type { LinkWatch } from "./watch.ts";

/**
 * How to dial. One object for all dials of a link, so that what they share can be kept by it. Links
 * that were asked for alike may share it, but those over TLS do not.
 */
export interface DialConfig {
  readonly kernel: KernelConfig;
  /** Undefined where the platform agrees on TLS by itself. */
  readonly tls: TlsClientConfig | undefined;
  readonly websocket: WebSocketClientConfig;
  /** The longest line that is taken, where each is a message of the transport's own. */
  readonly textBytesMax: number;
}

/** What a door decides for its links: the places it can open, and what may be asked for there. */
export interface LinkTerms {
  /** @throws HoldfastError `URL_INVALID` for what this door cannot open, naming what it can. */
  readonly parse: (url: string) => LinkTarget;
  /** Reads the options of the transports of this door. @throws HoldfastError `OPTION_INVALID` */
  readonly readDial: (read: OptionReader, liveness: ClientLivenessConfig) => DialOptions;
  /** What adapts the interval. */
  readonly paceOf: PaceOf;
}

export type DialOptions = Omit<DialConfig, "textBytesMax">;

/** Undefined where the interval is fixed. */
export type PaceOf = (
  config: LinkConfig,
  platform: LinkPlatform,
  notices: Notices,
) => LinkPace | undefined;

export interface LinkPlatform {
  readonly terms: LinkTerms;
  readonly clock: Clock;
  readonly random: Random;
  readonly secrets: Secrets;
  /** How to open a pipe to that place. `warn` is told about options that cannot be had. */
  readonly open: (target: LinkTarget, dial: DialConfig, warn: (text: string) => void) => Open;
  /** Makes what a listener threw an uncaught error, later. Must not throw. */
  readonly report: (error: unknown) => void;
  /** One timer for all links of a process. Without it each link has its own. */
  readonly watch?: LinkWatch | undefined;
  /** Lets links of a process that are asked for alike share what they were asked for with. */
  readonly configs?: SharedConfig | undefined;
}
