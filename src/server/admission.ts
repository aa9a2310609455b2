/**
 * Who may come in.
 *
 * Each limit is checked before anything is allocated for the newcomer. The silent may hold at most
 * half of all places, or a crowd that never says a word would keep everybody else out for the whole
 * timeout: beyond that the longest silent goes, so that whoever has only just come is let to speak.
 *
 * A server that shares its limits with others (cluster/) has them changed while it runs: see
 * shared-limits.ts, for which refusals and the addresses near their limit are noted here.
 */
import type { ErrorCode } from "../base/errors.ts";
import type { Instant } from "../base/time.ts";
import { AddressCounts, addressKey } from "./address-counts.ts";
import type { Registered, Registry } from "./registry.ts";
import { TokenBucket } from "./token-bucket.ts";

export interface AdmissionConfig {
  readonly maxConnections: number | false;
  readonly maxPerAddress: number | false;
  readonly acceptPerSecondMax: number | false;
  readonly handshakesMax: number;
}

/** Addresses near their limit that are noted at a time. */
const PRESSING_MAX = 1_000;

export class Admission<T extends Registered<T>> {
  readonly #config: AdmissionConfig;
  readonly #registry: Registry<T>;
  /** Where the line dialect is not accepted, whoever is silent is in a handshake, too. */
  readonly #silentGreet: boolean;
  readonly addresses: AddressCounts = new AddressCounts();
  readonly rate: TokenBucket | undefined;
  maxConnections: number | false;
  /** What addresses may hold that have a limit of their own, by the key of the address. */
  readonly addressMax: Map<string, number> = new Map();
  /** Keys of addresses that are near their limit. */
  readonly pressing: Set<string> = new Set();
  /** Of those: at which somebody was refused since this was emptied last. */
  readonly refusedAddresses: Set<string> = new Set();
  /** Those who wait until it is known for whom they speak. Each is a handshake, and has a place. */
  awaitedCount = 0;
  connectionRefusals = 0;
  rateRefusals = 0;

  constructor(config: AdmissionConfig, registry: Registry<T>, silentGreet: boolean, now: Instant) {
    this.#config = config;
    this.#registry = registry;
    this.#silentGreet = silentGreet;
    const { acceptPerSecondMax, maxConnections } = config;
    this.maxConnections = maxConnections;
    if (acceptPerSecondMax !== false) this.rate = new TokenBucket(acceptPerSecondMax, now);
  }

  /** Why whoever knocks from `ip` may not come in, or undefined. */
  refusal(ip: string, now: Instant): ErrorCode | undefined {
    if (this.rate?.take(now) === false) {
      this.rateRefusals += 1;
      return "ACCEPT_RATE";
    }
    if (this.#isAddressFull(ip)) return "ADDRESS_MAX";
    // Where lines are accepted nobody is in a handshake before its first byte.
    if (this.#silentGreet && this.handshakesExceed(1)) return "HANDSHAKES_MAX";
    return this.#placeRefusal();
  }

  /** Why one more may not wait for the word of its balancer, or undefined. */
  awaitedRefusal(): ErrorCode | undefined {
    return this.handshakesExceed(1) ? "HANDSHAKES_MAX" : this.#placeRefusal();
  }

  /** The one that has to go if one more comes that has said nothing yet. */
  tooSilent(): T | undefined {
    const { maxConnections } = this;
    if (maxConnections === false) return undefined;
    const silentMax = Math.max(1, Math.floor(maxConnections / 2));
    return this.#registry.silentCount < silentMax ? undefined : this.#registry.longestSilent;
  }

  /** Whether `more` handshakes would be too many. */
  handshakesExceed(more: number): boolean {
    const { greetingCount, silentCount } = this.#registry;
    const count = this.awaitedCount + greetingCount + (this.#silentGreet ? silentCount : 0);
    return count + more > this.#config.handshakesMax;
  }

  onEntered(ip: string): void {
    const { maxPerAddress } = this.#config;
    if (maxPerAddress === false) return;
    this.addresses.add(ip);
    // Three quarters: those who share the limit can still move their parts of it.
    const key = addressKey(ip);
    const max = this.addressMax.get(key) ?? maxPerAddress;
    if (this.addresses.countOf(key) * 4 >= max * 3) this.#press(key);
  }

  onLeft(ip: string): void {
    if (this.#config.maxPerAddress !== false) this.addresses.remove(ip);
  }

  #placeRefusal(): ErrorCode | undefined {
    const { maxConnections } = this;
    // A silent one that makes room makes room for this one, too.
    const leaves = this.tooSilent() === undefined ? 0 : 1;
    const held = this.#registry.size + this.awaitedCount - leaves;
    if (maxConnections === false || held < maxConnections) return undefined;
    this.connectionRefusals += 1;
    return "CONNECTIONS_MAX";
  }

  #isAddressFull(ip: string): boolean {
    const { maxPerAddress } = this.#config;
    if (maxPerAddress === false || ip === "") return false;
    const key = addressKey(ip);
    if (this.addresses.countOf(key) < (this.addressMax.get(key) ?? maxPerAddress)) return false;
    if (this.#press(key)) this.refusedAddresses.add(key);
    return true;
  }

  #press(key: string): boolean {
    if (!this.pressing.has(key) && this.pressing.size >= PRESSING_MAX) return false;
    this.pressing.add(key);
    return true;
  }
}
