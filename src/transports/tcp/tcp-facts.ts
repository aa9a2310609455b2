/** What all TCP pipes of one listener, or one dialled TCP pipe, have in common. */
import type { Socket } from "node:net";
import type { StreamFacts } from "../stream-transport.ts";
import type { EffectiveKernelOptions } from "../transport.ts";
import { descriptorOf } from "./native-sockopt.ts";
import type { TcpEngineConfig } from "./tcp-engine.ts";
import type { UnackedAnswer } from "./unacked-reader.ts";

export function tcpFacts(
  engine: TcpEngineConfig,
  kernelOptions: EffectiveKernelOptions,
): StreamFacts {
  return {
    kind: "tcp",
    canReset: true,
    overwriteAfterRead: engine.overwriteAfterRead,
    kernelOptions,
    readUnacked: (socket, answer) => readUnacked(engine, socket, answer),
  };
}

function readUnacked(engine: TcpEngineConfig, socket: Socket, answer: UnackedAnswer): void {
  const fd = descriptorOf(socket);
  if (engine.native !== undefined && fd !== undefined) {
    const unackedBytes = engine.native.unackedBytes(fd);
    queueMicrotask(() => answer(unackedBytes));
    return;
  }
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (
    localAddress === undefined ||
    localPort === undefined ||
    remoteAddress === undefined ||
    remotePort === undefined
  ) {
    queueMicrotask(() => answer(undefined));
    return;
  }
  engine.unacked.ask({ localAddress, localPort, remoteAddress, remotePort }, answer);
}
