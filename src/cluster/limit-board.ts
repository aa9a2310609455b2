/**
 * All limits that the workers of a cluster share: one ledger for each, and orders that move parts.
 *
 * Pure. Addresses are the special case: there may be millions, so each worker has the same small
 * part for every address, and only an address that comes near it somewhere gets a ledger. The small
 * part counts one process more than there are workers, since during a rolling restart there is one.
 */
import type { LimitName, LimitUse } from "../server/shared-limits.ts";
import { Ledger } from "./ledger.ts";

/** Undefined: no such limit, or each process has its own. */
export interface Totals {
  readonly connections: number | undefined;
  readonly rate: number | undefined;
  readonly buffer: number;
  readonly perAddress: number | undefined;
}

export interface LimitOrder {
  readonly worker: number;
  readonly name: LimitName;
  readonly value: number;
}

/** Addresses that have a ledger; those beyond keep the small part at each worker. */
const ADDRESSES_MAX = 1_000;

export class LimitBoard {
  readonly #workerCount: number;
  readonly #addressPart: number;
  readonly #perAddress: number | undefined;
  readonly #ledgers = new Map<LimitName, Ledger>();
  readonly #workers = new Set<number>();

  constructor(totals: Totals, workerCount: number) {
    const { connections, rate, buffer, perAddress } = totals;
    this.#workerCount = workerCount;
    this.#perAddress = perAddress;
    this.#addressPart = addressPart(perAddress ?? 0, workerCount);
    if (connections !== undefined) this.#ledgers.set("connections", new Ledger(connections, 0));
    if (rate !== undefined) this.#ledgers.set("rate", new Ledger(rate, 1));
    // A worker that may buffer nothing could hold no connection that has anything to say.
    this.#ledgers.set("buffer", new Ledger(buffer, Math.floor(buffer / (4 * workerCount))));
  }

  /** A worker comes. Returns the parts that it begins with. */
  join(worker: number, connectionsMax: number): Map<LimitName, number> {
    const waitedFor = Math.max(1, this.#workerCount - this.#workers.size);
    this.#workers.add(worker);
    const parts = new Map<LimitName, number>();
    for (const [name, ledger] of this.#ledgers) {
      const free = ledger.total - ledger.granted;
      const wish = isAddress(name) ? this.#addressPart : Math.ceil(free / waitedFor);
      parts.set(
        name,
        ledger.join(worker, wish, name === "connections" ? connectionsMax : ledger.total),
      );
    }
    return parts;
  }

  /** It lets nobody in any more; what its connections free is for the others. */
  retire(worker: number): void {
    for (const ledger of this.#ledgers.values()) ledger.retire(worker);
  }

  leave(worker: number): void {
    this.#workers.delete(worker);
    for (const ledger of this.#ledgers.values()) ledger.leave(worker);
  }

  onUses(worker: number, uses: readonly LimitUse[]): void {
    for (const use of uses) this.#ledgerFor(use)?.onUse(worker, use);
  }

  onObeyed(worker: number, name: LimitName, value: number): void {
    this.#ledgers.get(name)?.onObeyed(worker, value);
  }

  /** What is to be told to whom now. */
  orders(): LimitOrder[] {
    const orders: LimitOrder[] = [];
    for (const [name, ledger] of this.#ledgers) {
      const isOver = isAddress(name) && ledger.isIdle;
      if (isOver && ledger.isLevel(this.#addressPart)) {
        this.#ledgers.delete(name);
        continue;
      }
      const moves = isOver ? ledger.ordersToLevel(this.#addressPart) : ledger.orders();
      for (const { worker, value } of moves) orders.push({ worker, name, value });
    }
    return orders;
  }

  #ledgerFor({ name, used, hunger }: LimitUse): Ledger | undefined {
    const known = this.#ledgers.get(name);
    if (known !== undefined || !isAddress(name) || this.#perAddress === undefined) return known;
    if (used === 0 && hunger === 0) return undefined;
    if (this.#ledgers.size >= ADDRESSES_MAX) return undefined;
    const ledger = new Ledger(this.#perAddress, 0);
    for (const worker of this.#workers) {
      ledger.join(worker, this.#addressPart, this.#perAddress);
    }
    this.#ledgers.set(name, ledger);
    return ledger;
  }
}

/** What each worker may hold of an address of which nobody has told anything yet. */
export function addressPart(perAddress: number, workerCount: number): number {
  return Math.floor(perAddress / (workerCount + 1));
}

function isAddress(name: LimitName): boolean {
  return name.startsWith("address:");
}
