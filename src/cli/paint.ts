/** Colour for people, and only for people: see https://no-color.org and https://force-color.org. */
import { styleText } from "node:util";
import type { Environment } from "./settings.ts";

export type Colour = "green" | "yellow" | "red" | "dim";

export type Paint = (colour: Colour, text: string) => string;

export function paintFor(isTerminal: boolean, env: Environment): Paint {
  if (!isColourful(isTerminal, env)) return (_, text) => text;
  // Decided here, for the stream in question: `styleText` by itself would look at stdout.
  return (colour, text) => styleText(colour, text, { validateStream: false });
}

function isColourful(isTerminal: boolean, env: Environment): boolean {
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
  return isTerminal && env["TERM"] !== "dumb";
}
