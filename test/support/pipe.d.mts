/** The types of pipe.mjs, for the tests and programs that are written in TypeScript. */
import type { Server, Socket } from "node:net";
import type { Dialect, Way } from "./way.ts";

export interface PipeListeners {
  readonly onOpen?: () => void;
  readonly onBytes?: (bytes: Buffer) => void;
  /** Of WebSocket itself. */
  readonly onPong?: () => void;
  readonly onClosed?: () => void;
}

export class Pipe {
  readonly socket: Socket;
  readonly isOpen: boolean;
  write(bytes: Uint8Array | string): void;
  end(): void;
}

export function openSocket(way: Way, options?: object): Socket;

export function openPipe(way: Way, dialect: Dialect, on?: PipeListeners, options?: object): Pipe;

export function listenPipe(
  way: Way,
  dialect: Dialect,
  onPipe: (pipe: Pipe) => PipeListeners | undefined,
  options?: object,
): Promise<{ readonly server: Server; readonly port: number }>;
