/** What all Unix pipes have in common: no reset, no kernel options, nothing to acknowledge. */
import { LastBuffer } from "../last-buffer.ts";
import { plainOutputAfter, type StreamFacts, type Upgrade } from "../stream-facts.ts";
import { NO_KERNEL_OPTIONS } from "../no-kernel-options.ts";

export function unixFacts(overwriteAfterRead: boolean, upgrade: Upgrade | undefined): StreamFacts {
  return {
    kind: "unix",
    canReset: false,
    overwriteAfterRead,
    kernelOptions: NO_KERNEL_OPTIONS,
    past: undefined,
    lastBuffer: new LastBuffer(),
    rawOf: (socket) => socket,
    beforeWrite: undefined,
    outputAfter: plainOutputAfter,
    growthFault: undefined,
    faultOf: undefined,
    upgrade,
    readUnacked: (_socket, answer) => queueMicrotask(() => answer(undefined, false)),
  };
}
