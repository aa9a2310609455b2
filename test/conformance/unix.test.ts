import { rmSync } from "node:fs";
import { afterAll, test } from "vitest";
import { TRANSPORT_PROMISES } from "../../src/testing/transport-promises.ts";
import { newTempFolder } from "../support/temp-folder.ts";
import { unixRig } from "./rigs.ts";

const directory = newTempFolder();
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const rig = unixRig(directory);

for (const { promise, check } of TRANSPORT_PROMISES) {
  test(`unix: ${promise}`, () => check(rig), 30_000);
}
