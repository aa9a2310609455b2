import { expect, test } from "vitest";
import { fuzzConversations, possibleHits } from "./fuzz-conversation.ts";

test("20,000 mutated conversations: nothing is thrown, and each ends once", () => {
  const seed = Number(process.env["HOLDFAST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`fuzz seed ${seed} (HOLDFAST_SEED=${seed} replays it)`);
  const { hits, endCodes } = fuzzConversations(seed, 20_000);
  expect(endCodes.size).toBeGreaterThan(8);
  expect(possibleHits().filter((pair) => !hits.has(pair))).toEqual([]);
});

test("the same seed gives the same conversations", () => {
  const first = fuzzConversations(7, 500);
  const second = fuzzConversations(7, 500);
  expect([...second.hits]).toEqual([...first.hits]);
  expect([...second.endCodes]).toEqual([...first.endCodes]);
});
