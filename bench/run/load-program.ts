/** The load generator, compiled for this machine unless that was done since its source changed. */
import { join } from "node:path";
import { compileIfNewer } from "../contenders/compiler.ts";
import { C } from "../contenders/compiled-contenders.ts";
import type { Places } from "./places.ts";

/** @returns The program. @throws Error that says what is missing, or what the compiler said. */
export async function compileLoad({ root, toolsFolder }: Places): Promise<string> {
  const output = join(toolsFolder, "load");
  const sourceFolder = join(root, "bench/load");
  const built = await compileIfNewer({ output, sourceFolder, endings: [".c", ".h"], compiler: C });
  if (built.why === undefined) return output;
  const remedy = "`npm run bench:setup`, as root on Debian, brings what it needs";
  throw new Error(`the load generator is written in C: ${built.why} (${remedy})`);
}
