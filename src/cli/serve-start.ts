/** The first and the last words of `holdfast serve`, by one process or by many. */
import { isHoldfastError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import type { ListenerKernelOptions } from "../server/server.ts";
import type { ServerStats } from "../server/server-stats.ts";
import type { CertificateInForce } from "../transports/tls/certificates-in-force.ts";
import { jsonLine } from "./json-line.ts";
import { kernelText } from "./kernel-lines.ts";
import type { Outlet } from "./outlet.ts";
import { certificateText, startLines, summaryLines } from "./serve-lines.ts";
import type { ServeSettings } from "./serve-settings.ts";
import type { Surroundings } from "./surroundings.ts";
import { CommandFailure } from "./usage-error.ts";

export interface Started {
  readonly urls: readonly string[];
  readonly kernel: readonly ListenerKernelOptions[];
  readonly certificates: readonly CertificateInForce[];
  /** The processes that serve, if there are several. */
  readonly workers?: readonly { readonly id: number; readonly pid: number | undefined }[];
}

export function tellStart(
  started: Started,
  settings: ServeSettings,
  { env, clock }: Surroundings,
  stdout: Outlet,
): void {
  const { urls, kernel, certificates, workers } = started;
  if (settings.json) {
    const time = new Date(clock.wallNow()).toISOString();
    const isTls = certificates.length > 0;
    const tls = isTls ? { certificates } : {};
    const processes = workers === undefined ? {} : { workers };
    stdout.line(jsonLine({ time, event: "listening", urls, kernel, ...tls, ...processes }));
    return;
  }
  const program = env["npm_lifecycle_event"] === undefined ? "holdfast" : "npx holdfast";
  for (const line of startLines(urls, settings, program)) stdout.line(line);
  for (const certificate of certificates) {
    const host = certificate.host === undefined ? "" : `${certificate.host}: `;
    stdout.line(`certificate: ${host}${certificateText(certificate, clock.wallNow())}`);
  }
  for (const options of kernel) {
    if (/^(?:(?:tcp\+)?t(?:cp|ls)|wss?):/.test(options.url)) {
      stdout.line(`kernel:      ${kernelText(options)}`);
    }
  }
  if (workers === undefined) return;
  const names = workers.map(({ id, pid }) => `w${id} (pid ${pid})`);
  stdout.line(`workers:     ${names.join(", ")}`);
}

export function tellSummary(
  stats: ServerStats,
  startedAtWallMs: number,
  { json }: ServeSettings,
  { clock }: Surroundings,
  stdout: Outlet,
): void {
  const now = clock.wallNow();
  const uptimeMs = now - startedAtWallMs;
  if (json) {
    const time = new Date(now).toISOString();
    stdout.line(jsonLine({ time, event: "summary", uptimeMs, ...stats }));
    return;
  }
  for (const line of summaryLines(stats, uptimeMs)) stdout.line(line);
}

/** What to throw when it could not listen: the same, in terms of flags. */
export function startFailure(error: unknown): unknown {
  if (!isHoldfastError(error) || error.code !== "LISTEN_FAILED") return error;
  const sentence = printable(error.message);
  const advice = "choose another address";
  const isPlace = sentence.startsWith("cannot listen on");
  const told = sentence.includes(advice) || !isPlace ? sentence : `${sentence}; ${advice}`;
  return new CommandFailure(told.replace(advice, `${advice} with --listen`), { cause: error });
}
