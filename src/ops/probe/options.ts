/** What users may say about a probe, and what follows from it. */
import { OptionReader } from "../../base/options.ts";
import {
  readTlsClient,
  type TlsClientConfig,
  type TlsClientOptions,
} from "../../transports/tls/tls-client-options.ts";

export interface ProbeOptions {
  /** The shortest silence tried, in ms, 100 to 3,600,000. Default 5,000. */
  readonly minMs?: number | undefined;
  /**
   * The longest silence tried, in ms, 1,000 to 86,400,000. Default 1,200,000: beyond the timeouts
   * of nearly all NATs and load balancers, and as long as a person waits for a report.
   */
  readonly maxMs?: number | undefined;
  /** "none": the server answers nothing, so only resets and closes can be seen. */
  readonly expect?: "pong" | "none" | undefined;
  /**
   * How long an answer may take before its connection counts as dead, in ms, 50 to 60,000. Default
   * `false`: measured, three probe timeouts within 5 s and 15 s.
   */
  readonly answerWithinMs?: number | false | undefined;
  /** With `expect: "none"`: a line to write after the silence, so that the path has to answer. */
  readonly send?: string | undefined;
  /** What a server with authentication asks for. */
  readonly token?: string | undefined;
  /**
   * How many connections at once, 8 to 1,000. Default 130: enough for steps of 5 % up to hours,
   * and no firewall's idea of an attack.
   */
  readonly connectionsMax?: number | undefined;
  /** For `tls` urls: whom to trust, and who we are. */
  readonly tls?: TlsClientOptions | undefined;
  /** Ends the probe; the report then holds what is known so far. */
  readonly signal?: AbortSignal | undefined;
}

export interface ProbeConfig {
  readonly minMs: number;
  readonly maxMs: number;
  readonly expect: "pong" | "none";
  readonly answerWithinMs: number | false;
  readonly send: string | undefined;
  readonly token: string | undefined;
  readonly connectionsMax: number;
  readonly tls: TlsClientConfig;
}

/** @throws HoldfastError `OPTION_INVALID`, naming the option, its range and what came. */
export function resolveProbe(options: ProbeOptions): ProbeConfig {
  const reader = new OptionReader("probe", options);
  const maxMs = reader.integer("maxMs", { default: 1_200_000, min: 1_000, max: 86_400_000 });
  const minDefault = Math.min(5_000, Math.floor(maxMs / 2));
  const minMs = reader.integer("minMs", { default: minDefault, min: 100, max: 3_600_000 });
  if (minMs >= maxMs)
    throw reader.refuse(`\`minMs\` (${minMs}) must be below \`maxMs\` (${maxMs})`);
  const expect = reader.oneOf("expect", ["pong", "none"], "pong");
  const answerRange = { default: false as const, min: 50, max: 60_000 };
  const answerWithinMs = reader.integerOrFalse("answerWithinMs", answerRange);
  const send = reader.value("send") === undefined ? undefined : reader.text("send", "");
  if (send !== undefined && expect === "pong") {
    throw reader.refuse('`send` needs `expect: "none"`: a server that answers pings is sent pings');
  }
  const token = reader.value("token") === undefined ? undefined : reader.text("token", "");
  const connectionsMax = reader.integer("connectionsMax", { default: 130, min: 8, max: 1_000 });
  const tls = readTlsClient("probe.tls", reader.value("tls"));
  reader.value("signal");
  reader.done();
  return { minMs, maxMs, expect, answerWithinMs, send, token, connectionsMax, tls };
}
