import { expect, test } from "vitest";
import { hardLimit, type Limits, missingFrom, type Needs } from "./limits.ts";

const NEEDS: Needs = {
  connections: 100_000,
  descriptorsPerProcess: 18_200,
  dialsAtOnce: 512,
  sourceAddresses: 32,
};

const ENOUGH: Limits = {
  descriptors: 20_000,
  fileMax: 1_000_000,
  somaxconn: 4_096,
  portsPerAddress: 28_232,
  conntrackMax: 262_144,
  availableBytes: 8 * 1024 ** 3,
};

test("each limit that is too low is named, with what is needed and what raises it", () => {
  expect(missingFrom(ENOUGH, NEEDS)).toEqual([]);
  const low: readonly (readonly [keyof Limits, number, RegExp])[] = [
    ["descriptors", 1_024, /descriptors per process: 18200 .* 1024 \(ulimit -Hn\)/],
    ["fileMax", 100_000, /200000 .*fs\.file-max/],
    ["somaxconn", 128, /512 .*somaxconn/],
    ["portsPerAddress", 3_000, /local ports: 100000 .* 96000 /],
    ["conntrackMax", 65_536, /nf_conntrack_max/],
    ["availableBytes", 1024 ** 3, /free memory/],
  ];
  for (const [name, value, words] of low) {
    const missing = missingFrom({ ...ENOUGH, [name]: value }, NEEDS);
    expect(missing).toHaveLength(1);
    expect(missing[0]).toMatch(words);
  }
});

test("what a kernel does not tell is no reason to refuse", () => {
  const unknown = Object.fromEntries(Object.keys(ENOUGH).map((name) => [name, undefined]));
  expect(missingFrom(unknown as unknown as Limits, NEEDS)).toEqual([]);
});

test("the hard limit of descriptors is the second number", () => {
  const text = "Limit   Soft Limit  Hard Limit  Units\nMax open files   1024   20000   files\n";
  expect(hardLimit(text)).toBe(20_000);
  expect(hardLimit("")).toBeUndefined();
});
