/**
 * Faults of processes and of the machines that they run on.
 *
 * A host has one of them at a time: a frozen process cannot crash in its sleep, and what comes in
 * between is dropped.
 */
import { type BeginFault, ending, type FaultSite, numberOf } from "./fault-site.ts";
import type { PlannedEvent } from "./plan.ts";
import type { FaultKind } from "./sim-event.ts";
import type { SimProcess } from "./sim-process.ts";

type MachineFault = Extract<
  FaultKind,
  | "stall"
  | "late-alarms"
  | "freeze"
  | "suspend"
  | "wall-step"
  | "process-crash"
  | "host-crash"
  | "vanish"
>;

export const MACHINE_FAULTS: Readonly<Record<MachineFault, BeginFault>> = {
  stall: (site, event) =>
    withProcess(site, event, (process) => {
      process.stall(event.durationMs);
      return () => {};
    }),
  "late-alarms": (site, { hosts, parameters }) => {
    const process = site.host(hosts[0] ?? "").process;
    if (process === undefined) return undefined;
    process.setAlarmLateness(numberOf(parameters, "lateMsMax", 300));
    return ending(() => process.setAlarmLateness(0));
  },
  freeze: (site, event) =>
    withProcess(site, event, (process) => {
      process.freeze();
      return () => process.thaw();
    }),
  suspend: (site, event) =>
    withProcess(site, event, () => {
      const host = site.host(event.hosts[0] ?? "");
      host.suspend(event.durationMs, event.parameters["runsOn"] === true);
      return () => {};
    }),
  "wall-step": (site, { hosts, parameters }) => {
    const process = site.host(hosts[0] ?? "").process;
    process?.stepWall(numberOf(parameters, "byMs", 1_000));
    return process === undefined ? undefined : ending();
  },
  "process-crash": (site, event) =>
    withProcess(site, event, () => {
      const [name = ""] = event.hosts;
      site.host(name).crashProcess();
      site.lose(name);
      return () => site.start(name);
    }),
  "host-crash": (site, event) =>
    withProcess(site, event, () => {
      const [name = ""] = event.hosts;
      const host = site.host(name);
      host.powerOff();
      site.lose(name);
      return () => {
        host.powerOn();
        site.start(name);
      };
    }),
  vanish: (site, event) =>
    withProcess(site, event, () => {
      const [name = ""] = event.hosts;
      site.host(name).powerOff();
      site.lose(name);
      site.bury(name);
      return undefined;
    }),
};

/** `begin` returns what undoes it; undefined for what is never undone, and keeps the host. */
function withProcess(
  site: FaultSite,
  event: PlannedEvent,
  begin: (process: SimProcess) => (() => void) | undefined,
): ReturnType<BeginFault> {
  const [name = ""] = event.hosts;
  const process = site.host(name).process;
  if (process === undefined) return undefined;
  const giveBack = site.take(name);
  if (giveBack === undefined) return undefined;
  const undo = begin(process);
  if (undo === undefined) return ending();
  return ending(undo, giveBack);
}
