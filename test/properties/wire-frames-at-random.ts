/** Valid frames of every kind, for round trips and for spoiling. */
import fc from "fast-check";
import type { Frame, GoAway, Hello, PreviousReport, Welcome } from "../../src/wire/frame.ts";
import type { FrameRole } from "../../src/wire/frame-types.ts";

const number = fc.oneof(
  fc.maxSafeNat(),
  fc.integer({ min: 0, max: 40_000 }),
  fc.constantFrom(0, 1, 127, 128, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER),
);
const counted = number.map((value) => Math.max(1, value));
const name = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("", "x".repeat(256), "\ufeff", "</script>", '"\\\u0000'),
);
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.integer({ min: 65_000, max: 65_535 }).map((length) => new Uint8Array(length).fill(0x5a)),
);
const pair = fc.tuple(number, number).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

const hello: fc.Arbitrary<Hello> = fc
  .tuple(
    fc.record({ agent: name, nextMs: number, messageBytesMax: counted }),
    fc.record(
      { token: name, session: name, previous: fc.record({ id: name, secret: name }) },
      { requiredKeys: [] },
    ),
    pair,
  )
  .map(([base, optional, [min, max]]) => {
    return { ...base, ...optional, intervalMsMin: min, intervalMsMax: max };
  });

const report: fc.Arbitrary<PreviousReport> = fc.record(
  {
    state: fc.constantFrom("open" as const, "ended" as const, "unknown" as const),
    lastPingSeq: number,
    lastHeardMsAgo: number,
    code: fc.constantFrom("PEER_SILENT", "NEVER_HEARD_OF"),
  },
  { requiredKeys: ["state", "lastPingSeq"] },
);

const welcome: fc.Arbitrary<Welcome> = fc
  .tuple(
    fc.record(
      {
        id: name,
        secret: name,
        epoch: name,
        timeoutMs: counted,
        pingIntervalMsMin: number,
        messageBytesMax: counted,
        nextMs: number,
        reconnectWindowMs: number,
        networkKey: name,
        previous: report,
      },
      {
        requiredKeys: [
          "id",
          "secret",
          "epoch",
          "timeoutMs",
          "pingIntervalMsMin",
          "messageBytesMax",
          "nextMs",
          "reconnectWindowMs",
        ],
      },
    ),
    pair,
  )
  .map(([base, [min, max]]) => {
    return { ...base, leaseMsMin: min, leaseMsMax: Math.max(1, max) };
  });

const goaway: fc.Arbitrary<GoAway> = fc.record(
  {
    reason: name,
    retry: fc.constantFrom("now" as const, "after" as const, "never" as const),
    afterMs: number,
    spreadMs: number,
    url: name,
  },
  { requiredKeys: ["reason", "retry", "afterMs", "spreadMs"] },
);

const spoken: fc.Arbitrary<Frame>[] = [
  fc.record({
    kind: fc.constantFrom("ping" as const, "pong" as const),
    seq: counted,
    nextMs: number,
  }),
  fc.record({
    kind: fc.constant("part" as const),
    type: fc.constantFrom("text" as const, "binary" as const, "cont" as const),
    more: fc.boolean(),
    payload,
  }),
  fc.record({ kind: fc.constant("ack" as const), messages: number, partBytes: number }),
  fc.record({ kind: fc.constant("slow" as const), intervalMs: number }),
  fc.record({
    kind: fc.constant("end" as const),
    code: fc.stringMatching(/^[!-~]{1,64}$/),
    reason: name,
  }),
];

const kindOf = <K extends Frame["kind"]>(kind: K): fc.Arbitrary<K> => fc.constant(kind);

/** Frames that such a side may receive. */
export function framesFor(role: FrameRole): fc.Arbitrary<Frame> {
  const own: fc.Arbitrary<Frame>[] =
    role === "server"
      ? [fc.record({ kind: kindOf("hello"), hello })]
      : [
          fc.record({ kind: kindOf("welcome"), welcome }),
          fc.record({ kind: kindOf("goaway"), goaway }),
        ];
  // The clone has ordinary prototypes, as what the codec makes.
  return fc.oneof(...spoken, ...own).map((frame) => structuredClone(frame));
}
