/**
 * What a page pays for the door for browsers. A limit that is exceeded is a reason to look at what
 * came in, which the failure lists, and not to raise the limit.
 */
import { expect, test } from "vitest";
import { bundle, type Bundle } from "../support/bundle.ts";

const CONNECT_BYTES_MAX = 42_500;
const ADAPTIVE_BYTES_MAX = 46_700;

function show(what: string, { bytes, gzippedBytes }: Bundle, limit: number): void {
  console.log(`${what}: ${gzippedBytes} bytes gzipped (limit ${limit}), ${bytes} minified`);
}

function listed({ modules }: Bundle): string {
  return modules.map(([path, bytes]) => `${bytes} ${path}`).join("\n");
}

test("connect fits into its limit", async () => {
  const made = await bundle("src/browser.ts", ["connect"]);
  show("connect", made, CONNECT_BYTES_MAX);
  expect(made.gzippedBytes, listed(made)).toBeLessThanOrEqual(CONNECT_BYTES_MAX);
});

test("what adapts the interval is carried only by those who ask for it", async () => {
  const made = await bundle("src/browser.ts", ["connect"]);
  expect(made.modules.filter(([path]) => path.includes("liveness/adaptive/"))).toEqual([]);
  expect(made.modules.filter(([path]) => /transports\/(?:tcp|tls|unix)\//.test(path))).toEqual([]);
  const adaptive = await bundle("src/browser.ts", ["connectAdaptive"]);
  show("connectAdaptive", adaptive, ADAPTIVE_BYTES_MAX);
  expect(adaptive.gzippedBytes, listed(adaptive)).toBeLessThanOrEqual(ADAPTIVE_BYTES_MAX);
});

test("a bundle names nothing of Node", async () => {
  const { code } = await bundle("src/browser.ts", ["connectAdaptive", "networkStorage"]);
  expect(code).not.toMatch(/["'`]node:|\bBuffer\b|\bprocess\./);
});
