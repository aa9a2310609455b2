/** How a conversation of a page ends: by whom, with which words, and that nothing follows. */
import { expect, test } from "vitest";
import { WELCOME } from "../../test/support/heartbeat-rig.ts";
import { PageConnectionRig, part } from "../../test/support/page-connection-rig.ts";
import type { Frame } from "../wire/frame.ts";

const NOW = { reason: "moving", retry: "now", afterMs: 0, spreadMs: 0 } as const;

function close(rig: PageConnectionRig, code: "CLOSED_HERE" | "DRAINED", reason: string): void {
  rig.connection.close(code, reason, false, rig.clock.now());
  rig.settle();
}

test("a dial that fails says what the browser said, and leaves nothing to listen to", () => {
  for (const [code, why] of [
    [1_006, "the browser's console may say why"],
    [4_001, "4001 no"],
  ] as const) {
    const rig = new PageConnectionRig();
    rig.ws.closed(code, "no");
    const text = `cannot reach ws://a.example:1/: ${why}`;
    expect(rig.overs).toMatchObject([{ code: "DIAL_FAILED", error: { message: text } }]);
    expect(rig.overs[0]?.record).toBeUndefined();
    expect([rig.ws.onopen, rig.ws.onmessage, rig.ws.onclose]).toEqual([null, null, null]);
  }
});

test("without a close frame the server vanished, with one it closed and may say why", () => {
  const vanished = PageConnectionRig.online();
  vanished.ws.closed(1_006);
  expect(vanished.overs[0]).toMatchObject({ code: "PEER_VANISHED", record: { by: "fault" } });
  expect(vanished.overs[0]?.record?.peerSaid).toBeUndefined();
  const closed = PageConnectionRig.online();
  closed.ws.closed(1_001, "restart");
  expect(closed.overs[0]).toMatchObject({
    code: "CLOSED_BY_PEER",
    record: { by: "peer", peerSaid: { code: "1001", reason: "restart" } },
  });
});

test("END says why, whatever the close frame after it says, and what was due is confirmed", () => {
  const rig = PageConnectionRig.online();
  rig.says(part("last"), { kind: "end", code: "OVERLOADED", reason: "too many" });
  expect(rig.messages).toEqual(["last"]);
  expect(rig.kinds()).toEqual(["ack"]);
  expect(rig.ws.closes).toEqual([[1_000, ""]]);
  expect(rig.overs).toEqual([]);
  rig.says(part("after the end"));
  rig.ws.closed(1_000, "other");
  expect(rig.messages).toEqual(["last"]);
  expect(rig.overs[0]).toMatchObject({
    code: "OVERLOADED",
    record: { by: "peer", peerSaid: { code: "OVERLOADED", reason: "too many" } },
  });
});

test("a code that no server may give means that it closed", () => {
  const rig = PageConnectionRig.online();
  rig.says({ kind: "end", code: "REDIAL_EXHAUSTED", reason: "" });
  rig.ws.closed(1_000);
  expect(rig.overs[0]).toMatchObject({
    code: "CLOSED_BY_PEER",
    record: { peerSaid: { code: "REDIAL_EXHAUSTED" } },
  });
});

test("a close in good order: what was sent is confirmed, then END, then a close frame", () => {
  const rig = PageConnectionRig.online();
  rig.send("mine");
  rig.kinds();
  close(rig, "CLOSED_HERE", "enough");
  rig.send("for the next one");
  expect(rig.kinds()).toEqual([]);
  expect(rig.ws.closes).toEqual([]);
  rig.says({ kind: "ack", messages: 1, partBytes: 0 });
  expect(rig.heard()).toEqual([
    { kind: "ack", messages: 0, partBytes: 0 },
    { kind: "end", code: "CLOSED_BY_PEER", reason: "enough" },
  ]);
  expect(rig.ws.closes).toEqual([[1_000, "enough"]]);
  rig.ws.closed(1_000, "enough");
  expect(rig.overs[0]).toMatchObject({ code: "CLOSED_HERE", record: { by: "here" } });
  expect(rig.outbox.next?.data).toBe("for the next one");
});

