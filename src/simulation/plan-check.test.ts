import { expect, test } from "vitest";
import type { Plan } from "./plan.ts";
import { checkPlan } from "./plan-check.ts";
import { draftPlan } from "./plan-draft.ts";

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test("whatever the drafts draw comes back from JSON as it was", () => {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= 300; seed++) {
    const plan = draftPlan(seed);
    for (const { kind } of plan.events) kinds.add(kind);
    expect(checkPlan(asJson(plan))).toEqual(asJson(plan));
  }
  expect(kinds.size).toBeGreaterThan(25);
});

test("a report that holds a plan is as good as the plan", () => {
  const plan = asJson(draftPlan(3));
  expect(checkPlan({ seed: 3, runs: 12, plan })).toEqual(plan);
});

test("about a quarter of the links are pages", () => {
  let pages = 0;
  let links = 0;
  for (let seed = 1; seed <= 500; seed++) {
    for (const { kind } of draftPlan(seed).clients) {
      if (kind === "page") pages += 1;
      if (kind !== "plain") links += 1;
    }
  }
  expect(pages / links).toBeGreaterThan(0.18);
  expect(pages / links).toBeLessThan(0.32);
});

test("a page may have options of its own", () => {
  const own = { kind: "page", options: { hiddenLeaseMs: false, websocket: { protocols: ["a"] } } };
  const plan = spoiled(put("clients", own));
  expect(checkPlan(plan)).toEqual(plan);
});

type Loose = Record<string, unknown> & {
  servers: Record<string, unknown>[];
  clients: Record<string, unknown>[];
  events: Record<string, unknown>[];
};

/** A small valid plan, spoiled in one place. */
function spoiled(spoil: (plan: Loose) => void): unknown {
  const path = { delayMs: 20, jitterMs: 0, lossRatio: 0 };
  const plan: Plan = {
    seed: 1,
    faultsMs: 60_000,
    servers: [
      {
        kind: "server",
        host: "server-1",
        options: { timeoutMs: 30_000 },
        echoRatio: 0,
        pushEveryMs: false,
        pushBytesMax: 40,
      },
    ],
    clients: [
      {
        kind: "link",
        host: "client-1",
        server: "server-1",
        path,
        startAtMs: 0,
        dialect: "frame",
        options: {},
        sendEveryMs: false,
        sendBytesMax: 40,
        iterates: false,
      },
    ],
    events: [
      {
        id: 1,
        atMs: 10,
        durationMs: 10,
        kind: "flood",
        hosts: ["stranger-1"],
        parameters: { everyMs: 8, line: true },
      },
    ],
  };
  const loose = asJson(plan) as Loose;
  spoil(loose);
  return loose;
}

/** One part of a plan with other fields. */
const put =
  (list: "servers" | "clients" | "events", fields: Record<string, unknown>) => (plan: Loose) =>
    Object.assign(plan[list][0] ?? {}, fields);

test("the plan that the next tests spoil is sound", () => {
  expect(checkPlan(spoiled(() => {}))).toEqual(spoiled(() => {}));
});

test.each<[string, (plan: Loose) => void, string]>([
  ["no seed", (plan) => delete plan["seed"], "seed: expected a whole number from 0 to 4294967295"],
  ["a field too many", (plan) => Object.assign(plan, { mood: 1 }), "mood: expected no other field"],
  ["a text for events", (plan) => Object.assign(plan, { events: "" }), 'of at most 100000, got ""'],
  ["no server", (plan) => plan.servers.pop(), 'one has the kind "server", got a list of 0'],
  [
    "an option that is none",
    put("clients", { options: { speed: 1 } }),
    "clients[0].options: connect: speed is not an option",
  ],
  [
    "an option that pages do not have",
    put("clients", { kind: "page", options: { tls: {} } }),
    "clients[0].options: connect: tls is not an option",
  ],
  ["a kind of client that is none", put("clients", { kind: "x" }), 'of "link", "page", "plain"'],
  [
    "an option outside its range",
    put("servers", { options: { timeoutMs: -1 } }),
    "servers[0].options: listen: timeoutMs must be",
  ],
  ["a dial to nobody", put("clients", { server: "x" }), 'one of "server-1", got "x"'],
  ["a name twice", put("clients", { host: "server-1" }), "a name that nobody else has"],
  ["a host that is no name", put("clients", { host: "a/b" }), "the name of a machine"],
  ["a fault that is none", put("events", { kind: "rain" }), "events[0].kind: expected one of"],
  ["a fault of nobody", put("events", { kind: "outage", hosts: ["x"] }), "one client of this plan"],
  ["a stranger we know", put("events", { hosts: ["client-1"] }), "one stranger such as"],
  ["a fault after the end", put("events", { atMs: 60_001 }), "atMs: expected a number from 0 to"],
  [
    "a flood without end",
    put("events", { parameters: { everyMs: 0, line: true } }),
    "events[0].parameters.everyMs: expected a number from 1 to 86400000, got 0",
  ],
  [
    "a parameter left out",
    put("events", { parameters: { everyMs: 8 } }),
    "events[0].parameters.line: expected true or false, got nothing",
  ],
  [
    "two events with one number",
    (plan) => plan.events.push({ ...plan.events[0] }),
    "events[1].id: expected a number that no other event has, got 1",
  ],
])("%s is refused, with the place and what was expected", (_, spoil, sentence) => {
  const error = thrown(() => checkPlan(spoiled(spoil)));
  expect(error).toMatchObject({ code: "OPTION_INVALID" });
  expect(String(error)).toContain(sentence);
});

test.each<[unknown, string]>([
  [[1, 2], "got a list of 2"],
  [null, "got null"],
  ["plan", 'got "plan"'],
  [{}, "got an empty object"],
  [{ name: "holdfast", version: "1" }, "got an object of something else"],
  [{ plan: 7 }, "got 7"],
])("what is no plan at all is told so: %j", (value, sentence) => {
  const said = String(thrown(() => checkPlan(value)));
  expect(said).toContain("the plan: expected a plan as --shrink --json writes it");
  expect(said).toContain(sentence);
});

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
