/**
 * What a page pays for the door for browsers. A limit that is exceeded is a reason to look at what
 * came in, which the failure lists, and not to raise the limit.
 */
import { expect, test } from "vitest";
import { bundle, type Bundle } from "../support/bundle.ts";

const CONNECT_BYTES_MAX = 14_500;
const LINES_BYTES_MAX = 15_100;
const ADAPTIVE_BYTES_MAX = 19_900;

function show(what: string, { bytes, gzippedBytes }: Bundle, limit: number): void {
  console.log(`${what}: ${gzippedBytes} bytes gzipped (limit ${limit}), ${bytes} minified`);
}

function listed({ modules }: Bundle): string {
  return modules.map(([path, bytes]) => `${bytes} ${path}`).join("\n");
}

test.each([
  ["connect", CONNECT_BYTES_MAX],
  ["connectLines", LINES_BYTES_MAX],
  ["connectAdaptive", ADAPTIVE_BYTES_MAX],
])("%s fits into its limit of %i bytes", async (name, limit) => {
  const made = await bundle("src/browser.ts", [name]);
  show(name, made, limit);
  expect(made.gzippedBytes, listed(made)).toBeLessThanOrEqual(limit);
});

test("what not every page wants is carried only by those who ask for it", async () => {
  const { modules } = await bundle("src/browser.ts", ["connect"]);
  const paths = modules.map(([path]) => path).join("\n");
  expect(paths).not.toMatch(/adaptive|page\/lines|src\/(?:client|connection|transports|server)\//);
});

test("a bundle names nothing of Node", async () => {
  const { code } = await bundle("src/browser.ts", ["connectAdaptive", "networkStorage"]);
  expect(code).not.toMatch(/["'`]node:|\bBuffer\b|\bprocess\./);
});
