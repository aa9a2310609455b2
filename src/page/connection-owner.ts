/** What a connection of a page needs of its link, and what it tells it. */
import type { ErrorCode } from "../base/errors.ts";
import type { Instant } from "../base/time.ts";
import type { Beat, Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Pace } from "../connection/pace.ts";
import type { GoAway } from "../wire/frame.ts";
import type { Lateness } from "./lateness.ts";
import type { Outbox } from "./outbox.ts";
import type { PageConfig } from "./page-options.ts";
import type { PagePlatform } from "./page-platform.ts";

/** The link, as far as its connections need it. */
export interface ConnectionOwner {
  readonly platform: PagePlatform;
  readonly config: PageConfig;
  readonly late: Lateness;
  readonly outbox: Outbox;
  readonly pace: Pace | undefined;
  /** Runs what the browser tells. */
  step(change: (now: Instant) => void): void;
  onOnline(now: Instant): void;
  onMessage(data: Message): void;
  onBeat(beat: Beat): void;
  onVerdict(): void;
  onGoAway(goaway: GoAway, now: Instant): void;
  /** The end of the dial, or of the connection: `record` tells, where there was one. */
  onOver(code: ErrorCode, now: Instant, error?: Error, record?: EndRecord): void;
}

/** What HELLO says of who we are. */
export interface Greeting {
  readonly token: string | undefined;
  readonly previous: { readonly id: string; readonly secret: string } | undefined;
}