test("who leaves since it was asked to says that, in END and in the close frame", () => {
  const rig = PageConnectionRig.online();
  rig.says({ kind: "goaway", goaway: NOW }, { kind: "goaway", goaway: NOW });
  expect(rig.goaways).toEqual([NOW]);
  expect(rig.connection.goaway).toEqual(NOW);
  close(rig, "DRAINED", "the server asked for it");
  expect(rig.heard().at(-1)).toMatchObject({ kind: "end", code: "DRAINED" });
  expect(rig.ws.closes).toEqual([[4_000, "DRAINED: the server asked for it"]]);
});

test("the reason in a close frame fits, and is cut no further than it has to be", () => {
  for (const reason of ["x".repeat(400), "é".repeat(200), "🐎".repeat(100)]) {
    const rig = PageConnectionRig.online();
    close(rig, "CLOSED_HERE", reason);
    const shown = rig.ws.closes[0]?.[1] ?? "";
    const { length } = new TextEncoder().encode(shown);
    expect(length).toBeLessThanOrEqual(123);
    expect(length).toBeGreaterThan(118);
    expect(reason.startsWith(shown)).toBe(true);
  }
});

test("a farewell waits for the server, for longer while it still takes something", () => {
  const rig = PageConnectionRig.online({ closeTimeoutMs: 2_000 });
  rig.send("one");
  rig.send("two");
  close(rig, "CLOSED_HERE", "");
  rig.advance(1_900);
  rig.says({ kind: "ack", messages: 1, partBytes: 0 });
  rig.advance(1_900);
  expect(rig.overs).toEqual([]);
  rig.advance(100);
  expect(rig.overs[0]).toMatchObject({ code: "CLOSED_HERE", record: { undelivered: ["two"] } });
  const mute = PageConnectionRig.online({ closeTimeoutMs: 2_000 });
  close(mute, "CLOSED_HERE", "");
  mute.advance(1_999);
  expect(mute.overs).toEqual([]);
  mute.advance(1);
  expect(mute.overs).toMatchObject([{ code: "CLOSED_HERE" }]);
});

test("who must leave at once does not wait for what was sent", () => {
  const rig = PageConnectionRig.online();
  rig.send("unconfirmed");
  rig.kinds();
  rig.connection.close("PAGE_AWAY", "", true, rig.clock.now());
  expect(rig.heard()).toEqual([
    { kind: "ack", messages: 0, partBytes: 0 },
    { kind: "end", code: "CLOSED_BY_PEER", reason: "" },
  ]);
  rig.ws.closed(1_000);
  expect(rig.overs[0]).toMatchObject({
    code: "PAGE_AWAY",
    record: { undelivered: ["unconfirmed"] },
  });
});

test("messages that come during a farewell are delivered, until the last word", () => {
  const rig = PageConnectionRig.online();
  rig.send("mine");
  close(rig, "CLOSED_HERE", "");
  rig.says(part("theirs"));
  expect(rig.messages).toEqual(["theirs"]);
  rig.says({ kind: "ack", messages: 1, partBytes: 0 });
  rig.says(part("too late"));
  expect(rig.messages).toEqual(["theirs"]);
});

/** What the server says, whether before WELCOME, and what the page calls it. */
const FAULTS: readonly (readonly [
  string,
  readonly (string | Uint8Array | Frame)[],
  boolean,
  string,
])[] = [
  ["a text among frames", ["hello"], true, "WEBSOCKET_INVALID"],
  ["a text at first", ["hello"], false, "WRONG_DIALECT"],
  ["other bytes at first", [Uint8Array.of(1, 2, 3, 4)], false, "WRONG_DIALECT"],
  ["another version", [Uint8Array.of(0xf8, 0x48, 0x46, 2)], false, "VERSION_UNSUPPORTED"],
  ["junk", [Uint8Array.of(0xff, 0xff, 0xff)], true, "FRAME_INVALID"],
  ["a frame of which the end is missing", [Uint8Array.of(3, 2, 1)], true, "FRAME_INVALID"],
  [
    "a message of the WebSocket beyond the limit",
    [new Uint8Array(131_073)],
    true,
    "WEBSOCKET_INVALID",
  ],
  ["a message beyond the limit", [part("x".repeat(1_001))], true, "MESSAGE_RECEIVED_TOO_LONG"],
  ["no UTF-8", [{ ...part(""), payload: Uint8Array.of(0xff) } as Frame], true, "FRAME_INVALID"],
  ["a part of nothing", [part("x", "cont")], true, "FRAME_INVALID"],
  ["WELCOME twice", [{ kind: "welcome", welcome: WELCOME }], true, "FRAME_INVALID"],
  [
    "an ACK of what was not sent",
    [{ kind: "ack", messages: 1, partBytes: 0 }],
    true,
    "FRAME_INVALID",
  ],
  [
    "an ACK of a part not sent",
    [{ kind: "ack", messages: 0, partBytes: 1 }],
    true,
    "FRAME_INVALID",
  ],
];

