/**
 * When very many connections expire together, it is more likely us, or the network, than all of
 * them.
 *
 * Above the threshold a whole batch is held: frame peers get a second verifying ping, line peers
 * get more time. Those that expired in earlier ticks, before the threshold was crossed, are gone:
 * at most the threshold itself, 2 % of all or 50. Only first expiries are to be counted here; a
 * connection that was held once and expires again dies without being asked about.
 */
import { type Random, uniform } from "../base/random.ts";
import type { Instant } from "../base/time.ts";

export interface MassExpiryConfig {
  /** Above this part of the live connections, and ... */
  readonly shareMax: number;
  /** ... from this many on, expiries are held. */
  readonly countMin: number;
}

/** 2 % in some ten seconds is far above what churn does; below 50 a share says little. */
export const MASS_EXPIRY_CONFIG: MassExpiryConfig = { shareMax: 0.02, countMin: 50 };

/**
 * The window is kept in so many slices. What falls into one leaves with its latest, so it counts
 * for at most a slice too long; merged without such a limit a steady trickle would never leave.
 */
const SLICES = 32;

interface Slice {
  readonly from: Instant;
  /** The latest batch in it. */
  at: Instant;
  count: number;
}

export class MassExpiry {
  readonly #config: MassExpiryConfig;
  readonly #random: Random;
  #slices: Slice[] = [];

  constructor(config: MassExpiryConfig, random: Random) {
    this.#config = config;
    this.#random = random;
  }

  /**
   * Decides for `batch` connections that expired in this tick. `live` counts the open connections,
   * this batch included; `windowMs` is the answer time, and the window slides.
   */
  judge(batch: number, live: number, windowMs: number, now: Instant): "dead" | "hold" {
    this.#slices = this.#slices.filter(({ at }) => now - at < windowMs);
    if (batch > 0) this.#remember(batch, windowMs / SLICES, now);
    const count = this.#slices.reduce((sum, slice) => sum + slice.count, 0);
    const isMass = count >= this.#config.countMin && count > this.#config.shareMax * live;
    return isMass ? "hold" : "dead";
  }

  /**
   * When the second ping of a held frame peer goes out: anywhere within half of the answer time.
   * The monitor waits for its answer in what is left of one answer time, which keeps the bound.
   */
  holdDelayMs(answerWithinMs: number): number {
    return uniform(this.#random, 0, answerWithinMs / 2);
  }

  #remember(count: number, sliceMs: number, now: Instant): void {
    const last = this.#slices.at(-1);
    if (last === undefined || now - last.from >= sliceMs) {
      this.#slices.push({ from: now, at: now, count });
      return;
    }
    last.at = now;
    last.count += count;
  }
}
