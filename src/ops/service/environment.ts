/** The variables by which a service manager speaks to a service. */

export const SERVICE_VARIABLES = [
  "LISTEN_FDS",
  "LISTEN_PID",
  "LISTEN_FDNAMES",
  "LISTEN_PIDFDID",
  "NOTIFY_SOCKET",
  "WATCHDOG_USEC",
  "WATCHDOG_PID",
] as const;

export type ServiceEnvironment = {
  readonly [Name in (typeof SERVICE_VARIABLES)[number]]?: string | undefined;
};
