import { test } from "vitest";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import { PublicEngine } from "../../src/transports/tcp/public-engine.ts";
import { PROC_UNACKED, UnackedReader } from "../../src/transports/tcp/unacked-reader.ts";
import { tcpRig, upgradeNever } from "./rigs.ts";

const unacked = new UnackedReader(PROC_UNACKED);
const engine = new PublicEngine({ native: undefined, unacked, overwriteAfterRead: true });

for (const [name, upgrade] of [
  ["plain port", undefined],
  ["port for several", upgradeNever],
] as const) {
  const rig = tcpRig(engine, upgrade);
  for (const { promise, check } of TRANSPORT_PROMISES) {
    test(`tcp, public engine, ${name}: ${promise}`, () => check(rig), 30_000);
  }
}
