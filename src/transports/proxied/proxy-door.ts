/**
 * Where those wait of whom it is not known yet for whom they speak: from accept to the end of the
 * header of the PROXY protocol. Nobody behind this file hears of them before.
 *
 * One door for each listener, and one timer for all that wait at it: they come in order, and all
 * have the same time. Easy to break: whoever waits has a descriptor, so a closing listener ends
 * them; and one whose header waits unread in the kernel while this process was busy is not late.
 */
import type { ErrorCode } from "../../base/errors.ts";
import { type Cancel, type Clock, type Instant, later } from "../../base/time.ts";
import { shownHead } from "../../wire/proxy-bytes.ts";
import { readProxyHeader } from "../../wire/proxy-header.ts";
import type { ProxyReading } from "../../wire/proxy-reading.ts";
import type { AcceptHandlers, RemoteAddress } from "../transport.ts";
import { isTrusted, type ProxyProtocolConfig } from "./proxy-options.ts";

export interface ProxyRules {
  readonly config: ProxyProtocolConfig;
  readonly clock: Clock;
}

/** One that waits at the door. */
export interface Waiter {
  readonly via: RemoteAddress;
  /** What came of its header so far. */
  readonly head: Uint8Array;
  /** Closes it, with a reset where there is one, and hears no more of it. */
  end(): void;
}

/** `serve`: as it is, without a header. `wait`: its header is to be read, and it is at the door. */
export type Welcome = "serve" | "wait" | "refuse";

export class ProxyDoor {
  readonly #rules: ProxyRules;
  readonly #handlers: AcceptHandlers;
  /** In order of arrival, with the moment when each has waited long enough. */
  readonly #waiting = new Map<Waiter, Instant>();
  #cancel: Cancel | undefined;
  #isClosed = false;

  constructor(rules: ProxyRules, handlers: AcceptHandlers) {
    this.#rules = rules;
    this.#handlers = handlers;
  }

  /** What is to become of a newcomer. Whom it refuses it has told of. */
  welcome(via: RemoteAddress): Welcome {
    const { config } = this.#rules;
    if (isTrusted(config, via.ip)) return this.#mayWait(via) ? "wait" : "refuse";
    if (config.servesOthers) return "serve";
    const detail = "it is none of `proxyProtocol.trustedFrom`";
    this.#handlers.antechamber?.turnAway(via, "PROXY_UNTRUSTED", detail);
    return "refuse";
  }

  /** For whom `welcome` said "wait": begins to wait, until `leave`. */
  enter(waiter: Waiter): void {
    const { clock, config } = this.#rules;
    this.#waiting.set(waiter, later(clock.now(), config.timeoutMs));
    if (this.#cancel === undefined) this.#setTimer();
  }

  read(head: Uint8Array): ProxyReading {
    return readProxyHeader(head, this.#rules.config.versions);
  }

  /** Waits no more: it is gone, or its header is known. */
  leave(waiter: Waiter): void {
    if (!this.#waiting.delete(waiter)) return;
    this.#handlers.antechamber?.leave();
    if (this.#waiting.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Waits no more. `why` completes "expected a header of the PROXY protocol, …". */
  refuse(waiter: Waiter, why: string): void {
    this.leave(waiter);
    this.#turnAway(waiter, why);
    waiter.end();
  }

  /**
   * The connection ended before its header did. Whoever only looks whether the port is open says
   * nothing, and nothing is said of it.
   */
  onGone(waiter: Waiter): void {
    this.leave(waiter);
    const { head } = waiter;
    if (head.length > 0) this.#turnAway(waiter, `got ${shownHead(head)}, and the end`);
  }

  /** Ends all that wait. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of [...this.#waiting.keys()]) {
      this.leave(waiter);
      waiter.end();
    }
  }

  #mayWait(via: RemoteAddress): boolean {
    return !this.#isClosed && this.#handlers.antechamber?.enter(via) !== false;
  }

  #turnAway({ via }: Waiter, why: string): void {
    const code: ErrorCode = "PROXY_HEADER_INVALID";
    const detail = `expected a header of the PROXY protocol, ${why}`;
    this.#handlers.antechamber?.turnAway(via, code, detail);
  }

  #setTimer(): void {
    const { clock } = this.#rules;
    for (const [, dueAt] of this.#waiting) {
      const wake = (): void => {
        this.#cancel = clock.afterPoll(() => this.#endLate(dueAt));
      };
      this.#cancel = clock.wakeAt(dueAt, wake);
      return;
    }
    this.#cancel = undefined;
  }

  /** Of those who were late then, whoever has said nothing since. */
  #endLate(now: Instant): void {
    const { timeoutMs } = this.#rules.config;
    for (const [waiter, dueAt] of [...this.#waiting]) {
      if (dueAt > now) break;
      this.refuse(waiter, `got ${shownHead(waiter.head)} within ${timeoutMs} ms`);
    }
    this.#cancel?.();
    this.#setTimer();
  }
}
