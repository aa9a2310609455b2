/**
 * Finds all contenders that can run on this machine, and says of the others why they cannot.
 *
 * Nothing is installed here; what has to be compiled is, into the folder of tools.
 */
import { findBrokers } from "./broker-contenders.ts";
import { findCompiled } from "./compiled-contenders.ts";
import { findHoldfast } from "./holdfast-contenders.ts";
import { findOnNode } from "./node-contenders.ts";
import type { Found, Places } from "./places.ts";
import { findRuntimes } from "./runtimes.ts";

/** In the order of tables: the references that are compiled, Holdfast, and what else people use. */
export async function findContenders(places: Places): Promise<Found> {
  const runtimes = await findRuntimes(places.toolsFolder);
  const kinds = [
    await findCompiled(places),
    await findHoldfast(places, runtimes),
    findOnNode(places, runtimes),
    await findBrokers(),
  ];
  return {
    contenders: kinds.flatMap(({ contenders }) => contenders),
    missing: kinds.flatMap(({ missing }) => missing),
  };
}
