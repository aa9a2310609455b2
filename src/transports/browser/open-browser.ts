/**
 * Dials by the platform's own WebSocket.
 *
 * A page is told nothing about why a dial failed, so that it cannot scan its user's network: no
 * status, no certificate, no reason. Easy to break: a server that grants no subprotocol where some
 * are offered is refused by browsers, unlike by others.
 */
import { HoldfastError } from "../../base/errors.ts";
import type { Open, OpenHandlers, Transport } from "../transport.ts";
import { HOLDFAST_PROTOCOL } from "../websocket/subprotocol.ts";
import { BrowserTransport, type BrowserTransportConfig } from "./browser-transport.ts";
import type { PlatformSocket, PlatformSocketClass } from "./web-socket-like.ts";

export interface OpenBrowserConfig extends BrowserTransportConfig {
  readonly WebSocket: PlatformSocketClass;
  readonly url: string;
  /** The url without its secrets, for people. */
  readonly label: string;
  readonly protocols: readonly string[];
}

export function openBrowser(config: OpenBrowserConfig): Open {
  return (handlers) => {
    let ws: PlatformSocket | undefined;
    let isOver = false;
    const end = (): void => {
      isOver = true;
      if (ws === undefined) return;
      ws.onopen = null;
      ws.onclose = null;
    };
    const fail = (error: HoldfastError): void => {
      if (isOver) return;
      end();
      handlers.onFailed(error);
    };
    try {
      ws = new config.WebSocket(config.url, offeredBy(config));
    } catch (error) {
      // Never inside this call. A page over https may not open `ws`, for one.
      const cancel = config.clock.afterTurn(() => fail(refusedUrl(config, error)));
      return () => {
        isOver = true;
        cancel();
      };
    }
    const socket = ws;
    socket.binaryType = "arraybuffer";
    socket.onerror = () => {}; // It says nothing that the close after it does not.
    socket.onopen = () => {
      end();
      offer(config, socket, handlers);
      config.onEvent();
    };
    socket.onclose = ({ code, reason }) => {
      fail(unreachable(config, code, reason));
      config.onEvent();
    };
    return () => {
      if (isOver) return;
      end();
      socket.close();
    };
  };
}

function offer(config: OpenBrowserConfig, socket: PlatformSocket, handlers: OpenHandlers): void {
  let transport: Transport | undefined;
  handlers.onOpened((to) => {
    transport = new BrowserTransport(socket, config, to);
    return transport;
  });
  if (transport === undefined) socket.close();
}

function offeredBy({ speech, protocols }: OpenBrowserConfig): readonly string[] {
  if (speech === "text" || protocols.includes(HOLDFAST_PROTOCOL)) return protocols;
  return [HOLDFAST_PROTOCOL, ...protocols];
}

function refusedUrl({ label }: OpenBrowserConfig, cause: unknown): HoldfastError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new HoldfastError("URL_INVALID", `this page may not open ${label}: ${why}`, { cause });
}

function unreachable({ label }: OpenBrowserConfig, code: number, reason: string): HoldfastError {
  const said = code === 1006 ? "the browser's console may say why" : `${code} ${reason}`;
  return new HoldfastError("DIAL_FAILED", `cannot reach ${label}: ${said}`);
}
