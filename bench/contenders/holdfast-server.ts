/**
 * Holdfast as a contender: answers beats, sends messages back, and what begins with `!` to all.
 *
 * The library comes from the url in the settings, never from an import of this file: that is how
 * two commits are compared. It runs on Node and on Bun.
 */
import type * as holdfast from "../../src/index.ts";
import type * as engines from "../../src/transports/tcp/choose-engine.ts";
import { beginLife, giveUp } from "./server-life.ts";
import { type Features, type HoldfastSettings, readHoldfastSettings } from "./server-settings.ts";

/** Above anything a bench does, so that they cost what they cost and refuse nobody. */
const NEVER_REACHED = 1_000_000;

const EXCLAMATION_MARK = 0x21;

const settings = readHoldfastSettings(process.argv[2]);
const { listen } = (await import(settings.dist)) as typeof holdfast;

/** What an exporter of metrics would count. */
const counts = { accepted: 0, beats: 0, verdicts: 0, ended: 0, rejected: 0, observed: 0 };

if (settings.engine === "bun") await requireBunEngine();
const server = await listen(optionsFor(settings));

server.on("message", (connection, data) => {
  const first = typeof data === "string" ? data.charCodeAt(0) : data[0];
  if (first === EXCLAMATION_MARK) server.broadcast(data);
  else connection.send(data);
});
if (settings.features.observation) countEvents(server);

beginLife(Number(new URL(server.urls[0] ?? "").port));

function optionsFor(wanted: HoldfastSettings): holdfast.ListenOptions {
  const { port, timeoutMs, engine, silent, webSocket, features } = wanted;
  return {
    port,
    host: "127.0.0.1",
    timeoutMs,
    // Other commits know other names, and say so by an error.
    engine: (engine === "bun" ? "auto" : engine) as holdfast.ListenOptions["engine"],
    ...(webSocket ? { accept: ["websocket"] } : {}),
    ...(silent ? { line: { pong: false } } : {}),
    ...optionsOfFeatures(features),
  };
}

/** Where a feature has a default, on is the default: that is what users run. */
function optionsOfFeatures({ budget, limits, records, observation }: Features): object {
  return {
    ...(budget ? {} : { pingIntervalMsMin: false }),
    ...(limits
      ? {
          maxConnections: NEVER_REACHED,
          maxPerAddress: NEVER_REACHED,
          acceptPerSecondMax: NEVER_REACHED,
        }
      : { maxConnections: false, maxPerAddress: false, acceptPerSecondMax: false }),
    ...(records ? {} : { recordsMax: 0 }),
    ...(observation ? { observe } : {}),
  } satisfies Partial<holdfast.ListenOptions>;
}

function observe(observation: holdfast.Observation): void {
  counts.observed += 1;
  // Falling back is right for users, and would put a figure into the wrong row here.
  const { what } = observation;
  if (what === "warning" && settings.engine !== "auto" && observation.text.includes("`engine`")) {
    giveUp(observation.text);
  }
}

/** "auto" warns of nothing, so the same choice is made once before. */
async function requireBunEngine(): Promise<void> {
  const file = new URL("transports/tcp/choose-engine.js", settings.dist).href;
  const { chooseEngine } = (await import(file)) as typeof engines;
  const { engine, why } = await chooseEngine("auto", "at accept");
  if (engine.name !== "bun") giveUp(`the engine in force is "${engine.name}": ${why}`);
}

function countEvents(watched: holdfast.Server): void {
  watched.on("accepted", () => {
    counts.accepted += 1;
  });
  watched.on("beat", () => {
    counts.beats += 1;
  });
  watched.on("verdict", () => {
    counts.verdicts += 1;
  });
  watched.on("end", () => {
    counts.ended += 1;
  });
  watched.on("rejected", () => {
    counts.rejected += 1;
  });
}
