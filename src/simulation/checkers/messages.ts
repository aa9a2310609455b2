/**
 * Promise 5: messages arrive in order, none is invented, none comes twice, and none is lost without
 * being named.
 *
 * Each message is a text of its own, so that it can be followed from "sent" to "received". Between
 * our machines in the frame dialect every message that was sent is, in the end, received or named
 * as undelivered by its sender (both is allowed: the word that it arrived may have got lost). What
 * was sent by a process that crashed had nobody left to name it.
 *
 * In the line dialect "taken by the kernel" is all that a sender can know (docs/protocol.md), so
 * what a broken connection swallowed is not named; there only order and invention are judged, and
 * so it is for what plain programs send and receive.
 */
import type { FaultKind, SimEvent } from "../sim-event.ts";
import type { MakeChecker, WorldView } from "../world-view.ts";
import { type CheckerTools, toldChecker } from "./told-checker.ts";

const CRASHES: ReadonlySet<FaultKind> = new Set(["process-crash", "host-crash", "vanish"]);

interface Letter {
  readonly index: number;
  readonly atMs: number;
  readonly flow: number | undefined;
  isNamed: boolean;
}

interface Sender {
  readonly letters: Map<string, Letter>;
  count: number;
}

export const messages: MakeChecker = toldChecker("messages", (tools) => {
  const post = new PostOffice(tools);
  return {
    onEvent: (event) => post.onEvent(event),
    onOver: (view) => post.onOver(view),
  };
});

class PostOffice {
  readonly #tools: CheckerTools;
  readonly #senders: Map<string, Sender> = new Map();
  /** The last index that arrived, by receiver and flow. */
  readonly #arrived: Map<string, number> = new Map();
  /** Which link each host had last, and which link each flow belongs to. */
  readonly #linkOf: Map<string, string> = new Map();
  readonly #hostOf: Map<string, string> = new Map();
  readonly #flowLink: Map<number, string> = new Map();
  /** Senders whose process went, so that nobody was left to name what they had sent. */
  readonly #gone: Set<string> = new Set();
  readonly #isFrame: Set<number> = new Set();

  constructor(tools: CheckerTools) {
    this.#tools = tools;
  }

  onEvent(event: SimEvent): void {
    switch (event.what) {
      case "status":
        return this.#onStatus(event);
      case "flow-open": {
        const link = event.side === "client" ? this.#linkOf.get(event.host) : undefined;
        if (link !== undefined) this.#flowLink.set(event.flow, link);
        return;
      }
      case "flow-closed":
        if (event.how !== "process-gone") return;
        if (event.side === "server") this.#gone.add(`flow-${event.flow}`);
        return;
      case "sent":
        return this.#onSent(event);
      case "received":
        return this.#onReceived(event);
      case "undelivered":
        for (const message of event.messages) this.#onNamed(event.by, message, event.atMs);
        return;
      default:
        return;
    }
  }

  onOver(view: WorldView): void {
    for (const [by, { letters }] of this.#senders) {
      if (!this.#mustName(by)) continue;
      for (const [message, letter] of letters) {
        if (letter.isNamed || this.#crashedSince(by, letter.atMs)) continue;
        const sentence = `"${message}" of ${by} was neither received nor named as undelivered`;
        this.#tools.report(`lost/${by}`, view.nowMs, sentence);
      }
    }
  }

  #onStatus({ link }: SimEvent & { what: "status" }): void {
    if (this.#hostOf.has(link)) return;
    const host = this.#tools.view.links.find(({ name }) => name === link)?.host;
    if (host === undefined) return;
    this.#hostOf.set(link, host);
    this.#linkOf.set(host, link);
  }

  #onSent({ by, flow, message, atMs }: SimEvent & { what: "sent" }): void {
    let sender = this.#senders.get(by);
    if (sender === undefined) {
      sender = { letters: new Map(), count: 0 };
      this.#senders.set(by, sender);
    }
    sender.count += 1;
    sender.letters.set(message, { index: sender.count, atMs, flow, isNamed: false });
    if (flow !== undefined && this.#tools.truth.flows.get(flow)?.client?.spoken.dialect === "frame")
      this.#isFrame.add(flow);
  }

  #onReceived({ by, flow, message, atMs }: SimEvent & { what: "received" }): void {
    const { report } = this.#tools;
    if (flow === undefined) return;
    const from = by === `flow-${flow}` ? this.#flowLink.get(flow) : `flow-${flow}`;
    if (from === undefined) return; // A plain program, or a stranger, may say anything.
    const sender = this.#senders.get(from);
    const letter = sender?.letters.get(message);
    if (sender === undefined || letter === undefined) {
      const sentence = `${by} received "${message}", which ${from} did not send, or not once more`;
      report(`invented/${by}/${flow}`, atMs, sentence);
      return;
    }
    sender.letters.delete(message);
    const key = `${by}/${flow}`;
    const last = this.#arrived.get(key) ?? 0;
    this.#arrived.set(key, letter.index);
    if (letter.index > last) return;
    report(`order/${key}`, atMs, `${by} received "${message}" after a later one of ${from}`);
  }

  #onNamed(by: string, message: string, atMs: number): void {
    const letter = this.#senders.get(by)?.letters.get(message);
    if (letter === undefined) return; // It did arrive; the sender could not know.
    if (letter.isNamed) {
      this.#tools.report(`twice/${by}`, atMs, `${by} named "${message}" as undelivered twice`);
    }
    letter.isNamed = true;
  }

  #mustName(by: string): boolean {
    const host = this.#hostOf.get(by);
    if (host !== undefined) return this.#tools.terms.link(host)?.terms.dialect === "frame";
    return by.startsWith("flow-") && this.#isFrame.has(Number(by.slice("flow-".length)));
  }

  #crashedSince(by: string, atMs: number): boolean {
    const { truth, view } = this.#tools;
    const host = this.#hostOf.get(by);
    if (host === undefined) return this.#gone.has(by);
    const isReplaced = this.#linkOf.get(host) !== by;
    return isReplaced || truth.touching(host, CRASHES, atMs, view.nowMs).length > 0;
  }
}
