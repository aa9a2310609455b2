/** The router passes nothing on, and nobody is told: idle, and with data under way both ways. */
import { deed, type LabCase, STANDARD, within } from "./lab-case.ts";

/** More than the 64 KiB behind which a ping needs other evidence. */
const DATA_BYTES = 128 * 1024;

const PARTITION: Pick<LabCase, "options" | "needs" | "expects"> = {
  options: STANDARD,
  needs: [],
  expects: (side, dialect) => within(side, dialect, STANDARD),
};

export const PARTITION_IDLE: LabCase = {
  ...PARTITION,
  id: "partition-idle",
  title: "silent partition, idle",
  fault: deed(({ network }) => network.partition()),
};

export const PARTITION_WITH_DATA: LabCase = {
  ...PARTITION,
  id: "partition-with-data",
  title: "silent partition, 128 KiB unacknowledged in both directions",
  fault: deed((stage) => {
    stage.network.partition();
    stage.send(DATA_BYTES);
  }),
};