test.each(FAULTS)("%s ends it with a code, said to the server", (_name, said, isOnline, code) => {
  const rig = new PageConnectionRig({ messageBytesMax: 1_000 });
  rig.ws.open();
  if (isOnline) rig.says({ kind: "welcome", welcome: WELCOME });
  rig.heard();
  for (const one of said) {
    if (typeof one === "string" || one instanceof Uint8Array) rig.ws.message(one);
    else rig.says(one);
  }
  expect(rig.overs).toMatchObject([{ code, record: { by: "fault", wasOpen: isOnline } }]);
  expect(rig.ws.closes[0]?.[0]).toBe(4_000);
  expect(rig.ws.closes[0]?.[1]).toContain(`${code}: `);
  expect(rig.heard()).toMatchObject(isOnline ? [{ kind: "end", code }] : []);
  expect(rig.overs[0]?.record?.sentence).toContain(code.toLowerCase().replaceAll("_", " "));
});

test("a ping before WELCOME breaks the rules", () => {
  const rig = new PageConnectionRig();
  rig.ws.open();
  rig.ws.message(Uint8Array.of(0xf8, 0x48, 0x46, 1, 3, 2, 1, 0));
  expect(rig.overs[0]?.code).toBe("FRAME_INVALID");
});

test("a refusal before WELCOME keeps its code and what it says of coming back", () => {
  const rig = new PageConnectionRig();
  rig.ws.open();
  const goaway = { ...NOW, retry: "after", afterMs: 5_000 } as const;
  rig.ws.message(Uint8Array.of(0xf8, 0x48, 0x46, 1));
  rig.says({ kind: "goaway", goaway }, { kind: "end", code: "UNAUTHORIZED", reason: "no" });
  rig.ws.closed(4_000, "UNAUTHORIZED: no");
  expect(rig.connection.goaway).toEqual(goaway);
  expect(rig.overs).toMatchObject([{ code: "UNAUTHORIZED", record: { wasOpen: false } }]);
});

test("once it is over, nothing that the browser still tells reaches anybody", () => {
  const rig = PageConnectionRig.online();
  const { onmessage, onclose } = rig.ws;
  rig.connection.abort("ABORTED", "", rig.clock.now());
  expect(rig.overs).toHaveLength(1);
  expect(rig.ws.closes).toEqual([[undefined, undefined]]);
  // Events that were on their way when the listeners were taken off.
  onmessage?.({ data: "junk" });
  onclose?.({ code: 1_000, reason: "" });
  rig.connection.abort("ABORTED", "", rig.clock.now());
  rig.connection.close("CLOSED_HERE", "", false, rig.clock.now());
  rig.advance(200_000);
  expect(rig.overs).toHaveLength(1);
  expect([rig.messages, rig.kinds()]).toEqual([[], []]);
  expect(rig.connection.deadline).toBe(Infinity);
});

test("what follows a fault in the same message is not heard", () => {
  const rig = PageConnectionRig.online();
  rig.says(part("good"), part("x", "cont"), part("never"));
  expect(rig.messages).toEqual(["good"]);
  const ended = PageConnectionRig.online();
  ended.says({ kind: "end", code: "DRAINED", reason: "" }, part("never"));
  expect(ended.messages).toEqual([]);
});

test("while it waits for the close frame, nothing else wakes the link", () => {
  const rig = PageConnectionRig.online({ drainTimeoutMs: 1_000, closeTimeoutMs: 5_000 });
  rig.says(part("half", "text", true));
  rig.send("never confirmed");
  rig.connection.close("CLOSED_HERE", "", true, rig.clock.now());
  const endsAt = rig.clock.now() + 5_000;
  rig.clock.advance(4_999);
  rig.settle();
  expect(rig.connection.deadline).toBe(endsAt);
  rig.advance(1);
  expect(rig.overs).toMatchObject([{ code: "CLOSED_HERE" }]);
});
