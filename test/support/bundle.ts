/** A door as a bundler would ship it to a page: one file, minified, without what nobody imports. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { ROOT } from "../../scripts/house.ts";

export interface Bundle {
  readonly code: string;
  readonly bytes: number;
  readonly gzippedBytes: number;
  /** By path, before minifying; the largest first. */
  readonly modules: readonly (readonly [path: string, bytes: number])[];
}

const ENTRY = "\0entry";

/** What comes of `export { names } from door`. */
export async function bundle(door: string, names: readonly string[]): Promise<Bundle> {
  const source = `export { ${names.join(", ")} } from ${JSON.stringify(join(ROOT, door))};`;
  const build = await rolldown({
    input: ENTRY,
    platform: "browser",
    external: /^node:/,
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === ENTRY ? id : undefined),
        load: (id) => (id === ENTRY ? source : undefined),
      },
    ],
  });
  const { output } = await build.generate({ format: "esm", minify: true });
  await build.close();
  const [chunk, ...others] = output;
  if (others.length > 0) throw new Error("one file was expected");
  const modules = Object.entries(chunk.modules)
    .map(([path, { renderedLength }]) => [path.replace(`${ROOT}/`, ""), renderedLength] as const)
    .filter(([path, bytes]) => path !== ENTRY && bytes > 0)
    .toSorted(([, a], [, b]) => b - a);
  return {
    code: chunk.code,
    bytes: Buffer.byteLength(chunk.code),
    gzippedBytes: gzipSync(chunk.code, { level: 9 }).length,
    modules,
  };
}
