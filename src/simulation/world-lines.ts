/**
 * A shrunk world in plain words: what was broken, who is left, and what befalls them.
 *
 * Only options that decide how long something takes are told; the plan itself has all of them.
 */
import type { ClientPlan, PathPlan, Plan, PlannedEvent, ServerPlan } from "./plan.ts";
import type { Finding } from "./world-view.ts";

export interface ShrunkReport {
  readonly seed: number;
  readonly finding: Finding;
  readonly eventsBefore: number;
  readonly clientsBefore: number;
  readonly runs: number;
  readonly isSmallest: boolean;
  readonly plan: Plan;
}

const HOSTS_SHOWN = 5;

export function worldLines(report: ShrunkReport): readonly string[] {
  const { seed, finding, plan, runs, isSmallest, eventsBefore, clientsBefore } = report;
  const { events, clients, servers } = plan;
  const used = new Set(clients.map(({ server }) => server));
  const isOnTheWay = servers.filter(({ kind, host }) => kind === "server" || used.has(host));
  return [
    `promise broken: ${finding.checker}`,
    `  at ${seconds(finding.atMs)}: ${finding.sentence}`,
    `seed ${seed}, cut in ${counted(runs, "run")}: from ${counted(eventsBefore, "event")} to ` +
      `${events.length}, from ${counted(clientsBefore, "client")} to ${clients.length}`,
    ...(isSmallest ? [] : ["(stopped before everything was tried: it may be smaller still)"]),
    "",
    "clients",
    ...shown(clients.map(clientLine)),
    "servers",
    ...shown(isOnTheWay.map(serverLine)),
    `faults, until ${seconds(plan.faultsMs)}`,
    ...shown(events.map(eventLine)),
  ];
}

function clientLine(client: ClientPlan): string {
  const { host, server, startAtMs, path } = client;
  const who = `${host} to ${server}, from ${seconds(startAtMs)}, ${pathText(path)}`;
  if (client.kind === "plain") {
    const { intervalMs, redialMs, readsAnswers } = client;
    return `${who}: a plain program, ${valuesText({ intervalMs, redialMs, readsAnswers })}`;
  }
  const { dialect, sendEveryMs, sendBytesMax } = client;
  const { deadWithinMs, heartbeat, drainTimeoutMs, pauseMsMax, timeoutMs } = client.options;
  const values = {
    deadWithinMs,
    intervalMs: heartbeat?.intervalMs,
    answerWithinMs: heartbeat?.answerWithinMs,
    pong: heartbeat?.pong,
    timeoutMs,
    drainTimeoutMs,
    pauseMsMax,
    capMs: client.options.redial?.capMs,
    sendEveryMs,
    ...(sendEveryMs === false ? {} : { sendBytesMax }),
  };
  const what = client.kind === "page" ? "a page's link" : "a link";
  return `${who}: ${what} of ${dialect}s, ${valuesText(values)}`;
}

function serverLine(server: ServerPlan): string {
  const { host } = server;
  if (server.kind === "plain-server") {
    return `${host}: a plain program that ${server.answers ? "answers" : "never answers"}`;
  }
  const { options, pushEveryMs, echoRatio } = server;
  const { timeoutMs, leaseMsMax, answerWithinMs, drainTimeoutMs, pauseMsMax } = options;
  const values = { timeoutMs, leaseMsMax, answerWithinMs, drainTimeoutMs, pauseMsMax };
  return `${host}: ${valuesText({ ...values, echoRatio, pushEveryMs })}`;
}

function eventLine({ atMs, durationMs, kind, hosts, parameters }: PlannedEvent): string {
  const names = hosts.slice(0, HOSTS_SHOWN).join(", ");
  const rest = hosts.length - HOSTS_SHOWN;
  const whom = rest > 0 ? `${names} and ${rest} more` : names;
  const lasts = durationMs === 0 ? "" : ` for ${seconds(durationMs)}`;
  const how = valuesText(parameters);
  return `at ${seconds(atMs)}: ${kind} of ${whom}${lasts}${how === "" ? "" : `, ${how}`}`;
}

function pathText({ delayMs, jitterMs, lossRatio }: PathPlan): string {
  return valuesText({ delayMs, jitterMs, lossRatio });
}

function valuesText(
  values: Readonly<Record<string, number | boolean | string | undefined>>,
): string {
  return Object.entries(values)
    .flatMap(([name, value]) => {
      if (value === undefined) return [];
      return [`${name} ${typeof value === "string" ? JSON.stringify(value) : value}`];
    })
    .join(", ");
}

function shown(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? ["  none"] : lines.map((line) => `  ${line}`);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
