/**
 * What ties `holdfast serve` to a service manager: sockets that it passed, and who is told how the
 * service is.
 *
 * The variables are read once and then unset, before any other process is started: they are for
 * this one alone.
 */
import { readActivation, urlOf } from "../ops/service/activation.ts";
import { SERVICE_VARIABLES, type ServiceEnvironment } from "../ops/service/environment.ts";
import { openServiceManager, type ServiceManager } from "../ops/service/service-manager.ts";
import type { ServiceHealth } from "../ops/service/service-notices.ts";
import type { ServerStats } from "../server/server-stats.ts";
import { SERVE_SETTINGS, type ServeSettings } from "./serve-settings.ts";
import type { Surroundings } from "./surroundings.ts";
import { UsageError } from "./usage-error.ts";

export interface ServiceTies {
  /** With the sockets that were passed. */
  readonly settings: ServeSettings;
  /** What there is to say about them. */
  readonly notes: readonly string[];
  /** Undefined where no manager listens. `tell` gets sentences for people. */
  open(tell: (text: string) => void): Promise<ServiceManager | undefined>;
}

/** @throws UsageError for variables that contradict each other, or the settings. */
export function tieToService(given: ServeSettings, surroundings: Surroundings): ServiceTies {
  const { clock, env, self } = surroundings;
  const names = SERVICE_VARIABLES.filter((name) => env[name] !== undefined);
  const taken: ServiceEnvironment = Object.fromEntries(names.map((name) => [name, env[name]]));
  const path = env["PATH"];
  for (const name of names) self.unsetEnv(name);
  const { settings, notes } = withPassedSockets(given, taken, self.pid);
  return {
    settings,
    notes,
    open: async (tell) => {
      const { pid, monotonicUs } = self;
      const around = { env: taken, path, pid, clock, monotonicUs, tell };
      const manager = await openServiceManager(around);
      if (manager?.by === "koffi") tell("the service manager is told by koffi");
      else if (manager !== undefined) {
        tell("the service manager is told by systemd-notify; the unit needs NotifyAccess=all");
      }
      return manager;
    },
  };
}

/** For a server, or for all workers together. */
export function healthOf({ open, accepted }: ServerStats, lateMs: number): ServiceHealth {
  return { lateMs, status: `${open} open, ${accepted} let in since the start` };
}

function withPassedSockets(
  settings: ServeSettings,
  env: ServiceEnvironment,
  pid: number,
): Pick<ServiceTies, "settings" | "notes"> {
  const activation = readActivation(env, pid);
  switch (activation.kind) {
    case "none":
      return { settings, notes: [] };
    case "foreign":
      return { settings, notes: [activation.text] };
    case "wrong":
      throw new UsageError(activation.text);
    case "sockets": {
      if (settings.workers !== undefined) {
        throw new UsageError(
          "--workers: expected no socket of the service manager, which several processes cannot " +
            "share, got LISTEN_FDS; leave out --workers, or the .socket unit",
        );
      }
      const { sockets } = activation;
      const urls = sockets.map(urlOf);
      const named = sockets.map(
        (socket) => `${urlOf(socket)} (${socket.name === "" ? "no name" : socket.name})`,
      );
      // Whoever names addresses wants those, too; the default is for those who name none.
      const isDefault = settings.listen === SERVE_SETTINGS.listen.fallback;
      const listen = isDefault ? urls : [...urls, ...settings.listen];
      const note = `the service manager has passed ${named.join(", ")}`;
      return { settings: { ...settings, listen }, notes: [note] };
    }
    default:
      return activation satisfies never;
  }
}
