/** What benchmarks of machines work on: configs as `listen` makes them, connections, a clock. */
import { seededRandom } from "../../src/base/random.ts";
import type { Cancel, Clock, Instant } from "../../src/base/time.ts";
import type {
  ConnectionConfig,
  ConnectionContext,
  ConnectionIdentity,
} from "../../src/connection/config.ts";
import { Connection } from "../../src/connection/connection.ts";
import type { Effect } from "../../src/connection/effects.ts";
import { StallLog } from "../../src/liveness/stall-log.ts";
import { resolveServer } from "../../src/server/options.ts";
import { encodeFrame } from "../../src/wire/frame-codec.ts";
import { encodePreface } from "../../src/wire/preface.ts";

export const SERVER_CONFIG: ConnectionConfig = resolveServer({}, undefined).connection;

export const LINE_CLIENT_CONFIG: ConnectionConfig = {
  ...SERVER_CONFIG,
  role: "client",
  accepts: { line: true, frame: false },
  liveness: { ...SERVER_CONFIG.liveness, intervalMs: 30_000 },
};

export const FRAME_CLIENT_CONFIG: ConnectionConfig = {
  ...LINE_CLIENT_CONFIG,
  accepts: { line: false, frame: true },
};

export const CONTEXT: ConnectionContext = {
  stalls: new StallLog({ stallToleranceMs: 500 }),
  random: seededRandom(1),
};

/** Of 32 characters, as those that are drawn. */
export const IDENTITY: ConnectionIdentity = {
  id: "0123456789abcdef".repeat(2),
  secret: "fedcba9876543210".repeat(2),
};

export const STARTED_AT = 10_000.123 as Instant;

/** The next moment in which a ping is within any budget; a fraction, as in life. */
export const STEP_MS = 1_000.0625;

/** Goes only forwards, and only when it is told to. Nothing ever rings. */
export class StepClock implements Clock {
  at: Instant = STARTED_AT;

  now(): Instant {
    return this.at;
  }

  wallNow(): number {
    return 1_700_000_000_000 + this.at;
  }

  wakeAt(): Cancel {
    return doNothing;
  }

  afterPoll(): Cancel {
    return doNothing;
  }

  afterTurn(): Cancel {
    return doNothing;
  }
}

function doNothing(): void {}

export function serverConnection(): Connection {
  return new Connection(SERVER_CONFIG, IDENTITY, CONTEXT, undefined, STARTED_AT);
}

/** Takes every write, as a kernel with room does, and returns how many effects there were. */
export function drain(connection: Connection, now: Instant): number {
  let count = 0;
  for (let effect = connection.poll(now); effect; effect = connection.poll(now)) {
    if (effect.do === "write") connection.handleWritten(true, now);
    count += 1;
  }
  return count;
}

/** The same, with the effects themselves. */
export function effectsOf(connection: Connection, now: Instant): Effect[] {
  const effects: Effect[] = [];
  for (let effect = connection.poll(now); effect; effect = connection.poll(now)) {
    if (effect.do === "write") connection.handleWritten(true, now);
    effects.push(effect);
  }
  return effects;
}

/** What was written, as text of one byte per character. */
export function writtenBy(effects: readonly Effect[]): string {
  return effects
    .map((effect) => (effect.do === "write" ? Buffer.from(effect.bytes).toString("latin1") : ""))
    .join("");
}

/** A server's connection to a frame client that has been let in. */
export function openFrameConnection(): Connection {
  const connection = serverConnection();
  const hello = {
    agent: "bench",
    intervalMsMin: 1_000,
    intervalMsMax: 60_000,
    nextMs: 30_000,
    messageBytesMax: 1024 * 1024,
  };
  connection.handleBytes(encodePreface(), STARTED_AT);
  connection.handleBytes(encodeFrame({ kind: "hello", hello }), STARTED_AT);
  const terms = { epoch: "e", reconnectWindowMs: 0, previous: undefined, networkKey: undefined };
  connection.welcome(terms, STARTED_AT);
  drain(connection, STARTED_AT);
  return connection;
}
