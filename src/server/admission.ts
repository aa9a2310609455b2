/**
 * Who may come in.
 *
 * Each limit is checked before anything is allocated for the newcomer. The silent may hold at most
 * half of all places, or a crowd that never says a word would keep everybody else out for the whole
 * timeout: beyond that the longest silent goes, so that whoever has only just come is let to speak.
 */
import type { ErrorCode } from "../base/errors.ts";
import type { Instant } from "../base/time.ts";
import { AddressCounts } from "./address-counts.ts";
import type { Registered, Registry } from "./registry.ts";
import { TokenBucket } from "./token-bucket.ts";

export interface AdmissionConfig {
  readonly maxConnections: number | false;
  readonly maxPerAddress: number | false;
  readonly acceptPerSecondMax: number | false;
  readonly handshakesMax: number;
}

export class Admission<T extends Registered<T>> {
  readonly #config: AdmissionConfig;
  readonly #registry: Registry<T>;
  /** Where the line dialect is not accepted, whoever is silent is in a handshake, too. */
  readonly #silentGreet: boolean;
  readonly #addresses = new AddressCounts();
  readonly #rate: TokenBucket | undefined;

  constructor(config: AdmissionConfig, registry: Registry<T>, silentGreet: boolean, now: Instant) {
    this.#config = config;
    this.#registry = registry;
    this.#silentGreet = silentGreet;
    const { acceptPerSecondMax } = config;
    if (acceptPerSecondMax !== false) this.#rate = new TokenBucket(acceptPerSecondMax, now);
  }

  /** Why whoever knocks from `ip` may not come in, or undefined. */
  refusal(ip: string, now: Instant): ErrorCode | undefined {
    const { maxConnections, maxPerAddress } = this.#config;
    if (this.#rate?.take(now) === false) return "ACCEPT_RATE";
    if (maxPerAddress !== false && this.#addresses.count(ip) >= maxPerAddress) return "ADDRESS_MAX";
    // Where lines are accepted nobody is in a handshake before its first byte.
    if (this.#silentGreet && this.handshakesExceed(1)) return "HANDSHAKES_MAX";
    // A silent one that makes room makes room for this one, too.
    const leaves = this.tooSilent() === undefined ? 0 : 1;
    if (maxConnections !== false && this.#registry.size - leaves >= maxConnections) {
      return "CONNECTIONS_MAX";
    }
    return undefined;
  }

  /** The one that has to go if one more comes that has said nothing yet. */
  tooSilent(): T | undefined {
    const { maxConnections } = this.#config;
    if (maxConnections === false) return undefined;
    const silentMax = Math.max(1, Math.floor(maxConnections / 2));
    return this.#registry.silentCount < silentMax ? undefined : this.#registry.longestSilent;
  }

  /** Whether `more` handshakes would be too many. */
  handshakesExceed(more: number): boolean {
    const { greetingCount, silentCount } = this.#registry;
    const count = greetingCount + (this.#silentGreet ? silentCount : 0);
    return count + more > this.#config.handshakesMax;
  }

  onEntered(ip: string): void {
    if (this.#config.maxPerAddress !== false) this.#addresses.add(ip);
  }

  onLeft(ip: string): void {
    if (this.#config.maxPerAddress !== false) this.#addresses.remove(ip);
  }
}
