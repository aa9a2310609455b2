/**
 * Those of whom it is not known yet for whom they speak, as a server sees them: a number.
 *
 * Limits by address can only be applied to the address that the header will give. Until then
 * everybody behind a balancer looks the same, so what bounds them is that each counts as a
 * handshake under way, and takes a place among all connections.
 */
import type { ErrorCode } from "../base/errors.ts";
import type { Antechamber, RemoteAddress } from "../transports/transport.ts";

export interface AntechamberOwner {
  /** Whether newcomers are let in. */
  readonly isOpen: boolean;
  countRejection(code: ErrorCode, address: string, detail?: string): void;
}

/** Of the admission. */
interface Places {
  awaitedCount: number;
  awaitedRefusal(): ErrorCode | undefined;
}

export class ServerAntechamber implements Antechamber {
  readonly #owner: AntechamberOwner;
  readonly #places: Places;

  constructor(owner: AntechamberOwner, places: Places) {
    this.#owner = owner;
    this.#places = places;
  }

  enter({ text }: RemoteAddress): boolean {
    if (!this.#owner.isOpen) return false;
    const code = this.#places.awaitedRefusal();
    if (code !== undefined) {
      this.#owner.countRejection(code, text);
      return false;
    }
    this.#places.awaitedCount += 1;
    return true;
  }

  leave(): void {
    this.#places.awaitedCount -= 1;
  }

  turnAway({ text }: RemoteAddress, code: ErrorCode, detail: string): void {
    if (this.#owner.isOpen) this.#owner.countRejection(code, text, detail);
  }
}
