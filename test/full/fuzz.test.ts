import { expect, test } from "vitest";
import { fuzzConversations, possibleHits } from "../fuzz/fuzz-conversation.ts";

const CONVERSATIONS = 1_000_000;
const HITS_MIN = 1_000;

test("a million mutated conversations, each phase hears each word at least a thousand times", {
  timeout: 900_000,
}, () => {
  const seed = Number(process.env["HOLDFAST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`fuzz seed ${seed} (HOLDFAST_SEED=${seed} replays it)`);
  const { hits, endCodes } = fuzzConversations(seed, CONVERSATIONS);
  for (const pair of possibleHits()) console.log(`${pair}: ${hits.get(pair) ?? 0}`);
  console.log(Object.fromEntries(endCodes));
  const rare = possibleHits().filter((pair) => (hits.get(pair) ?? 0) < HITS_MIN);
  expect(rare).toEqual([]);
});
