/** What a worker process has in common with its primary: one channel for messages. */
import cluster from "node:cluster";
import { readToWorker, type ToPrimary, type ToWorker } from "./messages.ts";

export interface WorkerChannel {
  /** Resolves when the message has left this process, or nobody is there any more. */
  send(message: ToPrimary): Promise<void>;
  onMessage(listener: (message: ToWorker) => void): void;
  /** The primary is gone, or says what no primary says. */
  onEnd(listener: () => void): void;
}

/** Undefined in a process that no primary has started. */
export function processChannel(): WorkerChannel | undefined {
  if (process.send === undefined) return undefined;
  const { worker } = cluster;
  // Or the cluster module would end the process on the spot when its primary dies.
  if (worker !== undefined) worker.exitedAfterDisconnect = true;
  return {
    send: (message) =>
      new Promise((resolve) => {
        if (process.send === undefined || !process.connected) return resolve();
        process.send(message, undefined, {}, () => resolve());
        return undefined;
      }),
    onMessage: (listener) => {
      process.on("message", (value) => {
        const message = readToWorker(value);
        if (message !== undefined) listener(message);
      });
    },
    onEnd: (listener) => void process.once("disconnect", listener),
  };
}
