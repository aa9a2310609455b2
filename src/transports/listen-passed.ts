/** Listens on a socket that somebody else has bound and passed to this process. */
import { HoldfastError } from "../base/errors.ts";
import { lookAtDescriptor } from "./passed-socket.ts";
import { listenTcp } from "./tcp/listen-tcp.ts";
import type { ListenTcpConfig } from "./tcp/tcp-engine.ts";
import type { Listen } from "./transport.ts";
import { listenUnix, type ListenUnixConfig } from "./unix/listen-unix.ts";

export interface ListenPassedConfig {
  readonly fd: number;
  readonly tcp: Omit<ListenTcpConfig, "host" | "port" | "passedFd">;
  readonly unix: Omit<ListenUnixConfig, "path" | "mode" | "passedFd">;
}

/**
 * Whether it is TCP or a Unix socket the descriptor tells. Who may connect to a Unix socket has
 * been decided by whoever made it, and its path stays when the listener closes.
 */
export function listenPassed({ fd, tcp, unix }: ListenPassedConfig): Listen {
  return async (handlers) => {
    const passed = lookAtDescriptor(fd);
    if (passed.kind === "tcp") {
      return await listenTcp({ ...tcp, host: "", port: 0, passedFd: fd })(handlers);
    }
    if (tcp.kind !== "tcp") {
      const why = "it is a Unix socket, over which TLS is not served";
      throw new HoldfastError("LISTEN_FAILED", `cannot listen on ${tcp.kind}+fd:${fd}: ${why}`);
    }
    return await listenUnix({ ...unix, path: passed.path, mode: 0, passedFd: fd })(handlers);
  };
}
