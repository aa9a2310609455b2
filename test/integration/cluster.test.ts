/** Several processes as one server, on the runtime that runs this. */
import { test } from "vitest";
import { CLUSTER_CASES } from "../support/cluster-suite.ts";

for (const { name, check } of CLUSTER_CASES) {
  test(name, async (context) => await check(context, process.execPath));
}
