/** What all Unix pipes have in common: no reset, no kernel options, nothing to acknowledge. */
import { LastBuffer } from "../last-buffer.ts";
import { plainOutputAfter, type StreamFacts } from "../stream-transport.ts";
import { NO_KERNEL_OPTIONS } from "../no-kernel-options.ts";

export function unixFacts(overwriteAfterRead: boolean): StreamFacts {
  return {
    kind: "unix",
    canReset: false,
    overwriteAfterRead,
    kernelOptions: NO_KERNEL_OPTIONS,
    lastBuffer: new LastBuffer(),
    rawOf: (socket) => socket,
    outputAfter: plainOutputAfter,
    upgrade: undefined,
    readUnacked: (_socket, answer) => queueMicrotask(() => answer(undefined, false)),
  };
}
