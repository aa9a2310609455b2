/** What a door may hand in, so that only pages that ask for it carry it. */
import type { IntervalChange } from "../client/link-pace.ts";
import type { Message } from "../connection/effects.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Pace } from "../connection/pace.ts";
import type { AdaptiveOptions } from "../liveness/adaptive-options.ts";
import type { Others } from "./page-options.ts";
import type { PagePlatform } from "./page-platform.ts";
import type { Speech } from "./speech.ts";

export interface Extras {
  readonly adapting?: Adapting | undefined;
  readonly lines?: LinesOfDoor | undefined;
}

/** An interval that adapts. */
export interface Adapting {
  /** Of the group `heartbeat`. */
  readonly rules: Others;
  /** The shortest interval; undefined where it is fixed. @throws HoldfastError `OPTION_INVALID` */
  intervalMsOf(heartbeat: unknown): number | undefined;
  paceOf(
    options: AdaptiveOptions,
    timeoutMs: number,
    platform: PagePlatform,
    warn: (text: string) => void,
  ): PagePace;
}

export interface PagePace extends Pace {
  onDial(target: { readonly label: string }): void;
  onFailed(): void;
  onEnded(record: EndRecord): void;
  onNetworkChanged(): void;
  takeChange(): IntervalChange | undefined;
}

/** The words of the line dialect, as options name them. */
export interface PageLineConfig {
  readonly ping: string;
  readonly pong: string | false;
  readonly lineBytesMax: number;
}

/** Urls for lines. */
export interface LinesOfDoor {
  /** Of the group `heartbeat`. */
  readonly rules: Others;
  /** @throws HoldfastError `OPTION_INVALID` */
  readLine(options: unknown): PageLineConfig;
  speechOf(config: PageLineConfig): Speech;
  /** Why this cannot be sent as a line; undefined when it can. */
  whyNoLine(data: Message, config: PageLineConfig): string | undefined;
}
