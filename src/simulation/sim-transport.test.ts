/** What a machine of ours does over a simulated connection is told as it happens. */
import { expect, test } from "vitest";
import { SimPair } from "../../test/support/sim-pair.ts";
import { connectWith } from "../client/link.ts";
import { SOCKET_TERMS } from "../client/socket-terms.ts";
import { seededRandom } from "../base/random.ts";
import { NEXT } from "../connection/phases.ts";

test("each phase of a link's machine is told, from the first to the last", async () => {
  const pair = SimPair.strangers();
  pair.listen();
  const { process } = pair.clientHost;
  if (process === undefined) throw new Error("the client runs");
  const link = connectWith(
    {
      terms: SOCKET_TERMS,
      clock: process.clock("link"),
      random: seededRandom(1),
      secrets: { bytes: (count) => new Uint8Array(count).fill(1) },
      open: (_, { kernel }) => process.open("server", kernel, "link"),
      report: (error) => {
        throw error;
      },
    },
    "tcp://server:7000",
    { heartbeat: { intervalMs: 20_000 } },
  );
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  };
  await settle();
  pair.pass(1);
  expect(pair.told("phase", "client")).toMatchObject([{ from: "silent", to: "greeting" }]);
  pair.right.transport.reset();
  pair.pass(1);
  expect(pair.told("phase", "client").map(({ from, to }) => `${from}>${to}`)).toEqual([
    "silent>greeting",
    "greeting>ended",
  ]);
  for (const { from, to } of pair.told("phase")) {
    expect(Object.values(NEXT[from])).toContain(to);
  }
  void link.close();
  await settle();
  pair.pass(120_000);
});
