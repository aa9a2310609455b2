/** The beginning and the end of a server's connection, with its driver. */
import { toHex } from "../../src/base/bytes.ts";
import { later } from "../../src/base/time.ts";
import { Connection } from "../../src/connection/connection.ts";
import { Driven } from "../../src/driver/driven.ts";
import type { DrivenSurroundings } from "../../src/driver/driven-owner.ts";
import { pooledSecrets } from "../../src/driver/system.ts";
import { CountingOwner, NullTransport, surroundings } from "./driving.ts";
import {
  CONTEXT,
  IDENTITY,
  SERVER_CONFIG,
  serverConnection,
  STARTED_AT,
  StepClock,
} from "./subjects.ts";
import { expectSame, expectThat, type MicroGroup, type MicroTask } from "./task.ts";

/** Connections of one server: more would be measured with the table of their deadlines. */
const TOGETHER = 1_000;
const PING_LINE = Uint8Array.from(Buffer.from("ping\n"));

export const lives: MicroGroup = {
  title: "beginning and end of a connection",
  tasks: () => [drawing(), making(), makingDriven(), ending()],
};

function drawing(): MicroTask {
  return {
    name: "server: draw id and secret",
    check: () => expectThat(/^[0-9a-f]{32}$/.test(drawn()), "an id is 32 hexadecimal digits"),
    run(times) {
      let sum = 0;
      for (let count = 0; count < times; count++) sum += drawn().length + drawn().length;
      return sum;
    },
  };
}

const secrets = pooledSecrets();

/** As keeper.ts does. */
function drawn(): string {
  return toHex(secrets.bytes(16));
}

function making(): MicroTask {
  return {
    name: "server: make a machine",
    check: () => expectSame(serverConnection().phase, "silent"),
    run(times) {
      let sum = 0;
      for (let count = 0; count < times; count++) {
        const connection = new Connection(
          SERVER_CONFIG,
          IDENTITY,
          CONTEXT,
          undefined,
          later(STARTED_AT, count),
        );
        sum += connection.openedAt;
      }
      return sum;
    },
  };
}

interface Place {
  readonly owner: CountingOwner;
  readonly around: DrivenSurroundings;
}

function place(): Place {
  return { owner: new CountingOwner(), around: surroundings(new StepClock()) };
}

function driven({ owner, around }: Place): Driven {
  const transport = new NullTransport();
  const made = new Driven(serverConnection(), () => transport, owner, around);
  made.start();
  return made;
}

function makingDriven(): MicroTask {
  return {
    name: "server: make a machine with its driver",
    check() {
      const at = place();
      driven(at);
      expectSame(at.around.alarms.size, 1);
    },
    run(times) {
      let at = place();
      let sum = 0;
      for (let count = 0; count < times; count++) {
        if (count % TOGETHER === 0) at = place();
        sum += driven(at).openedAtWallMs;
      }
      return sum;
    },
  };
}

/** Those that will end are made, and have beaten, before the clock runs. */
function ending(): MicroTask {
  let waiting: Driven[] = [];
  let at = place();
  const prepare = (times: number): void => {
    waiting = [];
    for (let count = 0; count < times; count++) {
      if (count % TOGETHER === 0) at = place();
      const one = driven(at);
      one.onBytes(PING_LINE);
      waiting.push(one);
    }
  };
  return {
    name: "server: end a connection, with its record",
    check() {
      prepare(1);
      waiting[0]?.abort("CLOSED_HERE", "");
      expectSame([at.owner.ends, at.around.alarms.size], [1, 0]);
    },
    prepare,
    run(times) {
      for (let count = 0; count < times; count++) waiting[count]?.abort("CLOSED_HERE", "");
      return at.owner.ends;
    },
  };
}
