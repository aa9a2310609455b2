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
import { findRuntimes, type Runtime } from "./runtimes.ts";

/** In the order of tables: the references that are compiled, Holdfast, and what else people use. */
export async function findContenders(
  places: Places,
): Promise<{ readonly runtimes: readonly Runtime[]; readonly found: Found }> {
  const runtimes = await findRuntimes(places.toolsFolder);
  const kinds = [
    await findCompiled(places),
    await findHoldfast(places, runtimes),
    findOnNode(places, runtimes),
    await findBrokers(),
  ];
  const contenders = kinds.flatMap((kind) => kind.contenders);
  const missing = kinds.flatMap((kind) => kind.missing);
  return { runtimes: runtimes.runtimes, found: { contenders, missing } };
}
