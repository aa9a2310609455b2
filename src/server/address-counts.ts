/**
 * How many connections each address holds.
 *
 * One IPv6 subscriber owns at least a /64 (RFC 6177, RIPE-690), so a limit that counted single
 * addresses would be none: the first four groups are what counts. An address whose last connection
 * went is forgotten, so the map never holds more entries than there are connections.
 */
export class AddressCounts {
  readonly #counts = new Map<string, number>();

  /** What is counted together, by its own name. */
  countOf(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  get size(): number {
    return this.#counts.size;
  }

  count(ip: string): number {
    return this.#counts.get(addressKey(ip)) ?? 0;
  }

  add(ip: string): void {
    if (ip === "") return; // Unix sockets have no address.
    const key = addressKey(ip);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  remove(ip: string): void {
    if (ip === "") return;
    const key = addressKey(ip);
    const left = (this.#counts.get(key) ?? 0) - 1;
    if (left > 0) this.#counts.set(key, left);
    else this.#counts.delete(key);
  }
}

/** What is counted together: an IPv4 address, or the /64 of an IPv6 address. */
export function addressKey(ip: string): string {
  if (!ip.includes(":")) return ip;
  const [before = "", after] = (ip.split("%", 1)[0] as string).split("::", 2);
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...new Array<string>(zeros).fill("0"), ...tail].slice(0, 4);
  return `${groups.map((group) => group.toLowerCase().replace(/^0+(?=.)/, "")).join(":")}::/64`;
}
