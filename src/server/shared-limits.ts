/**
 * The limits of one server as parts of totals that several servers share (cluster/).
 *
 * A part may change at any time, and never ends anybody: it is no smaller than what is held. What
 * is easy to break: what `set` answers is what holds from that moment, and others rely on it.
 */
import type { Instant } from "../base/time.ts";
import { elapsedMs } from "../base/time.ts";
import type { Admission } from "./admission.ts";
import type { BufferBudget } from "./buffer-budget.ts";
import type { Registry } from "./registry.ts";
import type { ServerConnection } from "./server-connection.ts";

/** `address:` and the address, or the first four groups of an IPv6 one. */
export type LimitName = "connections" | "rate" | "buffer" | `address:${string}`;

export interface LimitUse {
  readonly name: LimitName;
  readonly used: number;
  /** What it will need soon. */
  readonly wanted: number;
  /** 0: it has room. 1: it is about to run out. 2: it had to refuse since the last look. */
  readonly hunger: 0 | 1 | 2;
}

interface Limited {
  readonly admission: Admission<ServerConnection>;
  readonly budget: BufferBudget<ServerConnection>;
  readonly registry: Registry<ServerConnection>;
}

const ADDRESS = "address:";

export class SharedLimits {
  readonly #limited: Limited;
  /** What an address may hold that has no limit of its own. */
  readonly #perAddress: number | false;
  #acceptedBefore = 0;
  #lookedAt: Instant | undefined;
  #reliefsBefore = 0;

  constructor(limited: Limited, perAddress: number | false) {
    this.#limited = limited;
    this.#perAddress = perAddress;
  }

  /** Returns what holds now: `value`, or what is held already if that is more. */
  set(name: LimitName, value: number): number {
    const { admission, budget, registry } = this.#limited;
    switch (name) {
      case "connections":
        admission.maxConnections = Math.max(value, registry.size);
        return admission.maxConnections;
      case "rate":
        if (admission.rate !== undefined) admission.rate.perSecondMax = value;
        return value;
      case "buffer":
        budget.bytesMax = value;
        return budget.bytesMax;
      default:
        return this.#setAddress(name.slice(ADDRESS.length), value);
    }
  }

  /** What of them is in use; `accepted` is how many were let in since the start. */
  uses(accepted: number, now: Instant): LimitUse[] {
    const { maxConnections } = this.#limited.admission;
    return [
      ...(maxConnections === false ? [] : [this.#connections(maxConnections)]),
      ...this.#rate(accepted, now),
      this.#buffer(),
      ...this.#addresses(),
    ];
  }

  /** The silent may hold half of all places, so they need twice as many as they are. */
  #connections(max: number): LimitUse {
    const { admission, registry } = this.#limited;
    const used = registry.size;
    const wanted = Math.max(used, 2 * registry.silentCount);
    const hunger = hungerOf(admission.connectionRefusals > 0, wanted, max);
    admission.connectionRefusals = 0;
    return { name: "connections", used, wanted, hunger };
  }

  /** Nothing of a rate is held: what was used is only likely to be wanted again. */
  #rate(accepted: number, now: Instant): LimitUse[] {
    const { admission } = this.#limited;
    const { rate } = admission;
    if (rate === undefined) return [];
    const seconds = this.#lookedAt === undefined ? 1 : elapsedMs(this.#lookedAt, now) / 1_000;
    const wanted = Math.ceil((accepted - this.#acceptedBefore) / Math.max(1, seconds));
    this.#acceptedBefore = accepted;
    this.#lookedAt = now;
    const hunger = hungerOf(admission.rateRefusals > 0, wanted, rate.perSecondMax);
    admission.rateRefusals = 0;
    return [{ name: "rate", used: 0, wanted, hunger }];
  }

  #buffer(): LimitUse {
    const { bytes, bytesMax, reliefs } = this.#limited.budget;
    const wasOver = reliefs > this.#reliefsBefore;
    this.#reliefsBefore = reliefs;
    return {
      name: "buffer",
      used: bytes,
      wanted: 2 * bytes,
      hunger: hungerOf(wasOver, 2 * bytes, bytesMax),
    };
  }

  #addresses(): LimitUse[] {
    const { addresses, addressMax, pressing, refusedAddresses } = this.#limited.admission;
    const uses: LimitUse[] = [];
    for (const key of pressing) {
      const used = addresses.countOf(key);
      const max = addressMax.get(key) ?? this.#perAddress;
      const hunger = hungerOf(refusedAddresses.has(key), used, max === false ? used * 2 : max);
      uses.push({ name: `${ADDRESS}${key}`, used, wanted: used, hunger });
      // The last word about it: nobody is there any more.
      if (used === 0 && hunger === 0 && !addressMax.has(key)) pressing.delete(key);
    }
    refusedAddresses.clear();
    return uses;
  }

  #setAddress(key: string, value: number): number {
    const { addresses, addressMax, pressing } = this.#limited.admission;
    const holds = Math.max(value, addresses.countOf(key));
    if (holds === this.#perAddress) {
      addressMax.delete(key);
    } else {
      addressMax.set(key, holds);
      pressing.add(key);
    }
    return holds;
  }
}

function hungerOf(hasRefused: boolean, wanted: number, max: number): 0 | 1 | 2 {
  if (hasRefused) return 2;
  return max - wanted <= max / 4 ? 1 : 0;
}
