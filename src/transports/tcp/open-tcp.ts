/** Dials over TCP. Names are resolved and families raced by node:net (RFC 8305). */
import { urlHost } from "../address.ts";
import { offerOpened } from "../offer-opened.ts";
import type { Open } from "../transport.ts";
import { dialledAddress, dialOptions } from "./dial-options.ts";
import { applyToSocket } from "./kernel-options.ts";
import type { OpenTcpConfig } from "./tcp-engine.ts";
import { tcpFacts } from "./tcp-facts.ts";

export function openTcp(config: OpenTcpConfig): Open {
  const { host, port, engine } = config;
  if (engine.open !== undefined) return engine.open(config);
  return (handlers) => {
    const socket = engine.dial(dialOptions(config));
    return offerOpened(socket, true, `tcp://${urlHost(host)}:${port}`, handlers, (to) => {
      const applied = applyToSocket(socket, config.kernel, engine.native);
      for (const text of applied.warnings) config.warn(text);
      const facts = tcpFacts(engine, applied.effective, undefined);
      return engine.adoptDialed(socket, facts, dialledAddress(socket, config), to);
    });
  };
}
