/**
 * What each effect of a machine means to its transport and its owner. Easy to break: a function
 * that keeps a variable of this one would cost every effect a context.
 */
import type { Instant } from "../base/time.ts";
import type { Connection } from "../connection/connection.ts";
import type { Effect } from "../connection/effects.ts";
import type { Driven } from "./driven.ts";
import type { DrivenOwner } from "./driven-owner.ts";

export function carryOut(
  effect: Effect,
  driven: Driven,
  machine: Connection,
  owner: DrivenOwner,
  now: Instant,
): void {
  switch (effect.do) {
    case "write":
      machine.handleWritten(driven.transport.write(effect.bytes), now);
      return;
    case "deliver":
      return owner.onMessage(driven, effect.data);
    case "beat":
      return owner.onBeat(driven, effect);
    case "verdict":
      return owner.onVerdict(driven, effect.verdict, effect.was);
    case "greeting":
      return owner.onGreeting(driven);
    case "hello":
      return owner.onHello(driven, effect.hello);
    case "opened":
      return owner.onOpened(driven, effect.dialect, effect.welcome);
    case "goaway":
      return owner.onGoAway(driven, effect.goaway);
    case "drained":
      return owner.onDrained(driven);
    case "delivered":
      return owner.onDelivered(driven);
    case "judge":
      return owner.onJudge(driven);
    case "measure":
      return driven.measure();
    case "finish":
      return driven.transport.finish(effect.word);
    case "pause":
      return driven.transport.pause();
    case "resume":
      return driven.transport.resume();
    case "end":
      return driven.end(machine, effect.facts);
    default:
      effect satisfies never;
  }
}
