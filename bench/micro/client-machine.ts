/** A client's beat: its deadline comes, it pings, it is answered. */
import { type Instant, later } from "../../src/base/time.ts";
import { Connection } from "../../src/connection/connection.ts";
import { encodeFrame, encodePong } from "../../src/wire/frame-codec.ts";
import { encodePreface } from "../../src/wire/preface.ts";
import {
  CONTEXT,
  drain,
  effectsOf,
  FRAME_CLIENT_CONFIG,
  IDENTITY,
  LINE_CLIENT_CONFIG,
  STARTED_AT,
} from "./subjects.ts";
import { expectSame, expectThat, type MicroGroup, type MicroTask } from "./task.ts";

const PONG_LINE = Uint8Array.from(Buffer.from("pong\n"));
const RTT_MS = 0.375;
const NEXT_MS = 30_000;

export const clientMachine: MicroGroup = {
  title: "client machine",
  tasks: () => [
    beating("machine: client beats and is answered, line", lineClient(), () => PONG_LINE),
    beating("machine: client beats, PONG made and heard", frameClient(), (seq) =>
      encodePong(seq, 0),
    ),
  ],
};

function lineClient(): Connection {
  const greeting = { token: undefined, previous: undefined };
  const client = new Connection(LINE_CLIENT_CONFIG, IDENTITY, CONTEXT, greeting, STARTED_AT);
  drain(client, STARTED_AT);
  return client;
}

function frameClient(): Connection {
  const greeting = { token: undefined, previous: undefined };
  const client = new Connection(FRAME_CLIENT_CONFIG, IDENTITY, CONTEXT, greeting, STARTED_AT);
  const { id, secret } = IDENTITY;
  const welcome = {
    id,
    secret,
    epoch: "e",
    leaseMsMin: 1_000,
    leaseMsMax: 60_000,
    timeoutMs: 60_000,
    pingIntervalMsMin: 1_000,
    messageBytesMax: 1024 * 1024,
    nextMs: 0,
    reconnectWindowMs: 0,
  };
  drain(client, STARTED_AT);
  client.handleBytes(encodePreface(), STARTED_AT);
  client.handleBytes(encodeFrame({ kind: "welcome", welcome }), STARTED_AT);
  drain(client, STARTED_AT);
  expectThat(NEXT_MS > 0 && client.phase === "open", "the client is open");
  return client;
}

function beating(name: string, client: Connection, pongOf: (seq: number) => Uint8Array): MicroTask {
  const dueAt = (): Instant => {
    const at = client.deadline();
    expectThat(at !== undefined, "a client that beats has a deadline");
    return at;
  };
  const once = (): number => {
    const now = dueAt();
    client.handleTimeout(now);
    let sum = drain(client, now);
    const answeredAt = later(now, RTT_MS);
    client.handleBytes(pongOf(client.heartbeat.pingsOut), answeredAt);
    sum += drain(client, answeredAt);
    return sum;
  };
  return {
    name,
    check() {
      const now = dueAt();
      client.handleTimeout(now);
      const kinds = effectsOf(client, now).map((effect) => effect.do);
      client.handleBytes(pongOf(client.heartbeat.pingsOut), later(now, RTT_MS));
      kinds.push(...effectsOf(client, later(now, RTT_MS)).map((effect) => effect.do));
      expectSame(kinds, ["write", "beat"]);
    },
    run(times) {
      let sum = 0;
      for (let count = 0; count < times; count++) sum += once();
      return sum;
    },
  };
}
