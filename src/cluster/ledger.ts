/**
 * Who has been granted how much of one total.
 *
 * The sum of what was granted never exceeds the total. A grant counts from the moment when it is
 * sent; what is taken back counts until the worker has said that it obeys, since it may hold more
 * by then than it said last. So a worker that does not answer keeps its grant. There is one order
 * under way for each worker, never a queue of them.
 */
import { apportion, type Claim, type Hunger, sum } from "./apportion.ts";

/** What a worker says about its part of one total. */
export interface Use {
  readonly used: number;
  readonly wanted: number;
  readonly hunger: Hunger;
}

export interface Order {
  readonly worker: number;
  readonly value: number;
}

interface Account extends Use {
  readonly max: number;
  readonly granted: number;
  /** What it was told and has not answered yet. */
  readonly asked: number | undefined;
}

export class Ledger {
  readonly total: number;
  readonly #floor: number;
  readonly #accounts = new Map<number, Account>();

  constructor(total: number, floor: number) {
    this.total = total;
    this.#floor = floor;
  }

  get granted(): number {
    return sum([...this.#accounts.values()].map(({ granted }) => granted));
  }

  grantedTo(worker: number): number {
    return this.#accounts.get(worker)?.granted ?? 0;
  }

  /** A worker comes. Returns what it may begin with: at most `wish`, and what nobody else has. */
  join(worker: number, wish: number, max: number): number {
    const granted = Math.max(0, Math.min(wish, max, this.total - this.granted));
    const nothing = { used: 0, wanted: 0, hunger: granted === 0 ? 1 : 0 } as const;
    this.#accounts.set(worker, { ...nothing, max, granted, asked: undefined });
    return granted;
  }

  /** It will need nothing beyond what it holds, and less and less of that. */
  retire(worker: number): void {
    const account = this.#accounts.get(worker);
    if (account !== undefined) this.#accounts.set(worker, { ...account, max: 0 });
  }

  leave(worker: number): void {
    this.#accounts.delete(worker);
  }

  onUse(worker: number, use: Use): void {
    const account = this.#accounts.get(worker);
    if (account !== undefined) this.#accounts.set(worker, { ...account, ...use });
  }

  /** The worker has done what it was told, as far as what it held allowed. */
  onObeyed(worker: number, value: number): void {
    const account = this.#accounts.get(worker);
    if (account?.asked === undefined) return;
    const granted = Math.min(account.granted, Math.max(account.asked, value));
    this.#accounts.set(worker, { ...account, granted, asked: undefined });
  }

  /** What is to be told to whom now. They count as told. */
  orders(): Order[] {
    const accounts = [...this.#accounts.values()];
    const shares = apportion(this.total, this.#floor, accounts.map(claimOf));
    const isWorth = accounts.some((account, at) => isWorthIt(account, shares[at] ?? 0));
    return isWorth ? this.#towards(shares) : [];
  }

  /** The same when everybody is to have the same again. */
  ordersToLevel(share: number): Order[] {
    return this.#towards([...this.#accounts].map(() => share));
  }

  /** Whether everybody has that much, and knows it. */
  isLevel(share: number): boolean {
    return [...this.#accounts.values()].every(
      ({ granted, asked }) => granted === share && asked === undefined,
    );
  }

  /** Whether nobody holds anything or asked for it. */
  get isIdle(): boolean {
    return [...this.#accounts.values()].every(({ used, hunger }) => used === 0 && hunger === 0);
  }

  #towards(shares: readonly number[]): Order[] {
    const accounts = [...this.#accounts];
    const orders: Order[] = [];
    for (const [at, [worker, account]] of accounts.entries()) {
      const value = shares[at] ?? 0;
      if (account.asked !== undefined || value >= account.granted) continue;
      this.#accounts.set(worker, { ...account, asked: value });
      orders.push({ worker, value });
    }
    let free = this.total - this.granted;
    for (const [at, [worker, account]] of accounts.entries()) {
      const more = Math.min((shares[at] ?? 0) - account.granted, free);
      if (account.asked !== undefined || more <= 0) continue;
      free -= more;
      const value = account.granted + more;
      this.#accounts.set(worker, { ...account, granted: value, asked: value });
      orders.push({ worker, value });
    }
    return orders;
  }
}

/** While an order is under way all that was granted counts as held: it may never be answered. */
function claimOf({ used, wanted, max, hunger, granted, asked }: Account): Claim {
  const held = asked === undefined ? used : Math.max(used, granted);
  return { used: held, wanted: Math.max(held, wanted), max, hunger: max === 0 ? 0 : hunger };
}

/** Shares are moved for somebody who is about to run out, and whose room would double at least. */
function isWorthIt({ hunger, used, granted }: Account, share: number): boolean {
  return hunger > 0 && share > granted && share - used >= 2 * (granted - used);
}
