import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Within } from "./bound.ts";
import { type Explanation, explain } from "./explain.ts";
import type { ExplainOptions } from "./options.ts";
import type { EndOfWay, WayId } from "./way.ts";

function end(explanation: Explanation, id: WayId, side: "client" | "server"): EndOfWay {
  const way = explanation.ways.find((one) => one.id === id);
  if (way === undefined) throw new Error(`there is no way ${id}`);
  return way[side];
}

function boundMs(explanation: Explanation, id: WayId, side: "client" | "server"): number {
  const { found } = end(explanation, id, side);
  return found.kind === "within" ? found.ms : Number.POSITIVE_INFINITY;
}

/** `30 interval + 5..15 answer + 0.01 tick`, in seconds. */
function sum({ found }: EndOfWay): string {
  if (found.kind !== "within") return found.kind;
  return found.parts
    .map(({ name, ms, quickPathMs }) => {
      const least = quickPathMs === ms ? "" : `${quickPathMs / 1_000}..`;
      return `${least}${ms / 1_000} ${name}`;
    })
    .join(" + ");
}

test("the defaults are what the table of the README says", () => {
  const [frames, lines] = [explain(), explain({ dialect: "line" })];
  const client = "30 interval + 5..15 answer + 0.01 tick";
  expect(sum(end(frames, "vanished", "client"))).toBe(client);
  expect(sum(end(lines, "vanished", "client"))).toBe(client);
  expect(sum(end(frames, "vanished", "server"))).toBe(
    "30 lease + 3 grace + 5..15 answer + 0.025 tick",
  );
  expect(sum(end(lines, "vanished", "server"))).toBe("60 timeout + 0.025 tick");
  expect(sum(end(frames, "takes-nothing", "client"))).toBe("60 drain timeout + 0.01 tick");
  expect(sum(end(lines, "takes-nothing", "server"))).toBe("60 drain timeout + 0.025 tick");
  // The longest lease that is granted by default.
  const longest = explain({ heartbeat: { intervalMs: 300_000 } });
  expect(sum(end(longest, "vanished", "server"))).toBe(
    "60 lease + 6 grace + 5..15 answer + 0.025 tick",
  );
  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  expect(readme).toContain("| 30 s + 5 to 15 s |");
  expect(readme).toContain("| at most 60 s + 6 s + 5 to 15 s |");
});

test("a bound is the sum of its parts, and no path makes it longer", () => {
  const all = [explain(), explain({ heartbeat: { pong: "none" } })];
  const founds = all.flatMap(({ ways }) => ways.flatMap(({ client, server }) => [client, server]));
  const bounds = founds
    .flatMap(({ found, alone }) => [found, alone?.found])
    .filter((found): found is Within => found?.kind === "within");
  expect(bounds.length).toBeGreaterThan(30);
  for (const { parts, ms, quickPathMs } of bounds) {
    expect(parts.reduce((total, part) => total + part.ms, 0)).toBe(ms);
    expect(quickPathMs).toBeLessThanOrEqual(ms);
  }
});

