/** The first words of both sides: HELLO and WELCOME, and what a mistaken client is told. */
import type { ConnectionConfig, Greeting, WelcomeTerms } from "./config.ts";
import type { Frame } from "../wire/frame.ts";

/** All that a server of ours says to a line client at a port that takes frames only. */
export const WRONG_DIALECT_LINE =
  "holdfast: this port speaks frames; use tcp:// instead of line://";

export function helloFrame(
  { agent, messageBytesMax }: ConnectionConfig,
  { token, previous }: Greeting,
  { intervalMsMin, intervalMsMax }: { intervalMsMin: number; intervalMsMax: number },
  nextMs: number,
): Frame {
  return {
    kind: "hello",
    hello: {
      agent,
      token,
      intervalMsMin,
      intervalMsMax,
      nextMs,
      messageBytesMax,
      previous,
      session: undefined,
    },
  };
}

export function welcomeFrame(
  config: ConnectionConfig,
  id: string,
  secret: string,
  terms: WelcomeTerms,
): Frame {
  const { leaseMsMin, leaseMsMax, timeoutMs, pingIntervalMsMin } = config.liveness;
  return {
    kind: "welcome",
    welcome: {
      id,
      secret,
      epoch: terms.epoch,
      leaseMsMin,
      leaseMsMax,
      timeoutMs,
      pingIntervalMsMin: pingIntervalMsMin === false ? 0 : pingIntervalMsMin,
      messageBytesMax: config.messageBytesMax,
      nextMs: 0,
      reconnectWindowMs: terms.reconnectWindowMs,
      networkKey: terms.networkKey,
      previous: terms.previous,
    },
  };
}
