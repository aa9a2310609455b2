/** A part of a page that a command writes: between two markers, and as plain text. */
import type { Machine } from "../results.ts";

/** What every published figure needs beside it. */
export function measuredOn(result: {
  readonly commit: string;
  readonly date: string;
  readonly machine: Machine;
}): string {
  const { cpu, cores, kernel, node } = result.machine;
  const machine = `${cores} cores of ${cpu}, ${kernel}, Node ${node}`;
  return `Measured at commit ${result.commit}, ${result.date}, on ${machine}.`;
}

/** Puts `text` between the markers of that name. */
export function replaceSection(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page needs ${begin} and, after it, ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${text.trim()}\n\n${page.slice(to)}`;
}

/** As a block of code, which keeps its columns. */
export function asBlock(text: string): string {
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``;
}
