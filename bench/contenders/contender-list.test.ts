import { isAbsolute } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../test/support/temp-folder.ts";
import { bareContender } from "./bare-contenders.ts";
import { mosquittoContender, natsContender } from "./broker-contenders.ts";
import { epollContender, goContender } from "./compiled-contenders.ts";
import type { Contender, Variant } from "./contender.ts";
import { holdfastOn } from "./holdfast-contenders.ts";
import { netContender, socketIoContender, wsContender } from "./node-contenders.ts";
import { bunRuntime, nodeRuntime, type Runtime } from "./runtimes.ts";
import {
  readBareSettings,
  readBeatingSettings,
  readHoldfastSettings,
  readNetSettings,
} from "./server-settings.ts";

const own = nodeRuntime(process.execPath, "20.20.2");
const other = nodeRuntime("/opt/node26/bin/node", "26.10.0");
const bun = bunRuntime("/opt/bun/bin/bun", "1.4.5");
const places = { toolsFolder: "/tools", dist: "file:///dist/index.js", compiled: "/compiled" };

/** One of each that could be found, as it would be on a machine that has everything. */
const all: readonly Contender[] = [
  epollContender("/tools/epoll-server", "12.2.0"),
  goContender("/tools/go-server", "1.19.8"),
  ...holdfastOn(own, places),
  ...holdfastOn(other, places),
  ...holdfastOn(bun, places),
  bareContender(own, "shared", places),
  bareContender(own, "lean", places),
  bareContender(bun, "bun", places),
  netContender(own, places),
  netContender(other, places),
  wsContender(own, "8.23.0", places),
  socketIoContender(own, "4.8.4", places),
  mosquittoContender("/usr/sbin/mosquitto", "2.0.11"),
  natsContender("/usr/sbin/nats-server", "2.9.10"),
];

function variant(kind: Variant["kind"]): Variant {
  return kind === "beating" ? { kind, beatIntervalMs: 1_234 } : { kind };
}

test("the ids are these, and so are the names in results", () => {
  expect(all.map(({ id }) => id)).toEqual([
    "c-epoll",
    "go",
    "holdfast-shared-node20",
    "holdfast-lean-node20",
    "holdfast-public-node20",
    "holdfast-frame-node20",
    "holdfast-ws-node20",
    "holdfast-wsline-node20",
    "holdfast-shared-node26",
    "holdfast-lean-node26",
    "holdfast-bun",
    "bare-shared-node20",
    "bare-lean-node20",
    "bare-bun",
    "net-node20",
    "net-node26",
    "ws-node20",
    "socketio-node20",
    "mosquitto",
    "nats-server",
  ]);
});

test("no two rows of a table have the same title", () => {
  expect(new Set(all.map(({ title }) => title)).size).toBe(all.length);
});

test.each(all)("$id has a well formed command for each of its variants", (contender) => {
  const folder = tempFolder();
  const commands = contender.variants.map((kind) =>
    JSON.stringify(contender.command(variant(kind), 4_711, folder)),
  );
  expect(commands).not.toEqual([]);
  for (const text of commands) {
    const { file, args } = JSON.parse(text) as { file: string; args: unknown[] };
    expect(isAbsolute(file), file).toBe(true);
    for (const arg of args) expect(arg).toBeTypeOf("string");
  }
});

test.each(all.filter(({ variants }) => variants.includes("silent")))(
  "$id is told to be silent",
  (contender) => {
    if (contender.protocol === "websocket") return; // Takes pongs that nobody asked for.
    const told = (kind: Variant["kind"]): readonly string[] =>
      contender.command(variant(kind), 0, "").args;
    expect(told("silent")).not.toEqual(told("answering"));
  },
);

/** What the servers would read of the commands that are made for them. */
function lastArg(runtime: Runtime, make: (runtime: Runtime) => Contender, kind: Variant["kind"]) {
  return make(runtime).command(variant(kind), 4_711, "").args.at(-1);
}

test("the servers read what their commands say", () => {
  const holdfast = (runtime: Runtime): Contender => holdfastOn(runtime, places)[0] as Contender;
  expect(readHoldfastSettings(lastArg(own, holdfast, "silent"))).toEqual({
    dist: places.dist,
    port: 4_711,
    silent: true,
    engine: "shared",
    webSocket: false,
    timeoutMs: 60_000,
    features: { budget: false, limits: true, records: true, observation: true },
  });
  const bare = (runtime: Runtime): Contender => bareContender(runtime, "lean", places);
  expect(readBareSettings(lastArg(own, bare, "answering"))).toEqual({
    dist: places.dist,
    port: 4_711,
    engine: "lean",
  });
  const net = (runtime: Runtime): Contender => netContender(runtime, places);
  expect(readNetSettings(lastArg(own, net, "answering"))).toEqual({
    port: 4_711,
    silent: false,
    timeoutMs: 60_000,
  });
  const ws = (runtime: Runtime): Contender => wsContender(runtime, "8.23.0", places);
  expect(readBeatingSettings(lastArg(own, ws, "beating")).beatIntervalMs).toBe(1_234);
  expect(readBeatingSettings(lastArg(own, ws, "answering")).beatIntervalMs).toBe(30_000);
});

test.each([
  ["nothing", undefined, "the only argument must be a JSON object of settings"],
  ["a list", "[]", "the only argument must be a JSON object of settings"],
  ["no port", '{"beatIntervalMs":1}', "`port` must be a whole number, not undefined"],
  ["a text", '{"port":"1"}', '`port` must be a whole number, not "1"'],
])("settings with %s are refused", (_, text, sentence) => {
  expect(() => readBeatingSettings(text)).toThrow(sentence);
});

test("a row over WebSocket is served by a server of WebSockets, and no other row is", () => {
  for (const contender of holdfastOn(own, places)) {
    const settings = contender.command({ kind: "answering" }, 0, "").args.at(-1);
    const isWeb = contender.protocol.startsWith("websocket");
    expect(readHoldfastSettings(settings).webSocket, contender.id).toBe(isWeb);
  }
});

test("a bare engine must be one that can be in force", () => {
  const settings = JSON.stringify({ dist: "file:///x", port: 0, engine: "auto" });
  expect(() => readBareSettings(settings)).toThrow("a bare `engine` must be named");
  const unknown = JSON.stringify({ dist: "file:///x", port: 0, engine: "fast" });
  expect(() => readBareSettings(unknown)).toThrow("auto, public, shared, lean, bun");
});
