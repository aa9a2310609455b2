/**
 * Asks the application who may come in, only so many at once.
 *
 * What is easy to break: the deadline of the handshake runs on while the application thinks, so an
 * answer may come for a peer that is gone. A question keeps its place until it is answered or until
 * that deadline has passed, whether or not the peer waits: otherwise peers that leave at once would
 * lift the bound, and questions that are never answered would shut the door for ever. A token
 * appears in nothing that this file says.
 */
import { BoundedQueue } from "../base/bounded-queue.ts";
import { type Cancel, type Clock, later } from "../base/time.ts";
import type { ProxiedFacts, TlsFacts, UpgradeRequest } from "../transports/transport.ts";
import type { Hello } from "../wire/frame.ts";

/**
 * Decides whether a peer may come in. Only `true`, or a promise of it, lets it in; a rejection or
 * a throw turns it away like `false`.
 */
export type Authenticate = (
  hello: Hello,
  remote: string,
  below: BelowHello,
) => boolean | Promise<boolean>;

/** What is known of a peer besides its HELLO. */
export interface BelowHello {
  /** What TLS has agreed on, and the peer's certificate; undefined without TLS. */
  readonly tls: TlsFacts | undefined;
  /** The request for a WebSocket; undefined elsewhere. */
  readonly request: UpgradeRequest | undefined;
  /** What the balancer said that gave the address; undefined where the peer came by itself. */
  readonly proxied: ProxiedFacts | undefined;
}

/** Whoever waits to be let in. */
export interface Applicant {
  readonly hello: Hello;
  readonly remote: string;
  readonly below: BelowHello;
  /** False once it is gone: nobody needs to be asked any more. */
  isWaiting(): boolean;
  decide(mayEnter: boolean): void;
}

export interface AuthenticationConfig {
  readonly authenticate: Authenticate;
  /** Questions that are open at the same time. */
  readonly questionsMax: number;
  /** Applicants that wait for their question. */
  readonly waitingMax: number;
  /** How long a question may hold its place. */
  readonly questionMsMax: number;
  /** Told once, when the application's function fails instead of answering. */
  readonly warn: (text: string) => void;
}

export class Authentication {
  readonly #config: AuthenticationConfig;
  readonly #clock: Clock;
  readonly #waiting: BoundedQueue<Applicant>;
  readonly #open = new Set<Cancel>();
  #hasWarned = false;

  constructor(config: AuthenticationConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    this.#waiting = new BoundedQueue(config.waitingMax);
  }

  /** Calls `decide` once, now or later, unless the applicant is gone. False: too many wait. */
  ask(applicant: Applicant): boolean {
    if (!this.#waiting.push(applicant, 1)) return false;
    this.#askNext();
    return true;
  }

  /** Forgets every question and every timer. */
  close(): void {
    this.#waiting.drain();
    for (const cancel of this.#open) cancel();
    this.#open.clear();
  }

  #askNext(): void {
    while (this.#open.size < this.#config.questionsMax) {
      const applicant = this.#waiting.shift();
      if (applicant === undefined) return;
      if (applicant.isWaiting()) this.#question(applicant);
    }
  }

  #question(applicant: Applicant): void {
    const answered = this.#call(applicant);
    if (typeof answered === "boolean") {
      applicant.decide(answered);
      return;
    }
    const dueAt = later(this.#clock.now(), this.#config.questionMsMax);
    const cancel = this.#clock.wakeAt(dueAt, () => this.#release(cancel));
    this.#open.add(cancel);
    const settle = (mayEnter: boolean): void => {
      if (applicant.isWaiting()) applicant.decide(mayEnter);
      cancel();
      this.#release(cancel);
    };
    answered.then(
      (answer) => settle(answer === true),
      (error: unknown) => {
        this.#warnOf(error);
        settle(false);
      },
    );
  }

  /** What the application returns is not trusted to be what its type says. */
  #call({ hello, remote, below }: Applicant): boolean | Promise<unknown> {
    try {
      const answer: unknown = this.#config.authenticate(hello, remote, below);
      if (typeof answer === "boolean") return answer;
      return Promise.resolve(answer);
    } catch (error) {
      this.#warnOf(error);
      return false;
    }
  }

  #release(cancel: Cancel): void {
    if (this.#open.delete(cancel)) this.#askNext();
  }

  /** The message of the error stays out of it: it may well quote the token. */
  #warnOf(error: unknown): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const kind = error instanceof Error ? error.constructor.name : typeof error;
    this.#config.warn(
      `\`authenticate\` threw or rejected (${kind}) instead of answering; the peer is refused ` +
        "and told never to come back with these credentials. Return false to refuse a peer.",
    );
  }
}