test("a longer interval, timeout or answer time never finds anything sooner", () => {
  const ms = fc.integer({ min: 2_000, max: 1_000_000 });
  const more = fc.record({ intervalMs: ms, timeoutMs: ms, answerWithinMs: ms });
  const dialects = fc.constantFrom("frame" as const, "line" as const);
  fc.assert(
    fc.property(more, more, dialects, (one, other, dialect) => {
      const least = { ...one };
      const most = { ...one };
      for (const name of ["intervalMs", "timeoutMs", "answerWithinMs"] as const) {
        least[name] = Math.min(one[name], other[name]);
        most[name] = Math.max(one[name], other[name]);
      }
      const [sooner, later] = [least, most].map(({ intervalMs, timeoutMs, answerWithinMs }) =>
        explain({ heartbeat: { intervalMs, answerWithinMs }, timeoutMs, dialect }),
      ) as [Explanation, Explanation];
      for (const { id } of sooner.ways) {
        for (const side of ["client", "server"] as const) {
          expect(boundMs(sooner, id, side)).toBeLessThanOrEqual(boundMs(later, id, side));
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("an interval that adapts is judged by its longest", () => {
  const explanation = explain({ heartbeat: { adaptive: {} }, leaseMsMax: 600_000 });
  expect(sum(end(explanation, "vanished", "client"))).toBe(
    "600 interval + 5..15 answer + 0.01 tick",
  );
  expect(sum(end(explanation, "vanished", "server"))).toBe(
    "600 lease + 60 grace + 5..15 answer + 0.025 tick",
  );
  expect(explanation.traffic.map(({ intervalMs }) => intervalMs)).toEqual([25_000, 600_000]);
});

test("without answers only the kernel's count tells, and a frozen process nothing", () => {
  const mute = explain({ heartbeat: { pong: "none" } });
  expect(mute.dialect).toBe("line");
  // No answer, no round trip, so the answer time is not measured.
  expect(sum(end(mute, "vanished", "client"))).toBe("30 interval + 5 answer + 0.01 tick");
  expect(sum(end(mute, "frozen", "client"))).toBe("never");
  expect(sum(end(mute, "far-behind", "client"))).toBe("70 user timeout");
  expect(sum(end(mute, "frozen", "server"))).toBe("60 timeout + 0.025 tick");
});

test("a stall ends nobody; what is announced is known at once", () => {
  const explanation = explain();
  expect(end(explanation, "stall", "client").found).toEqual({ kind: "nobody", movesMsMax: 30_000 });
  expect(end(explanation, "stall", "server").found).toEqual({ kind: "nobody", movesMsMax: 33_000 });
  for (const side of ["client", "server"] as const) {
    expect(end(explanation, "closed", side)).toMatchObject({
      found: { kind: "at once" },
      alone: { found: { kind: "at once" } },
    });
  }
});

test("who has not greeted: a handshake's deadline from the first byte, or from the arrival", () => {
  const both = end(explain(), "greeting", "server").found;
  expect(both).toMatchObject({ since: "its first byte", ms: 10_025 });
  const alone = end(explain({ accept: ["frame"] }), "greeting", "server").found;
  expect(alone).toMatchObject({ since: "its arrival", ms: 10_025 });
  const line = end(explain({ dialect: "line" }), "greeting", "server").found;
  expect(line).toMatchObject({ since: "its arrival", ms: 60_025 });
});

test("dead within: both ends keep the bound, in both dialects", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 5_000, max: 3_600_000 }),
      fc.constantFrom("frame" as const, "line" as const),
      (deadWithinMs, dialect) => {
        const explanation = explain({ deadWithinMs, dialect });
        for (const side of ["client", "server"] as const) {
          expect(boundMs(explanation, "vanished", side)).toBeLessThanOrEqual(deadWithinMs + 25);
        }
      },
    ),
  );
});

test.each<[string, ExplainOptions, [number, number], string | undefined]>([
  ["the interval", { heartbeat: { intervalMs: 30_000 } }, [30_000, 30_000], undefined],
  [
    "frames keep to the longest lease",
    { heartbeat: { intervalMs: 300_000 } },
    [60_000, 60_000],
    "`heartbeat.intervalMs` goes up to 300000 ms, and the server's `leaseMsMax` is 60000 ms",
  ],
  [
    "and to the shortest",
    { heartbeat: { intervalMs: 100 } },
    [1_000, 1_000],
    "`heartbeat.intervalMs` begins with 100 ms, and the server's `leaseMsMin` is 1000 ms",
  ],
  [
    "a longer lease allows it",
    { heartbeat: { intervalMs: 300_000 }, leaseMsMax: 600_000 },
    [300_000, 300_000],
    undefined,
  ],
  [
    "lines keep to half of the timeout, as the product warns",
    { heartbeat: { intervalMs: 300_000 }, dialect: "line" },
    [30_000, 30_000],
    "`heartbeat.intervalMs` (300000) is over half of `timeoutMs` (60000): a line server cannot",
  ],
  [
    "an adaptive one has two ends",
    { heartbeat: { adaptive: {} }, leaseMsMax: 600_000 },
    [25_000, 600_000],
    undefined,
  ],
  [
    "and both are limited",
    { heartbeat: { adaptive: {} }, dialect: "line", timeoutMs: 40_000 },
    [20_000, 20_000],
    "`heartbeat.adaptive` goes up to 600000 ms, and the server's `timeoutMs` is 40000 ms",
  ],
])("in force: %s", (_, options, [intervalMsMin, intervalMsMax], warning) => {
  const { inForce, warnings } = explain(options);
  expect(inForce).toMatchObject({ intervalMsMin, intervalMsMax });
  if (warning === undefined) expect(warnings).toEqual([]);
  else expect(warnings).toEqual([expect.stringContaining(warning)]);
});

test.each<[ExplainOptions, RegExp]>([
  [{ heartbeat: { intervalMs: 5 } }, /^heartbeat: `intervalMs` must be .* from 10 to .* got 5$/],
  [{ timeoutMs: 5 }, /^listen: `timeoutMs` must be a whole number from 100/],
  [{ deadWithinMs: 45_000, timeoutMs: 60_000 }, /`deadWithinMs` derives `timeoutMs`: give one/],
  [{ userTimeoutMs: 10_000 }, /`userTimeoutMs` \(10000\) must exceed `drainTimeoutMs` \(60000\)/],
  [{ keepalive: { idleMs: 1_500 } }, /keepalive: `idleMs` must be whole seconds/],
  [{ heartbeat: { pong: "none" }, dialect: "frame" }, /`heartbeat.pong` "none" needs `dialect`/],
  [{ heartbeat: { adaptive: {}, pong: "none" } }, /`adaptive` learns from answers/],
  [{ connections: 0 }, /^explain: `connections` must be a whole number from 1/],
  [{ behind: [] }, /^explain: `behind` must be a list of the names of middleboxes/],
  [{ behind: ["alb", "wat"] }, /^explain: `behind` must name .*\(alb, .* nat, .*\), got "wat"$/],
  [{ intervalMs: 5 } as ExplainOptions, /^explain: `intervalMs` is not an option; known are/],
])("%j is refused as the product refuses it", (options, sentence) => {
  expect(() => explain(options)).toThrow(sentence);
});

test("the answer is plain data, and the same each time", () => {
  const options: ExplainOptions = { behind: ["nat"], connections: 10 };
  const explanation = explain(options);
  expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
  expect(explain(options)).toEqual(explanation);
});
