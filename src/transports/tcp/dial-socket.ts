/** Dials over TCP for somebody who reads the socket by himself: no engine has a hand in it. */
import { connect } from "node:net";
import { urlHost } from "../address.ts";
import type { DialSocket } from "../dialled-socket.ts";
import { dialFailure } from "../offer-opened.ts";
import { ignore } from "../stream-transport.ts";
import { dialledAddress, dialOptions } from "./dial-options.ts";
import { applyToSocket } from "./kernel-options.ts";
import type { OpenTcpConfig } from "./tcp-engine.ts";
import { tcpFacts } from "./tcp-facts.ts";

export function dialTcpSocket(config: OpenTcpConfig): DialSocket {
  const { host, port, engine, kernel } = config;
  return (handlers) => {
    const socket = connect(dialOptions(config));
    const onError = (error: Error): void => {
      handlers.onFailed(dialFailure(`tcp://${urlHost(host)}:${port}`, error));
    };
    socket.once("error", onError);
    socket.once("connect", () => {
      socket.off("error", onError);
      const applied = applyToSocket(socket, kernel, engine.native);
      for (const text of applied.warnings) config.warn(text);
      const facts = tcpFacts(engine, applied.effective, undefined);
      handlers.onSocket({ socket, facts, remote: dialledAddress(socket, config), tls: undefined });
    });
    return () => {
      socket.off("error", onError);
      socket.on("error", ignore);
      socket.destroy();
    };
  };
}
