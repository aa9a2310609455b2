/** The WebSocket of a browser over any pipe for bytes: that of the simulator, unwatched. */
import type { Instant } from "../../src/base/time.ts";
import type { WebSocketClass } from "../../src/page/web-socket-like.ts";
import { type BrowserWatch, SimWebSocket } from "../../src/simulation/sim-web-socket.ts";
import type { Open } from "../../src/transports/transport.ts";

/** That the other side never closes is not waited for. */
const NO_CLOCK = { now: () => 0 as Instant, wakeAt: () => () => {} };

const UNWATCHED: BrowserWatch = {
  onOpened: () => {},
  onSend: () => {},
  onHand: () => {},
  onClosing: () => {},
};

/** `openOf`: how to dial a url. */
export function pretendedWebSocket(openOf: (url: string) => Open): WebSocketClass {
  return class extends SimWebSocket {
    constructor(url: string, protocols: readonly string[]) {
      super(openOf(url), protocols.includes("holdfast.1"), NO_CLOCK, UNWATCHED);
    }
  };
}
