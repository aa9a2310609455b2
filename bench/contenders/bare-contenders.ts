/** The engines of ours with nothing above them: what Holdfast costs is measured against these. */
import type { Contender } from "./contender.ts";
import { type Places, serverFile } from "./places.ts";
import type { Runtime } from "./runtimes.ts";
import type { BareSettings } from "./server-settings.ts";

export function bareContender(
  runtime: Runtime,
  engine: BareSettings["engine"],
  { dist, compiled }: Pick<Places, "dist" | "compiled">,
): Contender {
  const name = engine === "bun" ? "bare" : `bare-${engine}`;
  return {
    id: `${name}-${runtime.id}`,
    title: `bare ${engine === "bun" ? "native" : engine} engine, ${runtime.title}`,
    group: "reference",
    protocol: "line",
    readiness: "tells",
    hasTimers: true,
    variants: ["answering"],
    hasMessages: false,
    note: "The same reads and writes as Holdfast with this engine, and nothing else.",
    version: runtime.version,
    command: (_, port) => {
      const settings: BareSettings = { dist, port, engine };
      const file = serverFile({ compiled }, "bare-server");
      return { file: runtime.file, args: ["--expose-gc", file, JSON.stringify(settings)] };
    },
  };
}
