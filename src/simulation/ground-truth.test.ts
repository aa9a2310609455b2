import { expect, test } from "vitest";
import { encodePing } from "../wire/frame-codec.ts";
import { encodePreface } from "../wire/preface.ts";
import { GroundTruth } from "./ground-truth.ts";
import type { EndOfFlow, SimEvent } from "./sim-event.ts";

const CLIENT: EndOfFlow = { flow: 1, side: "client", host: "client-1" };
const SERVER: EndOfFlow = { flow: 1, side: "server", host: "server-1" };

function truthOfEvents(...events: readonly SimEvent[]): GroundTruth {
  const truth = new GroundTruth();
  for (const event of events) {
    truth.take(event);
    truth.take(event); // A second checker offers the same.
  }
  return truth;
}

test("what arrived waits until it is read, in the order of arrival", () => {
  const truth = truthOfEvents(
    { what: "flow-open", atMs: 0, ...CLIENT },
    { what: "arrived", atMs: 10, bytes: 100, ...CLIENT },
    { what: "arrived", atMs: 20, bytes: 100, ...CLIENT },
    { what: "read", atMs: 30, bytes: 150, ...CLIENT },
  );
  const end = truth.end(CLIENT);
  expect([end?.unreadSinceMs, end?.readBytes, end?.heardAtMs]).toEqual([20, 150, 30]);
  truth.take({ what: "read", atMs: 40, bytes: 50, ...CLIENT });
  expect(end?.unreadSinceMs).toBeUndefined();
});

test("a ping counts from the last byte read, and only the first of several", () => {
  const wrote = (atMs: number, bytes: Uint8Array): SimEvent => {
    return { what: "wrote", atMs, bytes, taken: true, ...SERVER };
  };
  const truth = truthOfEvents(
    { what: "flow-open", atMs: 0, ...SERVER },
    wrote(5, encodePreface()),
    wrote(10, encodePing(1, 3_000)),
    wrote(20, encodePing(2, 2_000)),
  );
  const end = truth.end(SERVER);
  expect([end?.askedAtMs, end?.pings, end?.announcedMs, end?.announcedMsMax]).toEqual([
    10, 2, 2_000, 3_000,
  ]);
  truth.take({ what: "read", atMs: 30, bytes: 1, ...SERVER });
  expect(end?.askedAtMs).toBeUndefined();
});

test("output moved when more waited behind it, or when it had waited for long", () => {
  const bytes = new Uint8Array(1_000);
  const acked = (atMs: number, unackedBytes: number): SimEvent => {
    return { what: "acked", atMs, unackedBytes, ...CLIENT };
  };
  const truth = truthOfEvents(
    { what: "flow-open", atMs: 0, ...CLIENT },
    { what: "wrote", atMs: 100, bytes, taken: true, ...CLIENT },
    acked(140, 0),
  );
  const end = truth.end(CLIENT);
  expect([end?.movedAtMs, end?.unackedBytes]).toEqual([undefined, 0]);
  truth.take({ what: "wrote", atMs: 200, bytes, taken: true, ...CLIENT });
  truth.take(acked(240, 600));
  expect([end?.movedAtMs, end?.unackedBytes]).toEqual([240, 600]);
  truth.take(acked(5_000, 0));
  expect(end?.movedAtMs).toBe(5_000);
});

test("trouble of a process lasts until its fault is over, late alarms a little longer", () => {
  const truth = truthOfEvents(
    { what: "fault", atMs: 1_000, id: 1, kind: "stall", hosts: ["client-1"] },
    { what: "fault-over", atMs: 3_000, id: 1 },
    { what: "fault", atMs: 4_000, id: 2, kind: "late-alarms", hosts: ["server-1"] },
    { what: "fault-over", atMs: 5_000, id: 2 },
    { what: "healed", atMs: 30_000 },
  );
  expect(truth.troubleEndMs("client-1", 2_000)).toBe(3_000);
  expect(truth.troubleEndMs("client-1", 3_001)).toBeUndefined();
  expect(truth.troubleEndMs("server-1", 6_000)).toBe(15_000);
  expect(truth.healedAtMs).toBe(30_000);
});

test("what has been over for long is forgotten", () => {
  const truth = truthOfEvents(
    { what: "flow-open", atMs: 0, ...CLIENT },
    { what: "flow-closed", atMs: 10, how: "closed", bytesLeft: 0, ...CLIENT },
  );
  truth.sweep(600_000);
  expect(truth.flows.size).toBe(1);
  truth.sweep(1_300_000);
  expect(truth.flows.size).toBe(0);
});
