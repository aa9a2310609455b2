/** All cases, in the order of the published table. */
import { FROZEN_PROCESS } from "./frozen-process.ts";
import { HOST_GONE } from "./host-gone.ts";
import type { LabCase } from "./lab-case.ts";
import { LOSSY_PATH } from "./lossy-path.ts";
import { NAT_EXPIRED } from "./nat-expired.ts";
import { ONE_WAY_LOSS } from "./one-way-loss.ts";
import { OWN_SUSPEND } from "./own-suspend.ts";
import { PARTITION_IDLE, PARTITION_WITH_DATA } from "./partition.ts";
import { RST_INJECTED } from "./rst-injected.ts";

export const CASES: readonly LabCase[] = [
  PARTITION_IDLE,
  PARTITION_WITH_DATA,
  NAT_EXPIRED,
  HOST_GONE,
  ...FROZEN_PROCESS,
  RST_INJECTED,
  ...ONE_WAY_LOSS,
  LOSSY_PATH,
  ...OWN_SUSPEND,
];
