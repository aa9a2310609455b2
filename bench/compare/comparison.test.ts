import { expect, test } from "vitest";
import { comparisonOf, comparisonText } from "./comparison.ts";

const STEADY = [1, 1.002, 0.998, 1.001];

test("fewer heartbeats are worse, and less memory is better", () => {
  const compared = comparisonOf(
    { beats: [0.9, 0.901, 0.899, 0.9], memory: [0.8, 0.801, 0.799, 0.8], echo: STEADY },
    { beats: STEADY, memory: STEADY, echo: STEADY },
  );
  expect(compared.map(({ title, outcome }) => [title, outcome])).toEqual([
    ["heartbeats", "worse"],
    ["echoes of 64 B", "same"],
    ["memory per connection", "better"],
  ]);
});

test("the table says what changed in words, and what did not", () => {
  const text = comparisonText(
    comparisonOf({ beats: [0.9, 0.9, 0.9], churn: STEADY }, { beats: STEADY, churn: STEADY }),
  );
  const [, , beats, churn] = text.split("\n");
  expect(beats).toMatch(/^heartbeats .*-10\.0 % .*WORSE$/);
  expect(churn).toMatch(/^whole lives .*no change beyond the noise$/);
});

test("figures that were not measured are left out", () => {
  expect(comparisonOf({ churn: [] }, {})).toEqual([]);
});
