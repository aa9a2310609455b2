import { expect, test } from "vitest";
import type { Driven } from "../../../src/driver/driven.ts";
import { buffers } from "../../../src/simulation/checkers/buffers.ts";
import { messages } from "../../../src/simulation/checkers/messages.ts";
import { oneEnd } from "../../../src/simulation/checkers/one-end.ts";
import { pingBudget } from "../../../src/simulation/checkers/ping-budget.ts";
import { thrown } from "../../../src/simulation/checkers/thrown.ts";
import type { SimEvent } from "../../../src/simulation/sim-event.ts";
import { encodePing } from "../../../src/wire/frame-codec.ts";
import {
  closed,
  connecting,
  ended,
  endOf,
  fault,
  line,
  opened,
  Story,
  status,
  wrote,
} from "./story.ts";

function sent(by: string, flow: number, message: string): SimEvent {
  return { what: "sent", atMs: 100, by, flow, message };
}

function received(by: string, flow: number, message: string): SimEvent {
  return { what: "received", atMs: 200, by, flow, message };
}

test("one-end: exactly one, the kernel lets go at once by a reset, and nothing comes after", () => {
  const dead = ended(1, "client", 500, "PEER_SILENT");
  const good = new Story(oneEnd).tell(...opened(1, 0), dead);
  good.tell(closed(1, "client", 500, "reset-here"), ended(1, "server", 600, "PEER_RESET"));
  expect(good.over(1_000).said).toEqual([]);

  const polite = new Story(oneEnd).tell(...opened(1, 0), dead, closed(1, "client", 500, "closed"));
  expect(polite.tell(closed(1, "server", 600, "closed")).said[0]).toContain("without a reset");
  const held = new Story(oneEnd).tell(...opened(1, 0), dead);
  expect(held.tell(closed(1, "client", 900, "reset-here")).said[0]).toContain("still held");
  const twice = new Story(oneEnd).tell(...opened(1, 0), dead, dead);
  expect(twice.tell({ ...dead }).said[0]).toContain("ended twice");
  const verdict = { verdict: "alive", was: "suspect" } as const;
  const talks = new Story(oneEnd).tell(...opened(1, 0), dead);
  talks.tell({ what: "verdict", atMs: 500, ...verdict, ...endOf(1, "client") });
  expect(talks.said[0]).toContain("told a verdict after its end");
});

test("one-end: at the end nobody is left but those whose process was taken away", () => {
  const story = new Story(oneEnd).tell(...opened(1, 0), closed(1, "client", 50, "process-gone"));
  story.machines.set("1/server", {} as Driven);
  expect(story.over(1_000).said).toEqual(['flow 1 (server) at server-1 never ended, phase "open"']);
});

test("ping-budget: links keep to it, servers answer within it, floods end", () => {
  const pings = (everyMs: number, count: number): string[] => {
    const story = new Story(pingBudget).tell(...opened(1, 0));
    for (let index = 1; index <= count; index++) {
      story.tell(wrote(1, "client", index * everyMs, encodePing(index, 0)));
    }
    return story.said;
  };
  expect(pings(100, 200)).toEqual([]);
  expect(pings(10, 50)).toEqual([]);
  expect(pings(50, 150)[0]).toContain("faster than one per 100 ms");

  const answers = new Story(pingBudget).tell(...opened(1, 0));
  for (let index = 1; index <= 100; index++) answers.tell(line(2, "server", index * 10, "pong"));
  expect(answers.said).toEqual([]);
  const phase = { from: "silent", to: "open" } as const;
  answers.tell({ what: "phase", atMs: 1_000, ...phase, ...endOf(2, "server") });
  for (let index = 1; index <= 100; index++) {
    answers.tell(line(2, "server", 1_000 + index * 10, "pong"));
  }
  expect(answers.said[0]).toContain("answers more pings");
});

test("buffers: the budget of a server, the outbox of a link", () => {
  const story = new Story(buffers).tell(...opened(1, 0));
  const config = { outboxBytesMax: 1_000, messageBytesMax: 100, lineBytesMax: 100 };
  const machine = { config, outboxBytes: 1_000, heldBytes: 1_100 };
  story.machines.set("1/client", { look: () => machine } as unknown as Driven);
  story.server.bufferedBytes = 1_000;
  expect(story.look(1_000).said).toEqual([]);
  machine.outboxBytes = 1_001;
  machine.heldBytes = 70_000;
  story.server.bufferedBytes = 1_001;
  expect(story.look(2_000).said).toHaveLength(3);
});

test("messages: in order, none invented, none twice, none lost in silence", () => {
  const told = (...events: readonly SimEvent[]): string[] => {
    const story = new Story(messages).tell(status(0, connecting(1)), ...opened(1, 0));
    return story.tell(...events).over(10_000).said;
  };
  const [a, b] = [sent("client-1.1", 1, "a"), sent("client-1.1", 1, "b")];
  const [gotA, gotB] = [received("flow-1", 1, "a"), received("flow-1", 1, "b")];
  expect(told(a, b, gotA, gotB)).toEqual([]);
  expect(told(a, b, gotB, gotA)[0]).toContain('"a" after a later one');
  expect(told(a, gotA, gotA)[0]).toContain("did not send, or not once more");
  expect(told(gotA)[0]).toContain("did not send");
  expect(told(a, b, gotA)[0]).toContain('"b" of client-1.1 was neither received nor named');
  const named = { what: "undelivered", atMs: 300, by: "client-1.1", messages: ["b"] } as const;
  expect(told(a, b, gotA, named)).toEqual([]);
  expect(told(a, b, gotA, named, { ...named })[0]).toContain("twice");
  expect(told(a, fault("process-crash", 150, "client-1"))).toEqual([]);
  expect(told(sent("flow-1", 1, "x"), closed(1, "server", 150, "process-gone"))).toEqual([]);
  expect(told(sent("flow-1", 1, "x"))[0]).toContain('"x" of flow-1');
});

test("thrown: whatever is thrown is told once", () => {
  const event = { what: "thrown", atMs: 5, host: "server-1", message: "Error: no" } as const;
  expect(new Story(thrown).tell(event, { ...event }).said).toEqual([
    "at server-1 something threw: Error: no",
  ]);
});
