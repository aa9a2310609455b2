/** Dials over TCP. Names are resolved and families raced by node:net (RFC 8305). */
import { urlHost } from "../address.ts";
import { offerOpened } from "../offer-opened.ts";
import type { Open } from "../transport.ts";
import { dialledAddress, dialOptions } from "./dial-options.ts";
import { applyToSocket } from "./kernel-options.ts";
import { DialledFacts } from "./tcp-facts.ts";
import type { OpenTcpConfig } from "./tcp-engine.ts";

export function openTcp(config: OpenTcpConfig): Open {
  const { host, port, engine, facts = new DialledFacts() } = config;
  if (engine.open !== undefined) return engine.open(config);
  return (handlers) => {
    const socket = engine.dial(dialOptions(config));
    return offerOpened(socket, true, `tcp://${urlHost(host)}:${port}`, handlers, (to) => {
      const applied = applyToSocket(socket, config.kernel, engine.native);
      for (const text of applied.warnings) config.warn(text);
      const shared = facts.of(engine, applied.effective);
      return engine.adoptDialed(socket, shared, dialledAddress(socket, config), to);
    });
  };
}
