/** How the programs of the fleet bench are started. */
import { join } from "node:path";
import type { Command } from "../contenders/contender.ts";
import type { Places } from "../run/places.ts";
import type { LinkSettings } from "./link-program.ts";
import type { StormServerSettings } from "./storm-server.ts";

export function linkProgram(
  { dist, compiled }: Places,
  settings: Omit<LinkSettings, "dist">,
): Command {
  return program(compiled, "link-program", { dist, ...settings } satisfies LinkSettings);
}

export function stormServer({ compiled }: Places, settings: StormServerSettings): Command {
  return program(compiled, "storm-server", settings);
}

function program(compiled: string, name: string, settings: object): Command {
  const file = join(compiled, "fleet", `${name}.js`);
  return { file: process.execPath, args: ["--expose-gc", file, JSON.stringify(settings)] };
}
