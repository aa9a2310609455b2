/** Makes the fault that a codec returns. The detail is ours alone: no text of a peer, no token. */
import type { WireFault, WireFaultCode } from "./frame.ts";

export function wireFault(code: WireFaultCode, detail: string): WireFault {
  return { kind: "fault", code, detail };
}
