/** The interval that adapts, for links on pages: the same as elsewhere (client/link-pace.ts). */
import { LinkPace } from "../client/link-pace.ts";
import { HoldfastError } from "../base/errors.ts";
import type { EndRecord } from "../connection/end-record.ts";
import { type AdaptiveOptions, readAdaptive } from "../liveness/adaptive-options.ts";
import type { Adapting } from "./extras.ts";

interface Heartbeat {
  readonly adaptive?: AdaptiveOptions | false | undefined;
  readonly intervalMs?: unknown;
  readonly pong?: unknown;
}

/** A browser tells no reset. Whoever leaves says so by a close frame; without one it is a cut. */
class CutPace extends LinkPace {
  override onEnded(record: EndRecord): void {
    super.onEnded(record.code === "PEER_VANISHED" ? { ...record, code: "PEER_RESET" } : record);
  }
}

export const ADAPTING: Adapting = {
  rules: { adaptive: [() => true, "", false] },
  intervalMsOf: (given) => {
    const heartbeat = (given ?? {}) as Heartbeat;
    const adaptive = readAdaptive(heartbeat.adaptive);
    if (adaptive === false) return undefined;
    if (heartbeat.intervalMs !== undefined) {
      throw refusal("`adaptive` replaces `intervalMs`: give one of the two");
    }
    if (heartbeat.pong === "none") {
      throw refusal('`adaptive` learns from answers, so `pong` must not be "none"');
    }
    return adaptive.intervalMsMin;
  },
  paceOf: (options, timeoutMs, { random, clock }, warn) => {
    const choice = readAdaptive(options);
    if (choice === false) throw new Error("broken promise: there are options that adapt");
    return new CutPace({ ...choice, timeoutMs }, random, clock, warn);
  },
};

function refusal(sentence: string): HoldfastError {
  return new HoldfastError("OPTION_INVALID", `heartbeat: ${sentence}`);
}
