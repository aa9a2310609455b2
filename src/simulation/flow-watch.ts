/**
 * Watches the machines of our own at the ends of flows, from outside.
 *
 * It sits where a pipe is attached and looks at each effect as the driver polls it. So it sees the
 * verdicts and ends of all machines alike: also of those whose owner has given them up and passes
 * nothing on any more.
 */
import type { Instant } from "../base/time.ts";
import type { Effect } from "../connection/effects.ts";
import type { EndFacts, EndRecord } from "../connection/end-record.ts";
import { endSentence } from "../connection/sentence.ts";
import { Driven } from "../driver/driven.ts";
import type { Attach, Listen, Open, Transport } from "../transports/transport.ts";
import { FRAME_TYPE } from "../wire/frame-types.ts";
import { watchEachMachine } from "./each-machine.ts";
import type { EndOfFlow, Side, SimEvent, Tell } from "./sim-event.ts";
import type { SimTransport } from "./sim-transport.ts";

export interface FlowWatchHandlers {
  readonly tell: Tell;
  now(): number;
  onPing(side: Side): void;
  onBeat(side: Side): void;
}

/** What an application wants to know of its machine's effects, before they are carried out. */
export type OnEffect = (flow: number, effect: Effect, driven: Driven) => void;

export class FlowWatch {
  readonly #on: FlowWatchHandlers;
  readonly #machines: Record<Side, Map<number, Driven>> = { client: new Map(), server: new Map() };
  readonly #diallers = new Map<number, string>();

  constructor(on: FlowWatchHandlers) {
    this.#on = on;
  }

  machine(flow: number, side: Side): Driven | undefined {
    return this.#machines[side].get(flow);
  }

  /** Which host dialled this flow; undefined once the server has let go of it. */
  dialler(flow: number): string | undefined {
    return this.#diallers.get(flow);
  }

  onEvent(event: SimEvent): void {
    if (event.what === "flow-open" && event.side === "client") {
      this.#diallers.set(event.flow, event.host);
    }
    if (event.what !== "flow-closed") return;
    // The machine is not there any more, if only since its process is not.
    this.#machines[event.side].delete(event.flow);
    if (event.side === "server") this.#diallers.delete(event.flow);
  }

  /** Of those who have no machine that could be looked into. */
  countPing(side: Side): void {
    this.#on.onPing(side);
  }

  countBeat(side: Side): void {
    this.#on.onBeat(side);
  }

  open(open: Open, host: string, onEffect: OnEffect): Open {
    return (handlers) =>
      open({
        onOpened: (attach) => handlers.onOpened(this.#watched(attach, "client", host, onEffect)),
        onFailed: (error) => handlers.onFailed(error),
      });
  }

  listen(listen: Listen, host: string, onEffect: OnEffect): Listen {
    return (handlers) =>
      listen({
        onIncoming: ({ remote, attach }) => {
          const watched = this.#watched(attach, "server", host, onEffect);
          handlers.onIncoming({ remote, attach: watched });
        },
        onAcceptFailed: (error) => handlers.onAcceptFailed(error),
      });
  }

  #watched(attach: Attach, side: Side, host: string, onEffect: OnEffect): Attach {
    return (handlers) => {
      const transport = attach(handlers);
      if (handlers instanceof Driven) this.#join(handlers, transport, side, host, onEffect);
      return transport;
    };
  }

  #join(driven: Driven, transport: Transport, side: Side, host: string, on: OnEffect): void {
    const { flow } = transport as SimTransport;
    const end: EndOfFlow = { flow, side, host };
    this.#machines[side].set(flow, driven);
    watchEachMachine(driven, (machine) => {
      const poll = machine.poll.bind(machine);
      machine.poll = (now: Instant): Effect | undefined => {
        const effect = poll(now);
        if (effect === undefined) return undefined;
        this.#look(effect, end, driven, transport);
        on(flow, effect, driven);
        return effect;
      };
    });
  }

  #look(effect: Effect, end: EndOfFlow, driven: Driven, transport: Transport): void {
    const { tell } = this.#on;
    switch (effect.do) {
      case "write":
        if (isPing(effect.bytes)) this.#on.onPing(end.side);
        return;
      case "beat":
        if (effect.of === "ours") this.#on.onBeat(end.side);
        return;
      case "verdict": {
        const { verdict, was } = effect;
        tell({ what: "verdict", atMs: this.#on.now(), ...end, verdict, was });
        return;
      }
      case "end": {
        this.#machines[end.side].delete(end.flow);
        const record = recordOf(effect.facts, driven, transport);
        tell({ what: "end", atMs: this.#on.now(), ...end, record });
        return;
      }
      default:
    }
  }
}

/** As the driver makes it. Its wall clock is the host's; here that of the opening has to do. */
function recordOf(facts: EndFacts, driven: Driven, transport: Transport): EndRecord {
  const { detail: _, orderly, unwritten: __, ...told } = facts;
  return {
    ...told,
    id: driven.id,
    sentence: endSentence(facts),
    remote: transport.remote.text,
    via: undefined,
    transport: transport.kind,
    tls: undefined,
    openedAtWallMs: driven.openedAtWallMs,
    endedAtWallMs: driven.openedAtWallMs + facts.livedMs,
    reset: !orderly,
    undeliveredCount: facts.undelivered.length,
  };
}

/** A write of control frames only, one of which is a ping; or the line `ping`. */
function isPing(bytes: Uint8Array): boolean {
  if (bytes.length === 5 && bytes[0] === 0x70 && bytes[1] === 0x69) return true;
  for (let at = 0; at < Math.min(bytes.length, 64); at += 2 + (bytes[at + 1] ?? 0)) {
    if (bytes[at] === FRAME_TYPE.ping) return true;
    if (bytes[at] !== FRAME_TYPE.pong && bytes[at] !== FRAME_TYPE.ack) return false;
  }
  return false;
}
