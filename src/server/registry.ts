/**
 * Who is here, and how far each has come.
 *
 * A connection is silent until its first byte, then greets (frame dialect), then is open. While TLS
 * or an upgrade is agreed on it greets as well, and may be silent once more afterwards. Nobody is
 * told of a first byte that completes nothing, so a few of those counted as silent may have spoken
 * since; what they began has a deadline of its own.
 */
import { type Linked, WaitingList } from "./waiting-list.ts";

/**
 * `refused`: being told so; it counts as nobody. `pinging`: it has said no byte, but pings of the
 * transport's own protocol, as browsers and load balancers do.
 */
export type Stage = "silent" | "pinging" | "greeting" | "open" | "refused" | "ended";

export interface Registered<T> extends Linked<T> {
  readonly id: string;
  /** Where this registry counts the connection. Written by the registry alone. */
  stage: Stage;
}

/** Where all connections are kept, those included that this registry does not count. */
export interface Roster<T> {
  get(id: string): T | undefined;
  /** Ends and arrivals during the walk are allowed. */
  all(): Iterable<T>;
}

export class Registry<T extends Registered<T>> {
  readonly #roster: Roster<T>;
  #size = 0;
  readonly #silent = new WaitingList<T>();
  #greetingCount = 0;

  constructor(roster: Roster<T>) {
    this.#roster = roster;
  }

  /** All but the refused. */
  get size(): number {
    return this.#size;
  }

  get silentCount(): number {
    return this.#silent.length;
  }

  get greetingCount(): number {
    return this.#greetingCount;
  }

  get(id: string): T | undefined {
    const connection = this.#roster.get(id);
    return connection !== undefined && isHere(connection) ? connection : undefined;
  }

  /** In no order. Ends during the walk are allowed. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const connection of this.#roster.all()) if (isHere(connection)) yield connection;
  }

  add(connection: T): void {
    connection.stage = "silent";
    this.#size += 1;
    this.#silent.add(connection);
  }

  remove(connection: T): void {
    if (!isHere(connection)) return;
    this.#size -= 1;
    this.#move(connection, "ended");
  }

  /** Messages flow. */
  onOpened(connection: T): void {
    if (isHere(connection)) this.#move(connection, "open");
  }

  /** Its handshake begins. */
  onGreeting(connection: T): void {
    const { stage } = connection;
    if (stage === "silent" || stage === "pinging") this.#move(connection, "greeting");
  }

  /** It has pinged, so it is silent no more, although no byte has come. */
  onPinged(connection: T): void {
    if (connection.stage === "silent") this.#move(connection, "pinging");
  }

  /** What had to be agreed on before its first byte is. */
  onReady(connection: T): void {
    if (connection.stage !== "greeting") return;
    this.#move(connection, "silent");
    this.#silent.add(connection);
  }

  /** Whoever has said nothing for the longest time. */
  get longestSilent(): T | undefined {
    return this.#silent.first;
  }

  #move(connection: T, stage: Stage): void {
    if (connection.stage === "silent") this.#silent.remove(connection);
    if (connection.stage === "greeting") this.#greetingCount -= 1;
    if (stage === "greeting") this.#greetingCount += 1;
    connection.stage = stage;
  }
}

function isHere({ stage }: { readonly stage: Stage }): boolean {
  return stage !== "refused" && stage !== "ended";
}
