/**
 * An adaptive link behind a real router that forgets: it lengthens its interval until a flow is
 * lost, understands why, and keeps below from then on.
 */
import { afterAll, expect } from "vitest";
import { canHaveLab, LAB_NEEDS, withLab } from "../lab/lab.ts";
import { hasTool, skipUnless } from "../support/requires.ts";
import { Programs, type Said } from "./peers/programs.ts";

const FORGET_S = 8;
const RANGE = { intervalMsMin: 2_000, intervalMsMax: 60_000 };
const SERVER = { timeoutMs: 10_000, leaseMsMax: 60_000, answerWithinMs: 2_000 };
const REDIAL = { attemptsMax: false, baseMs: 200, capMs: 1_000 } as const;
const LIMIT_MS = 120_000;

const programs = new Programs(false);
afterAll(() => programs.remove());

const behindNat = skipUnless(canHaveLab && hasTool("nft"), `${LAB_NEEDS}, and \`nft\``);

behindNat("a link finds what its router allows, and loses no flow after that", async () => {
  await withLab(programs, async (lab) => {
    lab.translateAddresses(FORGET_S);
    const options = { host: lab.far.address, port: 0, ...SERVER, reconnectWindowMs: 500 };
    const server = lab.start(lab.far, "server-peer", [options]);
    const url = await server.says("listening", LIMIT_MS, (said) =>
      said.event === "listening" ? (said as Said & { urls: string[] }).urls[0] : undefined,
    );
    const heartbeat = { adaptive: RANGE, answerWithinMs: 2_000 };
    const order = { name: "adaptive", url, options: { heartbeat, redial: REDIAL } };
    const client = lab.start(lab.near, "link-peer", [order]);

    const taken = await client.says("what the loss was taken for", LIMIT_MS, (said) =>
      said.event === "interval" ? (said as Said & { taken?: string }).taken : undefined,
    );
    // The server tells that this ping never came; the silence has no other explanation.
    expect(taken).toBe("swallowed");

    // Then it closes in from below, and eight beats in a row are answered.
    const steady = await client.says("a steady connection", LIMIT_MS, (said) => {
      const told = said as Said & { connections: number; intervalMs: number };
      return said.event === "steady" && told.connections > 1 ? told : undefined;
    });
    expect(steady.connections).toBeLessThanOrEqual(3);
    expect(steady.intervalMs).toBeGreaterThan(RANGE.intervalMsMin);
    expect(steady.intervalMs).toBeLessThanOrEqual(FORGET_S * 1_000 + 1_000);
  });
});
