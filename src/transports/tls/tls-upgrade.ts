/**
 * One port for those who speak TLS and those who do not: the first two bytes tell.
 *
 * A client of TLS begins with a handshake record: 0x16, and then 3, the major version that all
 * records have had since SSL 3.0 (RFC 8446 section 5.1). No line of text begins with the control
 * character 0x16, no frame and no request of HTTP does. Only one who has begun so is taken for a
 * client of TLS; whoever is silent, or says anything else, is served as on a plain port.
 *
 * Easy to break: what is inside TLS must not look for TLS once more, so a stream over it has the
 * upgrade of the plain port, and not this one.
 */
import type { StreamFacts, Upgrade, UpgradeTaken } from "../stream-facts.ts";
import type { Transport } from "../transport.ts";
import { HANDSHAKE_BYTE } from "./plain-answers.ts";
import type { ServerContexts } from "./server-contexts.ts";
import { serverFault } from "./server-faults.ts";
import { TlsHandshake } from "./tls-handshake.ts";
import { tlsStreamFacts } from "./tls-stream.ts";

const MAJOR_VERSION = 3;

export class TlsUpgrade implements Upgrade {
  readonly isOnly: boolean;
  readonly #contexts: () => ServerContexts;
  /** What else may be asked for, in the plain and inside TLS. */
  readonly #other: Upgrade | undefined;
  /** What the listener gave, and what was made of it: the same for all its sockets. */
  #given: StreamFacts | undefined;
  #facts: StreamFacts | undefined;

  /** `contexts` is asked for each newcomer, so that a new certificate is in force at once. */
  constructor(contexts: () => ServerContexts, other: Upgrade | undefined) {
    this.#contexts = contexts;
    this.#other = other;
    this.isOnly = other?.isOnly === true;
  }

  recognise(head: Uint8Array): "yes" | "no" | "more" {
    if (head[0] !== HANDSHAKE_BYTE) return this.#other?.recognise(head) ?? "no";
    if (head.length === 1) return "more";
    return head[1] === MAJOR_VERSION ? "yes" : "no";
  }

  take(taken: UpgradeTaken): Transport {
    const { socket, head, facts, remote, handlers } = taken;
    const [first] = head;
    if (first !== undefined && first !== HANDSHAKE_BYTE && this.#other !== undefined) {
      return this.#other.take(taken);
    }
    // Without a first byte, as where nothing but WebSockets is served, it is waited for there.
    const plain = this.#other === undefined ? undefined : { upgrade: this.#other, facts };
    const given = { raw: socket, remote, handlers, contexts: this.#contexts() };
    const handshake = new TlsHandshake({ ...given, facts: this.#factsFor(facts), plain });
    if (first !== undefined) handshake.handleHead(head);
    return handshake;
  }

  #factsFor(given: StreamFacts): StreamFacts {
    if (this.#facts === undefined || this.#given !== given) {
      this.#given = given;
      this.#facts = tlsStreamFacts({ ...given, upgrade: this.#other }, serverFault);
    }
    return this.#facts;
  }
}
