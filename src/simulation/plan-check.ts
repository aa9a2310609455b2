/**
 * Takes a plan that came from a file, after looking at every part of it.
 *
 * A plan that is half right would run as another world and prove nothing, or never end. So the
 * options are resolved as the product resolves them, and every host has to be somebody.
 */
import { HoldfastError, isHoldfastError } from "../base/errors.ts";
import { resolveConnect } from "../client/socket-terms.ts";
import { resolveServer } from "../server/options.ts";
import { ADAPTING } from "../page/adapting.ts";
import { LINES } from "../page/lines.ts";
import { type BrowserConnectOptions, readPageOptions } from "../page/page-options.ts";
import { checkEvents } from "./event-check.ts";
import type { ClientPlan, PathPlan, Plan, ServerPlan, SocketLinkPlan } from "./plan.ts";
import { PlanFields } from "./plan-fields.ts";

const SEED_MAX = 2 ** 32 - 1;
const HOUR_MS = 3_600_000;
const PLAN_MS_MAX = 1_000 * HOUR_MS;
const CLIENTS_MAX = 5_000;
const SERVERS_MAX = 10;
const BYTES_MAX = 2 ** 24;
const EXPECTED =
  "a plan as --shrink --json writes it (an object with seed, faultsMs, servers, clients, events)";

/** @throws HoldfastError `OPTION_INVALID` that names the place, what was expected, what came. */
export function checkPlan(value: unknown): Plan {
  const fields = new PlanFields("", planWithin(value), EXPECTED);
  if (!["seed", "servers", "events"].some((name) => fields.names.includes(name))) {
    throw foreign(fields);
  }
  const hosts = new Set<string>();
  const seed = fields.integer("seed", 0, SEED_MAX);
  const faultsMs = fields.number("faultsMs", 1, PLAN_MS_MAX);
  const servers = fields
    .list("servers", SERVERS_MAX)
    .map((one, index) => serverOf(new PlanFields(`servers[${index}]`, one), hosts));
  const first = servers.find(({ kind }) => kind === "server");
  if (first === undefined) {
    throw fields.wrong("servers", 'a list in which one has the kind "server"');
  }
  const serverHosts = servers.map(({ host }) => host);
  const clients = fields
    .list("clients", CLIENTS_MAX)
    .map((one, index) => clientOf(new PlanFields(`clients[${index}]`, one), hosts, serverHosts));
  const events = checkEvents(fields, {
    faultsMs,
    server: first.host,
    servers: serverHosts,
    clients: clients.map(({ host }) => host),
  });
  fields.done();
  return { seed, faultsMs, servers, clients, events };
}

/** The report of a shrunk world holds the plan beside what is told of it. */
function planWithin(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return "plan" in value ? value.plan : value;
}

function foreign(fields: PlanFields): HoldfastError {
  const got = fields.names.length === 0 ? "an empty object" : "an object of something else";
  return new HoldfastError("OPTION_INVALID", `the plan: expected ${EXPECTED}, got ${got}`);
}

function serverOf(fields: PlanFields, hosts: Set<string>): ServerPlan {
  const kind = fields.oneOf("kind", ["server", "plain-server"]);
  const host = hostOf(fields, hosts);
  if (kind === "plain-server") {
    const answers = fields.boolean("answers");
    fields.done();
    return { kind, host, answers };
  }
  const options = optionsOf<Extract<ServerPlan, { kind: "server" }>["options"]>(fields, (given) =>
    resolveServer(given, undefined),
  );
  const echoRatio = fields.number("echoRatio", 0, 1);
  const pushEveryMs = fields.numberOrFalse("pushEveryMs", 1, PLAN_MS_MAX);
  const pushBytesMax = fields.integer("pushBytesMax", 1, BYTES_MAX);
  fields.done();
  return { kind, host, options, echoRatio, pushEveryMs, pushBytesMax };
}

function clientOf(fields: PlanFields, hosts: Set<string>, servers: readonly string[]): ClientPlan {
  const kind = fields.oneOf("kind", ["link", "page", "plain"]);
  const base = {
    host: hostOf(fields, hosts),
    server: fields.oneOf("server", servers),
    path: pathOf(new PlanFields(fields.placeOf("path"), fields.value("path"))),
    startAtMs: fields.number("startAtMs", 0, PLAN_MS_MAX),
  };
  if (kind === "plain") {
    const intervalMs = fields.number("intervalMs", 1, PLAN_MS_MAX);
    const redialMs = fields.number("redialMs", 1, PLAN_MS_MAX);
    const readsAnswers = fields.boolean("readsAnswers");
    fields.done();
    return { kind, ...base, intervalMs, redialMs, readsAnswers };
  }
  const dialect = fields.oneOf("dialect", ["line", "frame"]);
  const way =
    kind === "page"
      ? { kind, options: optionsOf<BrowserConnectOptions>(fields, readForPage) }
      : { kind, options: optionsOf<SocketLinkPlan["options"]>(fields, resolveConnect) };
  const sendEveryMs = fields.numberOrFalse("sendEveryMs", 1, PLAN_MS_MAX);
  const sendBytesMax = fields.integer("sendBytesMax", 1, BYTES_MAX);
  const iterates = fields.boolean("iterates");
  fields.done();
  return { ...way, ...base, dialect, sendEveryMs, sendBytesMax, iterates };
}

function readForPage(options: BrowserConnectOptions): unknown {
  return readPageOptions(options, { lines: LINES, adapting: ADAPTING });
}

/** Hosts stand in addresses, so they look like the names of machines. */
function hostOf(fields: PlanFields, hosts: Set<string>): string {
  const host = fields.value("host");
  if (typeof host !== "string" || !/^[a-z][a-z0-9-]{0,40}$/.test(host)) {
    throw fields.wrong("host", "the name of a machine such as client-1");
  }
  if (hosts.has(host)) throw fields.wrong("host", "a name that nobody else has");
  hosts.add(host);
  return host;
}

function pathOf(fields: PlanFields): PathPlan {
  const path = {
    delayMs: fields.number("delayMs", 0, 60_000),
    jitterMs: fields.number("jitterMs", 0, 60_000),
    lossRatio: fields.number("lossRatio", 0, 1),
  };
  fields.done();
  return path;
}

/** The product says itself what is wrong with them. */
function optionsOf<Options extends object>(
  fields: PlanFields,
  resolve: (options: Options) => unknown,
): Options {
  const given = fields.value("options");
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw fields.wrong("options", "an object of options");
  }
  const options = given as Options;
  try {
    resolve(options);
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    const said = error.message.replaceAll("`", "");
    throw new HoldfastError("OPTION_INVALID", `${fields.placeOf("options")}: ${said}`);
  }
  return options;
}
