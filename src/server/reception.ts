/**
 * From HELLO to WELCOME: asks the application, reports on the previous connection, lets in.
 *
 * What is easy to break: the previous connection is touched only once the newcomer may come in; and
 * whoever asked may be gone by the time the application has answered.
 */
import { equalInConstantTime } from "../base/bytes.ts";
import type { EndRecord } from "../connection/end-record.ts";
import type { Hello, PreviousReport } from "../wire/frame.ts";
import { Authentication } from "./authentication.ts";
import type { Keeper } from "./keeper.ts";
import { networkKeyOf } from "./network-key.ts";
import { PreviousConnections, UNKNOWN_PREVIOUS } from "./previous-connections.ts";
import type { ServerConnection } from "./server-connection.ts";

/** Questions to the application's `authenticate` that are open at the same time. */
const QUESTIONS_MAX = 64;

export class Reception {
  readonly #keeper: Keeper;
  /** Tells clients whether this is still the server that they knew. */
  readonly #epoch: string;
  readonly #authentication: Authentication | undefined;
  readonly #previous: PreviousConnections;

  constructor(keeper: Keeper, epoch: string) {
    const { authenticate, handshakesMax, observe, connection, recordsMax } = keeper.config;
    this.#keeper = keeper;
    this.#epoch = epoch;
    this.#previous = new PreviousConnections(recordsMax);
    if (authenticate === undefined) return;
    const questions = {
      authenticate,
      questionsMax: QUESTIONS_MAX,
      waitingMax: handshakesMax,
      questionMsMax: connection.handshakeTimeoutMs,
      warn: (text: string) => observe({ what: "warning", text }),
    };
    this.#authentication = new Authentication(questions, keeper.clock);
  }

  receive(connection: ServerConnection, hello: Hello): void {
    if (this.#authentication === undefined) {
      this.#decide(connection, hello, true);
      return;
    }
    const { driven, remote } = connection;
    const { tls, request } = driven.transport;
    const { proxied } = driven.transport.remote;
    const isAsked = this.#authentication.ask({
      hello,
      remote,
      below: { tls, request, proxied },
      isWaiting: () => driven.connection.phase === "deciding",
      decide: (mayEnter) => this.#decide(connection, hello, mayEnter),
    });
    if (!isAsked) this.#keeper.reject(connection, "HANDSHAKES_MAX");
  }

  /** For the report that its peer may ask for when it comes back. */
  remember({ driven }: ServerConnection, record: EndRecord): void {
    if (!record.wasOpen || record.dialect !== "frame") return; // Nobody was told its secret.
    const { endedAtWallMs, evidence, code, id } = record;
    const { lastPingSeqIn: lastPingSeq, heardMsAgo } = evidence;
    const heardAtWallMs = heardMsAgo === undefined ? undefined : endedAtWallMs - heardMsAgo;
    const { secret } = driven.connection;
    this.#previous.remember(id, { secret, lastPingSeq, heardAtWallMs, code });
  }

  /** Forgets every question and every timer. */
  close(): void {
    this.#authentication?.close();
    this.#previous.clear();
  }

  #decide(connection: ServerConnection, hello: Hello, mayEnter: boolean): void {
    if (connection.driven.connection.phase !== "deciding") return;
    if (mayEnter) this.#welcome(connection, hello);
    else this.#keeper.reject(connection, "UNAUTHORIZED");
  }

  #welcome({ driven, ip }: ServerConnection, { previous }: Hello): void {
    driven.welcome({
      epoch: this.#epoch,
      reconnectWindowMs: this.#keeper.config.reconnectWindowMs,
      previous: previous === undefined ? undefined : this.#reportOn(previous),
      networkKey: networkKeyOf(ip),
    });
  }

  /** Ends the previous connection if it is still here: its peer has proved that it left it. */
  #reportOn(previous: { readonly id: string; readonly secret: string }): PreviousReport {
    const { registry, clock } = this.#keeper;
    const old = registry.get(previous.id)?.driven;
    if (old === undefined) return this.#previous.report(previous, clock.wallNow());
    if (!equalInConstantTime(old.connection.secret, previous.secret)) return UNKNOWN_PREVIOUS;
    const { heardMsAgo, lastPingSeqIn } = old.connection.evidence(clock.now());
    old.abort("REPLACED", "");
    const report: PreviousReport = { state: "open", lastPingSeq: lastPingSeqIn };
    if (heardMsAgo === undefined) return report;
    return { ...report, lastHeardMsAgo: Math.round(heardMsAgo) };
  }
}
