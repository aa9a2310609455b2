/** All groups of micro benchmarks, in the order in which they are printed. */
import { clientMachine } from "./client-machine.ts";
import { deadlineTable } from "./deadline-table.ts";
import { driving } from "./driving.ts";
import { emitting } from "./emitting.ts";
import { frameCodec } from "./frame-codec.ts";
import { lineCodec } from "./line-codec.ts";
import { lives } from "./lives.ts";
import { longMessage } from "./long-message.ts";
import { redialling } from "./redialling.ts";
import { serverMachine } from "./server-machine.ts";
import type { MicroGroup } from "./task.ts";

export const GROUPS: readonly MicroGroup[] = [
  lineCodec,
  frameCodec,
  longMessage,
  serverMachine,
  clientMachine,
  driving,
  deadlineTable,
  redialling,
  emitting,
  lives,
];
